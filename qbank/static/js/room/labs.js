// Laboratory reference ranges: the search and the choice of a specimen. The rows are the page's own.

/** Bind one table of ranges. */
export function bindLabs(root) {
  const search = root.querySelector("[data-labs-search]");
  const groups = [...root.querySelectorAll("[data-labs-of]")];
  const choices = [...root.querySelectorAll("[data-labs-only]")];
  const found = root.querySelector("[data-labs-found]");
  let only = "";

  const show = () => {
    const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const group of groups) {
      let some = 0;
      for (const row of group.querySelectorAll("[data-words]")) {
        row.hidden = !wanted.every((word) => row.dataset.words.includes(word));
        if (!row.hidden) some += 1;
      }
      group.hidden = some === 0 || (only !== "" && group.dataset.labsOf !== only);
      if (!group.hidden) count += some;
    }
    found.textContent = wanted.length || only ? `${count} ${count === 1 ? "value" : "values"}` : "";
  };
  search.addEventListener("input", show);
  for (const choice of choices) {
    choice.addEventListener("click", () => {
      only = choice.dataset.labsOnly;
      for (const other of choices) other.setAttribute("aria-pressed", String(other === choice));
      show();
    });
  }
}

/** Put the table into the room's panel when it is first opened. */
export async function loadLabs(panel) {
  const place = panel.querySelector("[data-labs-place]");
  if (place.dataset.state === "here" || place.dataset.state === "coming") return;
  place.dataset.state = "coming";
  try {
    const response = await fetch(place.dataset.url, { redirect: "error", signal: AbortSignal.timeout(15000) });
    if (!response.ok) throw new Error(String(response.status));
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    place.replaceChildren(page.querySelector("[data-labs]"));
    place.dataset.state = "here";
    bindLabs(place);
    if (panel.contains(document.activeElement)) place.querySelector("[data-labs-search]").focus();
  } catch {
    place.dataset.state = "failed";
    place.textContent = "The values could not be loaded. Close this panel and open it again.";
  }
}

for (const root of document.querySelectorAll("[data-labs]")) bindLabs(root);
