import pytest

from qbank.measurement.bands import Band, band


@pytest.mark.parametrize(
    ("correct", "scored", "expected"),
    [
        (3, 5, Band.MIDDLE),
        (599, 1000, Band.LOW),
        (13, 20, Band.MIDDLE),
        (699, 1000, Band.MIDDLE),
        (7, 10, Band.HIGH),
        (0, 1, Band.LOW),
        (1, 1, Band.HIGH),
    ],
)
def test_the_lower_limit_belongs_to_the_band_above_it(correct: int, scored: int, expected: Band) -> None:
    assert band(correct, scored) is expected


def test_the_limits_are_settings() -> None:
    assert band(13, 20, low=66, high=80) is Band.LOW
    assert band(13, 20, low=50, high=65) is Band.HIGH


@pytest.mark.parametrize(("correct", "scored"), [(0, 0), (2, 1), (-1, 1)])
def test_nothing_scored_has_no_band(correct: int, scored: int) -> None:
    with pytest.raises(ValueError, match="no score"):
        band(correct, scored)
