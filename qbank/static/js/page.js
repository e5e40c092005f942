// Small services that any page may use: dialogs, the error summary, times in the reader's own zone.

// <button type="button" data-dialog-open="id"> opens <dialog id="id">; [data-dialog-close] inside closes it.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog-open]");
  if (opener) document.getElementById(opener.dataset.dialogOpen)?.showModal();
  event.target.closest("[data-dialog-close]")?.closest("dialog")?.close();
});

// After a refused form the summary gets the focus, so that it is read and its links are next.
document.querySelector("[data-error-summary]")?.focus();

// A table in running text scrolls in its own box where the page is narrow; the keyboard must reach it then.
// The window may become narrow later: a telephone is turned, the text is made larger.
const reach = new ResizeObserver((changes) => {
  for (const { target: table } of changes) {
    if (table.scrollWidth > table.clientWidth) table.tabIndex = 0;
    else table.removeAttribute("tabindex");
  }
});
for (const table of document.querySelectorAll(".prose table")) reach.observe(table);

// <time datetime="..." data-local> is written in UTC by the server; the title keeps that text. The form stays the
// server's ("14 May 2026, 08:03"), so that days with and without an hour look alike in every browser.
const format = new Intl.DateTimeFormat("en", {
  day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
});
const written = (moment) => {
  const part = Object.fromEntries(format.formatToParts(moment).map(({ type, value }) => [type, value]));
  return `${part.day} ${part.month} ${part.year}, ${part.hour}:${part.minute}`;
};
for (const time of document.querySelectorAll("time[data-local]")) {
  const moment = new Date(time.dateTime);
  if (Number.isNaN(moment.valueOf())) continue;
  time.title = time.textContent;
  time.textContent = written(moment);
}
