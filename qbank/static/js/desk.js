// The drafting desk: the classification chosen for one draft is offered for the next.

const KEY = "qbank-classification:" + location.pathname;
const forms = [...document.querySelectorAll("[data-keep-classification]")];

function remembered() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? "{}");
  } catch {
    return {};
  }
}

for (const form of forms) {
  for (const [name, value] of Object.entries(remembered())) {
    const select = form.elements.namedItem(name);
    if (select instanceof HTMLSelectElement) select.value = value;
  }
  form.addEventListener("change", () => {
    const kept = Object.fromEntries([...form.querySelectorAll("select")].map((select) => [select.name, select.value]));
    sessionStorage.setItem(KEY, JSON.stringify(kept));
  });
}
