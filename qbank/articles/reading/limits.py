"""How large an article may be. Each limit is far above any real article and keeps time and memory bounded."""

from __future__ import annotations

MAX_BYTES = 5_000_000  # also the limit in characters for text that arrives as text
MAX_BLOCKS = 50_000  # paragraphs, bullets, headings and table rows together
MAX_FRONT_MATTER = 20_000  # characters between the --- lines
MAX_DEPTH = 200  # open HTML elements; deeper ones are read as if they stood beside one another
MAX_RANGE = 50  # numbers that one marker such as [1-9] may stand for
