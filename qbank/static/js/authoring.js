// The authoring desk: checks and preview follow the text; leaving with unsaved text asks first.

const form = document.querySelector("[data-authoring]");
const findings = document.querySelector("[data-findings]");
const preview = document.querySelector("[data-preview]");
const saved = document.querySelector("[data-save-state]");
const PAUSE = 400;

let waiting = null;
let asked = 0;
let dirty = false;

function changed() {
  dirty = true;
  saved.textContent = "Not saved yet";
}

// Reasons for dismissing a warning stand among the findings: they outlive a redrawing.
function reasons() {
  const fields = [...findings.querySelectorAll("input[name]")];
  return { values: new Map(fields.map((field) => [field.name, field.value])), at: document.activeElement?.name };
}

function giveBack({ values, at }) {
  for (const field of findings.querySelectorAll("input[name]")) {
    field.value = values.get(field.name) || field.value;
    if (field.value || field.name === at) field.closest("details").open = true;
    if (field.name === at) field.focus();
  }
}

async function check() {
  const mine = ++asked;
  const body = new FormData(form);
  body.delete("image"); // the checks look at texts
  try {
    const response = await fetch(form.dataset.authoring, {
      method: "POST",
      body,
      headers: { Accept: "application/json" },
    });
    if (!response.ok || mine !== asked) return;
    const answer = await response.json();
    if (findings.dataset.last !== answer.findings) {
      findings.dataset.last = answer.findings;
      const typed = reasons();
      findings.innerHTML = answer.findings; // rendered and escaped by the server
      giveBack(typed);
    }
    preview.innerHTML = answer.preview;
  } catch {
    // Offline: the checks wait for the next pause; the text is in the form.
  }
}

function later() {
  clearTimeout(waiting);
  waiting = setTimeout(check, PAUSE);
}

if (form) {
  form.addEventListener("input", () => {
    changed();
    later();
  });
  form.addEventListener("submit", () => {
    dirty = false;
  });
  window.addEventListener("beforeunload", (event) => {
    if (dirty) event.preventDefault();
  });
  const pick = form.querySelector("[name=article_pick]");
  const article = form.querySelector("[name=article]");
  pick?.addEventListener("change", () => {
    article.value = pick.value;
  });
  if ("unsaved" in form.dataset) changed(); // the page came back with text that no version holds
  check();
}
