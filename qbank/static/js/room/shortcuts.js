// Keys of the room. They can be switched off (single letters get in the way of speech input), and never act while
// somebody types, holds a modifier, or has a dialog open.

const OFF_KEY = "qbank.shortcuts.off";

export function typing(target) {
  return target instanceof HTMLElement
    && (target.isContentEditable || target.matches("textarea, select, input:not([type=radio], [type=checkbox])"));
}

export function shortcutsOff() {
  try {
    return localStorage.getItem(OFF_KEY) === "yes";
  } catch {
    return false;
  }
}

/** Tie the check box of the help sheet to the setting. */
export function bindSwitch(box) {
  box.checked = !shortcutsOff();
  box.addEventListener("change", () => {
    try {
      localStorage.setItem(OFF_KEY, box.checked ? "no" : "yes");
    } catch {
      // stays on for this page
    }
  });
}

/**
 * @param letters the options' letters, which win over every other key
 * @param actions {{choose, strike: (letter) => void, mark, submit, next, previous, review, clear, help, highlight, labs,
 *   calculator, view, time: () => void, confide: (place) => void}} what has no action here does nothing
 */
export function listen(letters, actions) {
  const named = {
    m: actions.mark, n: actions.next, p: actions.previous, s: actions.submit,
    r: actions.review, 0: actions.clear, "?": actions.help, h: actions.highlight, l: actions.labs,
    k: actions.calculator, v: actions.view, t: actions.time,
    ...Object.fromEntries([1, 2, 3, 4].map((place) => [place, actions.confide && (() => actions.confide(place))])),
  };
  document.addEventListener("keydown", (event) => {
    const held = event.ctrlKey || event.altKey || event.metaKey || event.isComposing;
    if (held || event.repeat || typing(event.target) || document.querySelector("dialog[open]")) return;
    if (shortcutsOff() && event.key !== "?") return;
    const letter = event.key.toUpperCase();
    let act = named[event.key.toLowerCase()];
    if (letters.includes(letter)) act = () => (event.shiftKey ? actions.strike : actions.choose)(letter);
    if (!act) return;
    event.preventDefault();
    act();
  });
}
