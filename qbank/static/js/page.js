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
for (const table of document.querySelectorAll(".prose table")) {
  if (table.scrollWidth > table.clientWidth) table.tabIndex = 0;
}

// <time datetime="..." data-local> is written in UTC by the server; the title keeps that text.
const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
for (const time of document.querySelectorAll("time[data-local]")) {
  const moment = new Date(time.dateTime);
  if (Number.isNaN(moment.valueOf())) continue;
  time.title = time.textContent;
  time.textContent = format.format(moment);
}
