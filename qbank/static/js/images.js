// Adding an image at the desk: it goes where the cursor was. Without this script the form itself brings it.

const pane = document.querySelector("[data-add-image]");
const form = pane?.closest("form");
const file = form?.elements.image;
const alt = form?.elements.image_alt;
const into = form?.elements.image_into;
const errors = pane?.querySelector("[data-image-errors]");
const visited = new Set(); // texts in which the cursor has been
const state = pane?.querySelector("[data-image-state]");

function say(text, wrong = false) {
  errors.hidden = !wrong;
  errors.textContent = wrong ? text : "";
  state.textContent = wrong ? "" : text;
}

const MARKS = /(\s*\[@[^\]\s]+\])+\s*$/; // the statements that a text rests on stay at its end

// The image stands by itself: an empty line before it and behind it, where there is text.
function insert(field, markdown) {
  const cursor = visited.has(field) ? field.selectionEnd : Infinity;
  const place = Math.min(cursor, field.value.replace(MARKS, "").length);
  const before = field.value.slice(0, place).trimEnd();
  const behind = field.value.slice(place).trimStart();
  field.value = [before, markdown, behind].filter(Boolean).join("\n\n");
  const at = before.length + (before ? 2 : 0) + markdown.length;
  field.setSelectionRange(at, at);
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
}

async function add(button) {
  const body = new FormData();
  body.append("csrf_token", form.elements.csrf_token.value);
  body.append("image_alt", alt.value);
  if (file.files[0]) body.append("image", file.files[0]);
  button.disabled = true;
  say("Adding the image …");
  try {
    const response = await fetch(pane.dataset.addImage, { method: "POST", body, headers: { Accept: "application/json" } });
    const answer = await response.json();
    if (!response.ok) {
      say(Object.values(answer.problems ?? {}).join(" ") || answer.cause || answer.error || "The image was not added.", true);
      (answer.problems?.image ? file : alt).focus();
      return;
    }
    const field = form.elements[into.value];
    file.value = alt.value = "";
    say(`Added to: ${into.selectedOptions[0].textContent}.`);
    insert(field, answer.markdown);
  } catch {
    say("The image could not be sent. Nothing was changed; try again.", true);
  } finally {
    button.disabled = false;
  }
}

if (pane) {
  const texts = new Set([...into.options].map((option) => option.value));
  form.addEventListener("focusin", ({ target }) => {
    if (!texts.has(target.name)) return;
    into.value = target.name; // it goes where the cursor is
    visited.add(target);
  });
  state.textContent = "It is put where the cursor was last, and can be moved.";
  pane.querySelector("[name=add_image]").addEventListener("click", (event) => {
    event.preventDefault();
    add(event.currentTarget);
  });
}
