"""What a web page puts around an article: banners, widgets, prompts; and the facts some of them hold.

Only whole blocks are judged, each against a list of what pages say; everything left out is reported by line.
"""

from __future__ import annotations

import re
from datetime import date

from qbank.articles.reading.vocabulary import words

# A block that begins like this is furniture. Compared in lower case with single spaces.
_OPENINGS = re.compile(
    r"(?:medical advisory board ?(?:all articles|\b)(?! (?:recommend|state|suggest|advise))"
    r"|all articles are reviewed"
    r"|educational purposes? only\b"
    r"|article review status$"
    r"|last (?:updated|reviewed|modified)\b"
    r"|view (?:our )?editorial policy"
    r"|help us (?:tailor|improve)\b"
    r"|which best describes you\b"
    r"|your choice helps us\b"
    r"|have a follow-?\s?up question"
    r"|ask any follow-?\s?up question"
    r"|our medical a\.?i\.?\b"
    r"|was this (?:article |page )?helpful"
    r"|skip to (?:main )?content"
    r"|we use cookies|this (?:web)?site uses cookies|accept (?:all )?cookies"
    r"|sign up (?:for|to) |subscribe to |log ?in to |sign in to "
    r"|© ?\d|copyright ©|all rights reserved"
    r")"
)
LABELS = words(
    "personalize;personalise;share;print;save;bookmark;copy link;sign in;log in;login;sign up;subscribe;menu;search;"
    "home;back to top;back;next;previous;download pdf;pdf;cite;feedback;advertisement;table of contents;contents;"
    "on this page;in this article;read more;show more;show less;close;privacy policy;terms of use;"
    "terms of service;contact us;about us;related articles;related questions;view editorial policy;"
    "powered by;help;faq;edit;share this article;follow us",
    ";",
)
_CLOSING = re.compile(r"(?:have a follow-?\s?up question|related (?:articles|questions)$|was this )")
_DISCLAIMER = re.compile(
    r"(?:(?:professional |medical |legal |general )*disclaimer|educational disclaimer|important notice)\s*:?$"
)
_REFERENCES = re.compile(
    r"(?:\d+[.)] ?)?(?:list of |cited |key |selected )?"
    r"(?:references?|bibliography|sources|literature(?: cited)?|works cited|citations|notes and references|footnotes)"
    r"(?: cited| list| and notes)?\s*:?$"
)
_STATES = {"submitted": "submitted", "under review": "under_review", "approved": "approved"}
_STATUS = re.compile(r"(?:article )?(?:review )?status\s*[:–-]\s*(.{1,40})$")
_MONTHS = {
    name: number
    for names, number in {
        "january jan": 1,
        "february feb": 2,
        "march mar": 3,
        "april apr": 4,
        "may": 5,
        "june jun": 6,
        "july jul": 7,
        "august aug": 8,
        "september sept sep": 9,
        "october oct": 10,
        "november nov": 11,
        "december dec": 12,
    }.items()
    for name in names.split()
}
_UPDATED = re.compile(r"last (?:updated|reviewed|modified)\s*(?:on|:|–|-)?\s*(.{1,60})")
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_MONTH_FIRST = re.compile(r"([a-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})")
_DAY_FIRST = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?\.? (?:of )?([a-z]{3,9})\.?,? (\d{4})")


def plain(text: str) -> str:
    """Return text for comparison: lower case, single spaces."""
    return " ".join(text[:400].lower().split())


def is_furniture(text: str) -> bool:
    """Say whether a whole block is page furniture."""
    low = plain(text)
    return low in LABELS or _OPENINGS.match(low) is not None


def closes_article(text: str) -> bool:
    """Say whether everything from this block on is furniture."""
    return _CLOSING.match(plain(text)) is not None


def is_disclaimer_heading(text: str) -> bool:
    """Say whether the block announces the disclaimer."""
    return _DISCLAIMER.match(plain(text)) is not None


def is_references_heading(text: str) -> bool:
    """Say whether the block announces the reference list."""
    return _REFERENCES.match(plain(text)) is not None


def is_status_heading(text: str) -> bool:
    """Say whether the block is the head of a review-status widget."""
    return plain(text).rstrip(":") in ("article review status", "review status")


def state_named(text: str) -> str | None:
    """Return the review state that a whole block names, as stored, or None."""
    return _STATES.get(plain(text).replace("_", " ").replace("-", " "))


def status_line(text: str) -> str | None:
    """Return what follows ``Status:`` where the block is such a line, else None."""
    match = _STATUS.match(plain(text))
    return match.group(1) if match else None


def updated_text(text: str) -> str | None:
    """Return what follows "Last updated" where the block begins so, else None."""
    match = _UPDATED.match(plain(text))
    return match.group(1).strip() if match else None


def read_date(text: str) -> str | None:
    """Return the ISO date at the beginning of ``text``, or None where there is none that is sure.

    ``2025-08-19``, ``August 19, 2025`` and ``19 August 2025`` are sure; ``03/04/2025`` is not, since day and
    month are told apart differently from country to country.
    """
    low = plain(text)
    if match := _ISO.match(low):
        year, month, day = (int(g) for g in match.groups())
    elif match := _MONTH_FIRST.match(low):
        year, month, day = int(match[3]), _MONTHS.get(match[1], 0), int(match[2])
    elif match := _DAY_FIRST.match(low):
        year, month, day = int(match[3]), _MONTHS.get(match[2], 0), int(match[1])
    else:
        return None
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None
