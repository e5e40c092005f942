"""From bytes to text, and the checks that no text may fail."""

from __future__ import annotations

from qbank.articles.document import Problem
from qbank.articles.reading.errors import ArticleError
from qbank.articles.reading.limits import MAX_BYTES

_SIGNATURES = {
    b"%PDF": "a PDF file",
    b"PK\x03\x04": "a ZIP or Office file",
    b"\xd0\xcf\x11\xe0": "an old Office file",
    b"{\\rtf": "an RTF file",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"GIF8": "an image",
    b"\x1f\x8b": "a compressed file",
}
_AS_TEXT = "Save the article as plain text, Markdown or HTML."


def _too_large() -> ArticleError:
    return ArticleError(
        1, "too_large", f"the text is larger than {MAX_BYTES // 1_000_000} MB.", cure="Load one article at a time."
    )


def _line_at(data: bytes, offset: int) -> int:
    return data.count(b"\n", 0, offset) + 1


def decode(data: bytes) -> tuple[str, tuple[Problem, ...]]:
    """Return a file's text and what was odd about its encoding.

    UTF-8 with or without byte order mark; UTF-16 with one; else Windows-1252, which is reported. Line ends
    become ``\\n``. Raises `ArticleError` for files that are no text, or too large.
    """
    if len(data) > MAX_BYTES:
        raise _too_large()
    for signature, what in _SIGNATURES.items():
        if data.startswith(signature):
            raise ArticleError(1, "binary", f"this is {what}, not text.", cure=_AS_TEXT)
    problems: tuple[Problem, ...] = ()
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = _decode_utf16(data)
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            text, problems = _decode_windows(data, error.start)
    return text.replace("\r\n", "\n").replace("\r", "\n"), problems


def _decode_utf16(data: bytes) -> str:
    try:
        return data.decode("utf-16")
    except UnicodeDecodeError as error:
        line = _line_at(data, error.start)
        raise ArticleError(line, "encoding", "the UTF-16 text is broken here.", cure="Save it as UTF-8.") from None


def _decode_windows(data: bytes, first_bad: int) -> tuple[str, tuple[Problem, ...]]:
    if b"\x00" in data:
        raise _nul(_line_at(data, data.index(b"\x00")))
    line = _line_at(data, first_bad)
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError as error:
        bad = _line_at(data, error.start)
        raise ArticleError(
            bad, "encoding", "the text is neither UTF-8 nor Windows-1252.", cure="Save it as UTF-8."
        ) from None
    message = "the file is not UTF-8 and was read as Windows-1252; check accents and signs, or save it as UTF-8."
    return text, (Problem(line, "encoding_guessed", message),)


def _nul(line: int) -> ArticleError:
    return ArticleError(line, "binary", "the text holds a NUL character, so it is no text.", cure=_AS_TEXT)


def check_text(text: str) -> None:
    """Raise `ArticleError` where ``text`` is empty, too large, binary, or holds half characters."""
    if len(text) > MAX_BYTES:
        raise _too_large()
    if not text.strip("\ufeff \t\r\n\f\v"):
        raise ArticleError(1, "empty", "there is no text.", cure="Paste or load the article's text.")
    if (at := text.find("\x00")) >= 0:
        raise _nul(text.count("\n", 0, at) + 1)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        message = "the text holds half of a character (a lone surrogate)."
        raise ArticleError(line, "surrogate", message, cure="Copy the article again, or save it as UTF-8.") from None
    controls = sum(text.count(chr(code)) for code in (*range(1, 9), *range(14, 32), 127))
    if controls > 20 and controls > len(text) // 50:
        raise ArticleError(1, "binary", "the text is full of control characters, so it is no text.", cure=_AS_TEXT)
