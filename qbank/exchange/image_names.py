"""How the texts of a record name their images: an address in the bank, a file's name outside. Pure.

In the bank ``![what it shows](/media/<hash>)``; in files ``![what it shows](<name>)``, the names being listed in
`ItemRecord.media` too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from urllib.parse import unquote

from qbank.items.record import ItemRecord, OptionRecord

ADDRESS = "/media/"
# An inline image: its alternative text (brackets one deep), then the address, then perhaps a title.
_IMAGE = re.compile(
    r"(!\[(?:[^\[\]\\]|\\.|\[[^\[\]\\]{0,200}\]){0,2000}\]\()\s{0,9}"
    r"(?:<([^<>\n]{1,500})>|([^\s<>()]{1,500}))"
    r"((?:\s{1,9}(?:\"[^\"\n]{0,500}\"|'[^'\n]{0,500}'))?\s{0,9}\))"
)
_KEPT = re.compile(ADDRESS + r"([0-9a-f]{64})\Z")
_FILE = re.compile(r"([0-9a-f]{64})\.(?:png|jpg|webp)\Z")


def addresses(record: ItemRecord) -> list[str]:
    """Return the address of every image that the texts of a record show, each once, in order."""
    found = (match[2] or match[3] for text in record.texts() if "![" in text for match in _IMAGE.finditer(text))
    return list(dict.fromkeys(found))


def kept_in(record: ItemRecord) -> Iterator[str]:
    """Yield the hash of every image of the bank that a record shows."""
    for address in addresses(record):
        if kept := _KEPT.match(address):
            yield kept[1]


def hash_of(address: str) -> str | None:
    """Return the hash of the bank's image that an address, or the name of a file that an export wrote, stands for."""
    found = _KEPT.match(address) or _FILE.match(address)
    return found[1] if found else None


def file_name(address: str) -> str:
    """Return the name of the file that an address in a text of a file stands for: written out, not as in a link."""
    return unquote(address)


def is_elsewhere(address: str) -> bool:
    """Say whether the address is one of the web, not of a file that travels with the text."""
    return re.match(r"(?:[a-z][a-z0-9+.-]*:|//)", address, re.IGNORECASE) is not None


def renamed(record: ItemRecord, name: Callable[[str], str | None], media: tuple[str, ...]) -> ItemRecord:
    """Return the record with other addresses for its images, and these names as its media.

    ``name`` is given an address and returns the new one, or None for one that stays.
    """

    def turn(text: str) -> str:
        return _IMAGE.sub(lambda m: _turned(m, name), text) if "![" in text else text

    def turn_or_none(text: str | None) -> str | None:
        return turn(text) if text else text

    def turn_option(option: OptionRecord) -> OptionRecord:
        return replace(option, text=turn(option.text), rationale=turn_or_none(option.rationale))

    return replace(
        record,
        vignette=turn_or_none(record.vignette),
        stem=turn(record.stem),
        lead_in=turn_or_none(record.lead_in),
        options=tuple(turn_option(option) for option in record.options),
        objective=turn_or_none(record.objective),
        explanation=turn_or_none(record.explanation),
        media=media,
    )


def _turned(match: re.Match[str], name: Callable[[str], str | None]) -> str:
    new = name(match[2] or match[3])
    return match[0] if new is None else f"{match[1]}{new}{match[4]}"
