// Highlighted spans of a text, [start, end] in characters: the same rules as the server's. Pure.

/** Read "3-10 20-31". */
export function parse(text) {
  return text.split(" ").filter(Boolean).map((part) => part.split("-").map(Number));
}

/** The spans with a new one; what overlaps or touches it becomes one with it. */
export function add(spans, [start, end]) {
  const apart = [];
  for (const span of spans) {
    if (span[1] < start || span[0] > end) apart.push(span);
    else [start, end] = [Math.min(start, span[0]), Math.max(end, span[1])];
  }
  return [...apart, [start, end]].sort((one, other) => one[0] - other[0]);
}

/** The spans without these characters. */
export function remove(spans, [start, end]) {
  return spans
    .flatMap((span) => [[span[0], Math.min(span[1], start)], [Math.max(span[0], end), span[1]]])
    .filter((span) => span[0] < span[1])
    .sort((one, other) => one[0] - other[0]);
}

/** Whether every one of these characters is highlighted. */
export function covers(spans, [start, end]) {
  return spans.some((span) => span[0] <= start && span[1] >= end);
}

/** The spans of a field after a stroke {start, end, on}. */
export function drawn(spans, { start, end, on }) {
  return (on ? add : remove)(spans, [start, end]);
}
