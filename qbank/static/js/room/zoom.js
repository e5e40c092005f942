// Images of the question, larger: each gets a button around it that opens a dialog.

const STEPS = [100, 150, 200, 300, 400]; // per cent of the dialog's width

export function bindZoom(fields, dialog) {
  const image = dialog.querySelector("[data-zoom-image]");
  const said = dialog.querySelector("[data-zoom-said]");
  let step = 0;
  const show = () => {
    image.style.width = `${STEPS[step]}%`;
    said.textContent = `${STEPS[step]} %`;
  };
  for (const small of fields.flatMap((field) => [...field.querySelectorAll("img")])) {
    const button = document.createElement("button"); // no text in it: the offsets of highlights stay right
    button.type = "button";
    button.className = "zoom";
    button.setAttribute("aria-label", `Enlarge the image${small.alt ? `: ${small.alt}` : ""}`);
    small.replaceWith(button);
    button.append(small);
    button.addEventListener("click", () => {
      image.src = small.src;
      image.alt = small.alt;
      step = 0;
      show();
      dialog.showModal();
    });
  }
  dialog.addEventListener("click", ({ target }) => {
    const by = Number(target.closest("[data-zoom-by]")?.dataset.zoomBy ?? 0);
    step = Math.max(0, Math.min(STEPS.length - 1, step + by));
    if (by) show();
  });
}
