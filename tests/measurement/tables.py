"""Response tables that the tests share: LSAT6, the small item matrix, and random ones."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from qbank.measurement.responses import Responses

DATA = Path(__file__).parent / "data"
SMALL = ("11111", "11110", "11101", "11010", "10100", "01001", "10000", "00001")


def rows_of(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def lsat6_patterns() -> list[str]:
    return [row["pattern"] for row in rows_of("lsat6_patterns.csv") for _ in range(int(row["freq"]))]


def from_patterns(patterns: list[str] | tuple[str, ...]) -> Responses:
    return Responses.from_dense([[float(sign) for sign in pattern] for pattern in patterns])


def lsat6() -> Responses:
    return from_patterns(lsat6_patterns())


def complete_tables(least: int = 2, most: int = 25) -> st.SearchStrategy[NDArray[np.float64]]:
    shapes = st.tuples(st.integers(least, most), st.integers(2, 7))
    return shapes.flatmap(lambda shape: arrays.arrays(np.float64, shape, elements=st.sampled_from([0.0, 1.0])))


def tables(least: int = 1, most: int = 15) -> st.SearchStrategy[NDArray[np.float64]]:
    shapes = st.tuples(st.integers(least, most), st.integers(1, 7))
    return shapes.flatmap(lambda shape: arrays.arrays(np.float64, shape, elements=st.sampled_from([0.0, 1.0, np.nan])))


def simulated(persons: int, items: int, seed: int, share: float = 1.0) -> tuple[Responses, NDArray[np.float64]]:
    """Return answers by the 2PL model, each item taken with a chance of ``share``, and the items' (a, d)."""
    random = np.random.default_rng(seed)
    a, d = random.lognormal(0, 0.25, items), random.normal(0, 1, items)
    theta = random.normal(size=persons)
    chance = 1 / (1 + np.exp(-(theta[:, None] * a + d)))
    table = (random.random((persons, items)) < chance).astype(np.float64)
    table[random.random((persons, items)) >= share] = np.nan
    return Responses.from_dense(table), np.stack([a, d])
