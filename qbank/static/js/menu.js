// Menus: the folded navigation on phones, and <details data-menu> that close on Escape, a click elsewhere, or
// when the focus leaves. Both work without this script, they only stay open.

function foldNavigation(toggle) {
  const nav = document.getElementById(toggle.getAttribute("aria-controls"));
  const set = (open) => {
    toggle.setAttribute("aria-expanded", String(open));
    nav.toggleAttribute("data-open", open);
  };
  toggle.addEventListener("click", () => set(!nav.hasAttribute("data-open")));
  nav.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !nav.hasAttribute("data-open")) return;
    set(false);
    toggle.focus();
  });
}

function closeByItself(menu) {
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
  });
  document.addEventListener("pointerdown", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
}

document.querySelectorAll("[data-nav-toggle]").forEach(foldNavigation);
document.querySelectorAll("details[data-menu]").forEach(closeByItself);
