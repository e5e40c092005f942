"""Where the marks of the statistics' pictures stand. Pure: figures in, places on a sheet of fixed size out.

The pages draw them as SVG without a script; the table beside a picture has the same figures. The horizontal axis is
what learners are told apart by (ability, or a share right), the vertical one a share from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qbank.measurement.quadrature import probabilities

WIDTH, HEIGHT = 420.0, 280.0
LEFT, RIGHT, TOP, BOTTOM = 46.0, 12.0, 12.0, 42.0
STYLES = 6  # kinds of line; options beyond them share the last


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled place on an axis, in sheet units."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Point:
    """An observed share with its interval; places in sheet units."""

    x: float
    y: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Line:
    """A line through places, as SVG's ``points``; ``style`` 0 is the key's."""

    label: str
    points: str
    style: int
    marks: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar from the ground up."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Plot:
    """One picture."""

    x_label: str
    y_label: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    points: tuple[Point, ...] = ()
    lines: tuple[Line, ...] = ()
    bars: tuple[Bar, ...] = ()
    width: float = WIDTH
    height: float = HEIGHT
    left: float = LEFT
    right: float = WIDTH - RIGHT
    top: float = TOP
    ground: float = HEIGHT - BOTTOM


@dataclass(frozen=True, slots=True)
class _Axis:
    """A range of values on a stretch of the sheet."""

    low: float
    high: float
    start: float
    end: float

    def place(self, value: float) -> float:
        """Return where a value stands, kept within the sheet."""
        inside = min(max(value, self.low), self.high)
        return round(self.start + (inside - self.low) / (self.high - self.low) * (self.end - self.start), 1)


def _across(low: float, high: float) -> _Axis:
    return _Axis(low, high, LEFT, WIDTH - RIGHT)


def _up(high: float = 1.0) -> _Axis:
    return _Axis(0.0, high, HEIGHT - BOTTOM, TOP)


def _share_ticks() -> tuple[Tick, ...]:
    return tuple(Tick(_up().place(share / 4), f"{25 * share} %") for share in range(5))


def _score_axis(scores: Sequence[float], ability: bool) -> tuple[_Axis, tuple[Tick, ...]]:
    if not ability:
        axis = _across(0.0, 1.0)
        return axis, tuple(Tick(axis.place(share / 4), f"{25 * share} %") for share in range(5))
    reach = max(3.0, float(np.ceil(np.max(np.abs(scores)))) if len(scores) else 3.0)
    axis = _across(-reach, reach)
    step = 1 if reach <= 4 else 2
    marks = range(-int(reach), int(reach) + 1, step)
    return axis, tuple(Tick(axis.place(mark), f"{mark:+d}".replace("-", "−") if mark else "0") for mark in marks)


def characteristic(
    scores: Sequence[float],
    shares: Sequence[tuple[float, float, float]],
    parameters: tuple[float, float] | None,
    x_label: str,
    *,
    ability: bool,
) -> Plot:
    """Return the item characteristic curve with the observed shares right, (value, low, high) by group.

    ``parameters`` are a and d of the model's curve, drawn only over abilities.
    """
    axis, ticks = _score_axis(scores, ability)
    up = _up()
    points = tuple(
        Point(axis.place(score), up.place(value), up.place(low), up.place(high))
        for score, (value, low, high) in zip(scores, shares, strict=True)
    )
    lines: tuple[Line, ...] = ()
    if parameters is not None and ability:
        theta = np.linspace(axis.low, axis.high, 61)
        curve = probabilities(np.array([parameters[0]]), np.array([parameters[1]]), theta)[0]
        lines = (Line("Model", _path([(axis.place(x), up.place(y)) for x, y in zip(theta, curve, strict=True)]), 0),)
    return Plot(x_label, "Right", ticks, _share_ticks(), points, lines)


def option_curves(
    scores: Sequence[float],
    shares: Sequence[Sequence[float]],
    labels: Sequence[str],
    key: int,
    x_label: str,
    *,
    ability: bool,
) -> Plot:
    """Return a line for each option through its share in every group; the key's has style 0."""
    axis, ticks = _score_axis(scores, ability)
    up, lines, style = _up(), [], 0
    for place, label in enumerate(labels):
        style = style if place == key else style + 1
        if len(label) > 1 and not any(share[place] for share in shares):
            continue  # nobody omitted it: a line along the ground would only hide others
        marks = tuple((axis.place(score), up.place(share[place])) for score, share in zip(scores, shares, strict=True))
        lines.append(Line(label, _path(marks), 0 if place == key else min(style, STYLES), marks))
    return Plot(x_label, "Chose it", ticks, _share_ticks(), lines=tuple(lines))


def histogram(counts: Sequence[tuple[int, int]], x_label: str) -> Plot:
    """Return a bar for each (score, learners), scores in steps of one from the first to the last."""
    first, last = counts[0][0], counts[-1][0]
    most = max(n for _score, n in counts)
    step = max(1, -(-most // 4))
    up = _up(float(step * -(-most // step)))
    axis = _across(first - 0.5, last + 0.5)
    wide = (axis.end - axis.start) / (last - first + 1)
    bars = tuple(
        Bar(
            round(axis.place(score) - 0.45 * wide, 1),
            up.place(n),
            round(0.9 * wide, 1),
            round(up.start - up.place(n), 1),
        )
        for score, n in counts
        if n
    )
    every = max(1, -(-(last - first + 1) // 8))
    ticks = tuple(Tick(axis.place(score), str(score)) for score in range(first, last + 1, every))
    y_ticks = tuple(Tick(up.place(n), str(n)) for n in range(0, int(up.high) + 1, step))
    return Plot(x_label, "Learners", ticks, y_ticks, bars=bars)


def _path(places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in places)
