// Between offsets and the page: drawing highlights as mark elements, and reading a selection as offsets.
//
// Offsets count characters (code points) of an element's text content, as the server counts them. Marks are put
// around text only, so they never change that text.

const SURROGATE = /[\ud800-\udfff]/;

/** How many characters a string has. */
export function characters(text) {
  return SURROGATE.test(text) ? [...text].length : text.length;
}

/** Where, in the string, the character with this number begins. */
function unit(text, index) {
  return SURROGATE.test(text) ? [...text].slice(0, index).join("").length : index;
}

function texts(field) {
  const walker = document.createTreeWalker(field, NodeFilter.SHOW_TEXT);
  const found = [];
  let place = 0;
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const length = characters(node.data);
    found.push({ node, start: place, end: place + length });
    place += length;
  }
  return found;
}

function plain(field) {
  for (const mark of field.querySelectorAll("mark.highlight")) mark.replaceWith(...mark.childNodes);
  field.normalize();
}

/** Show these spans, and no others, as highlighted. */
export function draw(field, spans) {
  plain(field);
  for (const { node, start, end } of texts(field)) {
    if (!node.data.trim()) continue; // between elements: a mark there would break lists and tables
    // from the last to the first, so that the offsets of those still to come stay right
    for (const span of spans.filter((one) => one[0] < end && one[1] > start).reverse()) {
      const from = unit(node.data, Math.max(0, span[0] - start));
      const to = unit(node.data, Math.min(end, span[1]) - start);
      const mark = document.createElement("mark");
      mark.className = "highlight";
      mark.dataset.span = span.join("-");
      const inner = node.splitText(from);
      inner.splitText(to - from);
      inner.replaceWith(mark);
      mark.append(inner);
    }
  }
}

/** The part of a range that lies in the field, as [start, end] without white space at its ends; null for none. */
export function spanOf(field, range) {
  if (range.collapsed || !range.intersectsNode(field)) return null;
  const inside = range.cloneRange();
  if (!field.contains(range.startContainer)) inside.setStart(field, 0);
  if (!field.contains(range.endContainer)) inside.setEnd(field, field.childNodes.length);
  const before = document.createRange();
  before.selectNodeContents(field);
  before.setEnd(inside.startContainer, inside.startOffset);
  const text = inside.toString();
  const start = characters(before.toString()) + characters(text) - characters(text.trimStart());
  const length = characters(text.trim());
  return length > 0 ? [start, start + length] : null;
}

/** The range of these characters of the field. */
export function rangeOf(field, [start, end]) {
  const range = document.createRange();
  range.selectNodeContents(field);
  for (const text of texts(field)) {
    if (text.start <= start && start < text.end) range.setStart(text.node, unit(text.node.data, start - text.start));
    if (text.start < end && end <= text.end) range.setEnd(text.node, unit(text.node.data, end - text.start));
  }
  return range;
}

/** The words of the field: [{start, end, stop}], `stop` where a sentence ends with the word. */
export function words(field) {
  const text = field.textContent;
  return [...text.matchAll(/\S+/gu)].map((found) => {
    const start = characters(text.slice(0, found.index));
    return { field, start, end: start + characters(found[0]), stop: /[.?!:]["')\]]*$/.test(found[0]) };
  });
}
