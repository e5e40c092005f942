// A form that takes a while says so: <form data-progress="Reading …"> with a [data-progress-text] live region in it.

const form = document.querySelector("form[data-progress]");
const button = form?.querySelector("button[type=submit]");
const text = form?.querySelector("[data-progress-text]");

form?.addEventListener("submit", () => {
  button.disabled = true;
  form.setAttribute("aria-busy", "true");
  text.textContent = form.dataset.progress;
});

// The browser's Back shows the page as it was left.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted || !form) return;
  button.disabled = false;
  form.removeAttribute("aria-busy");
  text.textContent = "";
});
