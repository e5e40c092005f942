// <button type="button" data-copy="id" hidden> copies the text of #id, or the value of an input, and says so.
// The button is shown only where the browser lets a page write to the clipboard; the text can be selected anyway.

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  const word = button.querySelector("[data-copy-word]") ?? button;
  const usual = word.textContent;
  const status = document.createElement("span");
  status.className = "vh";
  status.setAttribute("role", "status");
  button.after(status);
  button.hidden = false;
  let timer;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    clearTimeout(timer);
    try {
      await navigator.clipboard.writeText((source.value ?? source.textContent).trim());
      word.textContent = status.textContent = "Copied";
    } catch {
      word.textContent = status.textContent = "Not copied";
    }
    timer = setTimeout(() => {
      word.textContent = usual;
      status.textContent = "";
    }, 2500);
  });
}
