"""Whether the chances of readiness are what they say, over more learners and numbers of answers than the quick test.

Run with ``pytest -m bench -s tests/bench/test_readiness_bench.py``.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.measurement.test_readiness import chances

pytestmark = pytest.mark.bench


@pytest.mark.parametrize("taken", [80, 200])
def test_told_chances_come_true_in_every_tenth(taken: int) -> None:
    told, passed = chances(12_000, taken, 62, seed=taken)
    print(f"\n{taken} answers: told, came true, n")  # noqa: T201
    for low in np.arange(0, 1, 0.1):
        band = (told >= low) & (told < low + 0.1)
        n = int(band.sum())
        if n < 100:
            continue
        print(f"  {told[band].mean():.3f} {passed[band].mean():.3f} {n}")  # noqa: T201
        assert abs(passed[band].mean() - told[band].mean()) < 3.5 * np.sqrt(0.25 / n)
