"""Text as the index holds it, and as people type it: one spelling for both. Pure.

Case, accents and ligatures are folded away. A Greek letter is its name (TNF-α is TNF-alpha), a micro sign before a
unit is a u (µg is ug). Words with hyphens are their parts and, besides, the parts run together, so that IL-6, IL 6
and IL6 find each other.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST = 200_000  # characters of a text that are indexed
TOKEN = re.compile(r"[^\W_]+")  # a run of letters and digits
_COMPOUND = re.compile(r"[^\W_]+(?:-+[^\W_]+)+")
_INLINE_TAG = re.compile(r"</?su[bp]>", re.IGNORECASE)  # CO<sub>2</sub> is one word
_MICRO = re.compile(r"μ(?=(?:g|l|m|mol|s|u|iu|kat|sv|gy|v|a)\b)", re.IGNORECASE)
_NAMES = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta", "θ": "theta",
    "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "ο": "omicron", "π": "pi", "ρ": "rho",
    "σ": "sigma", "ς": "sigma", "τ": "tau", "υ": "upsilon", "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega",
}  # fmt: skip
_GREEK_LETTER = re.compile(r"(?<![α-ω])[α-ω](?![α-ω])")  # one alone: Greek words stay words
_SIGNS = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"), "")  # soft hyphens, marks of no width
_SIGNS |= dict.fromkeys(map(ord, "‐‑‒–−"), "-")


def fold(text: str) -> str:
    """Return the text in the index's spelling; punctuation stays where it is. Texts are cut at `LONGEST`."""
    text = text[:LONGEST]
    if "<" in text:
        text = _INLINE_TAG.sub("", text)
    return text.lower() if text.isascii() else _fold_signs(text)


def _fold_signs(text: str) -> str:
    spread = unicodedata.normalize("NFKD", text.translate(_SIGNS))
    bare = "".join(sign for sign in spread if not unicodedata.combining(sign)).casefold()
    # The letter's name stands apart from its neighbours, as if hyphens were typed: TNFα, TNF-α and TNF-alpha agree.
    return _GREEK_LETTER.sub(lambda found: f"-{_NAMES[found[0]]}-", _MICRO.sub("u", bare))


def tokens(text: str) -> list[str]:
    """Return the words of a text, folded, in order."""
    return TOKEN.findall(fold(text))


def indexed(text: str) -> str:
    """Return what the index holds of a text: the folded text, and behind it its compounds run together.

    Behind it, so that no run-together form stands between two words of a phrase.
    """
    folded = fold(text)
    if "-" not in folded:
        return folded
    # Only words with a hyphen are looked at closely: a bank is mostly made of others.
    compounds = [found for word in folded.split() if "-" in word for found in _COMPOUND.findall(word)]
    joined = [form for form in map(_joined, compounds) if not form.isdecimal()]
    return f"{folded}\n{' '.join(joined)}" if joined else folded


def _joined(compound: str) -> str:
    return "".join(TOKEN.findall(compound))
