"""Read the term files. Every mistake in them is refused with the file and the cause.

A term file holds ``type`` (the semantic type), ``heads`` (nouns that give a phrase this type) and ``terms``
(class -> name -> synonyms). ``general-heads.yaml`` holds ``kinds`` (type -> head nouns) and ``families`` (types
that go together) instead, ``also-true.yaml`` holds ``facts`` (a subject -> what may be true of it).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from qbank.errors import QBankError
from qbank.exchange import strict_yaml
from qbank.lexicon.terms import Lexicon, Term
from qbank.paths import questions_dir

MAX_BYTES = 1_000_000  # a term file is a page or two; what is larger is something else
_KEYS = {"type", "heads", "terms", "kinds", "families", "facts"}


class LexiconError(QBankError):
    """A term file cannot be read; the message names the file and the cause."""

    status = 422


def load_lexicon(path: Path | None = None) -> Lexicon:
    """Return the terms of a folder of ``*.yaml`` files, by default those that ship.

    A folder without files gives an empty lexicon. Raises LexiconError for a missing folder or a wrong file.
    """
    return _load((path or questions_dir() / "lexicon").resolve())


@lru_cache(maxsize=8)
def _load(folder: Path) -> Lexicon:
    if not folder.is_dir():
        raise LexiconError(f"{folder} is no folder of term files", cure="Give the folder that holds the *.yaml files.")
    terms: list[Term] = []
    heads: dict[str, str] = {}
    families: dict[str, tuple[str, ...]] = {}
    facts: list[tuple[str, str]] = []
    for file in sorted(folder.glob("*.yaml")):
        data = _parse(file)
        terms.extend(_terms(file, data))
        for noun, kind in _heads(file, data):
            heads.setdefault(noun, kind)
        families.update(_lists(file, data.get("families"), "families"))
        facts.extend((about, fact) for about, many in _lists(file, data.get("facts"), "facts") for fact in many)
    return Lexicon.of(terms, heads, families, facts)


def _refuse(file: Path, cause: str) -> LexiconError:
    return LexiconError(
        f"{file.name}: {cause}", cure="Mend the file; its shape is described in questions/lexicon/README.md."
    )


def _parse(file: Path) -> dict[str, Any]:
    if file.stat().st_size > MAX_BYTES:
        raise _refuse(file, f"larger than {MAX_BYTES} bytes")
    try:
        data = strict_yaml.load(file.read_text(encoding="utf-8")).value
    except strict_yaml.StrictYamlError as error:
        raise _refuse(file, f"line {error.line}: {error.cause}") from error
    except UnicodeDecodeError as error:
        raise _refuse(file, "not UTF-8 text") from error
    if not set(data) <= _KEYS:
        unknown = ", ".join(sorted(set(data) - _KEYS))
        raise _refuse(file, f"unknown key {unknown}; expected {', '.join(sorted(_KEYS))}")
    return data


def _terms(file: Path, data: dict[str, Any]) -> Iterator[Term]:
    classes = data.get("terms", {})
    if not classes:
        return
    kind = _text(file, data.get("type"), "type")
    for class_, named in _mapping(file, classes, "terms").items():
        for name, synonyms in _mapping(file, named, f"class {class_}").items():
            other = tuple(_text(file, word, f"a synonym of {name}") for word in _list(file, synonyms, name))
            yield Term(_text(file, name, "a name"), kind, other, _text(file, class_, "a class"))


def _heads(file: Path, data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    kinds = dict(_lists(file, data.get("kinds"), "kinds"))
    if data.get("heads"):
        kind = _text(file, data.get("type"), "type")
        kinds.update(_lists(file, {kind: data["heads"]}, "heads"))
    for kind, nouns in kinds.items():
        for noun in nouns:
            yield noun, kind


def _lists(file: Path, value: object, what: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the entries of a mapping from a name to a list of texts; None is an empty mapping."""
    for name, many in _mapping(file, value if value is not None else {}, what).items():
        yield _text(file, name, what), tuple(_text(file, one, f"a value of {name}") for one in _list(file, many, name))


def _mapping(file: Path, value: object, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _refuse(file, f"{what} must be a mapping")
    return value


def _list(file: Path, value: object, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise _refuse(file, f"{what} must be followed by a list, [] where there is none")
    return value


def _text(file: Path, value: object, what: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _refuse(file, f"{what} must be text, found {value!r}; put it in quotes")
    return value.strip()
