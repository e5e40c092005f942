"""How long the statistics of large tables take, their peak of memory, and the ratio to bare sums over the arrays.

Run with ``pytest -m bench -s tests/bench/test_statistics_bench.py``. Only generous ratios and sizes are asserted.
"""

from __future__ import annotations

import csv
import io
import math
import time
import tracemalloc
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray

from qbank.measurement.ability import estimate
from qbank.measurement.classical import item_table, rest_correlation, upper_lower
from qbank.measurement.irt import Model, calibrate
from qbank.measurement.matrix_file import read_matrix
from qbank.measurement.responses import Responses

pytestmark = pytest.mark.bench


def best(work: Callable[[], object], times: int = 3) -> float:
    """Return the shortest of several runs, in seconds."""
    spent = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        spent.append(time.perf_counter() - begun)
    return min(spent)


def peak(work: Callable[[], object]) -> float:
    """Return the most memory that was taken at once beyond what there was, in MB."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def blocks(persons: int, items: int, each: int) -> tuple[Responses, NDArray[np.float64]]:
    """Return answers by the 2PL model, ``each`` different items a person, and the items' (a, d)."""
    random = np.random.default_rng(7)
    a, d = random.lognormal(0, 0.3, items), random.normal(0, 1, items)
    theta = random.normal(size=persons)
    # From a random start in random strides that share no factor with the number of items: no item comes twice.
    strides = np.array([stride for stride in range(1, items) if math.gcd(stride, items) == 1])
    start, stride = random.integers(0, items, (persons, 1)), random.choice(strides, (persons, 1))
    item = ((start + np.arange(each) * stride) % items).ravel()
    person = np.repeat(np.arange(persons), each)
    right = random.random(len(item)) < 1 / (1 + np.exp(-(a[item] * theta[person] + d[item])))
    return Responses(persons, items, person, 2 * item + right), np.stack([a, d])


def test_calibrating_800_000_responses_takes_about_a_second_and_little_memory() -> None:
    responses, known = blocks(10_000, 500, 80)
    matrix, nodes = responses.matrix(), np.ones((1000, 41))
    product = best(lambda: matrix @ nodes)
    print(f"\n10,000 persons x 500 items, {len(responses):,} responses; one product {1000 * product:.1f} ms")  # noqa: T201
    for model in Model:
        work = partial(calibrate, responses, model)
        spent, most = best(work, 2), peak(work)
        print(f"  {model}: {spent:.2f} s, {most:.0f} MB, {spent / product:.0f} x one product")  # noqa: T201
        assert most < 100
        assert spent < 400 * product
    found = calibrate(responses)
    assert np.corrcoef(found.d, known[1])[0, 1] > 0.99
    spent = best(lambda: estimate(responses, found.a, found.d))
    print(f"  abilities: {spent:.3f} s, {spent / product:.1f} x one product")  # noqa: T201
    assert spent < 40 * product


@pytest.mark.parametrize("each", [100, 1000])
def test_a_million_and_ten_million_responses_take_a_few_passes_over_the_array(each: int) -> None:
    responses, known = blocks(10_000, 5_000, each)
    weights = np.ones(len(responses))
    bare = best(lambda: np.bincount(responses.cell, weights=weights, minlength=10_000))
    print(f"\n{len(responses):,} responses; one pass {1000 * bare:.0f} ms, {1e9 * bare / len(responses):.1f} ns each")  # noqa: T201
    work = {
        "p and corrected point-biserial": (partial(rest_correlation, responses), 20),
        "the whole item table": (partial(item_table, responses), 60),
        "upper-lower discrimination": (partial(upper_lower, responses), 60),
        "abilities at 41 nodes": (partial(estimate, responses, known[0], known[1]), 41 * 10),
    }
    for name, (statistic, passes) in work.items():
        spent, most = best(statistic, 2), peak(statistic)
        print(f"  {name}: {spent:.2f} s, {most:.0f} MB, {spent / bare:.1f} passes")  # noqa: T201
        assert spent < passes * bare
        assert most < 100 * (1 + len(responses) / 1e6)


def test_reading_a_file_of_two_million_cells_keeps_to_a_few_times_the_csv_reader() -> None:
    table = np.random.default_rng(0).integers(0, 2, (10_000, 200))
    text = "\n".join(",".join(map(str, row)) for row in table.tolist())
    bare = best(lambda: sum(len(row) for row in csv.reader(io.StringIO(text))), 2)
    spent = best(lambda: read_matrix(io.StringIO(text)), 2)
    most = peak(lambda: read_matrix(io.StringIO(text)))
    print(f"\n2,000,000 cells: {spent:.2f} s, {most:.0f} MB, {spent / bare:.1f} x the bare CSV reader")  # noqa: T201
    assert spent < 40 * bare
