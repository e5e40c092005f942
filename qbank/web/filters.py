"""How values are written in pages: times, durations, percentages, counts."""

from __future__ import annotations

from datetime import date, datetime

from flask import Flask
from markupsafe import Markup, escape


def moment(value: datetime | None) -> str | Markup:
    """Write a time as a <time> element in UTC; the browser may show it in local time."""
    if value is None:
        return "–"
    return Markup('<time datetime="{}" data-local>{}</time>').format(
        value.isoformat(timespec="seconds"), value.strftime("%-d %b %Y, %H:%M UTC")
    )


def day(value: date | datetime | None) -> str:
    """Write a date."""
    return "–" if value is None else value.strftime("%-d %b %Y")


def duration(seconds: int | float | None) -> str:
    """Write seconds as "45 s", "12 min 05 s", "1 h 02 min"."""
    if seconds is None:
        return "–"
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {left:02d} s" if minutes else f"{left} s"


def percent(value: float | None, digits: int = 1) -> str:
    """Write a share from 0 to 1 as a percentage."""
    return "–" if value is None else f"{100 * value:.{digits}f} %"


def count(value: int) -> str:
    """Write a whole number with thousands apart."""
    return f"{value:,}"


def letter(index: int) -> str:
    """Write an option's place, counted from 0, as its letter."""
    return chr(ord("A") + index)


def safe_html(value: str | None) -> Markup:
    """Pass on HTML that was rendered and cleaned when it was saved. Never for anything else."""
    return Markup(value or "")  # noqa: S704  cleaned by qbank.markup on save


def paragraphs(value: str) -> Markup:
    """Write plain text with its line breaks."""
    return Markup("<br>").join(escape(line) for line in value.splitlines())


def install(app: Flask) -> None:
    """Register the filters."""
    for function in (moment, day, duration, percent, count, letter, safe_html, paragraphs):
        app.add_template_filter(function)
