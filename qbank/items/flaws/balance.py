"""Checks over a file: where the keys stand, and how often the key is the longest option."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from qbank.items.flaws.finding import BankCheck, Hit, Severity, example, letter
from qbank.items.flaws.numeric import numeric_options
from qbank.items.flaws.reading import Reading
from qbank.items.record import ItemRecord

MIN_ITEMS = 8
CHANCE = 0.01  # how seldom a bank without the flaw may be called unbalanced
_EXACT_UP_TO = 2_000


def upper_tail(count: int, n: int, p: float) -> float:
    """Return P(X >= count) for X ~ Binomial(n, p); exact for small n, else by the normal law with continuity."""
    if count <= 0:
        return 1.0
    if n > _EXACT_UP_TO:
        return 0.5 * math.erfc((count - 0.5 - n * p) / math.sqrt(2 * n * p * (1 - p)))
    logs = (
        math.lgamma(n + 1) - math.lgamma(x + 1) - math.lgamma(n - x + 1) + x * math.log(p) + (n - x) * math.log1p(-p)
        for x in range(count, n + 1)
    )
    return min(1.0, math.fsum(math.exp(value) for value in logs))


Positions = defaultdict[int, Counter[int]]  # number of options -> position of the key -> items


def _add_position(memory: Positions, reading: Reading) -> None:
    key = reading.key
    if key is None or reading.record.shuffle or len(reading.options) < 2 or numeric_options(reading):
        return  # shuffled options stand elsewhere each time, numbers where their order puts them
    memory[len(reading.options)][reading.options.index(key)] += 1


def _key_position(memory: Positions) -> Iterator[tuple[str | None, Hit]]:
    for size, counts in sorted(memory.items()):
        n = counts.total()
        if n < MIN_ITEMS:
            continue
        chances = {
            position: min(upper_tail(counts[position], n, 1 / size), upper_tail(n - counts[position], n, 1 - 1 / size))
            for position in range(size)
        }
        position = min(chances, key=chances.__getitem__)
        if chances[position] < CHANCE / (2 * size):
            word = "much more" if counts[position] > n / size else "much less"
            yield (
                None,
                Hit(
                    f"Of {n} items with {size} options the key is {letter(position)} in "
                    f"{counts[position]}, {word} than the "
                    f"{n / size:.0f} of an even spread.",
                    "Spread the keys evenly over the positions, or let the options be shuffled.",
                ),
            )


@dataclass(slots=True)
class Longest:
    """How many keys are longer than every distractor, and how many would be by chance."""

    items: int = 0
    longest: int = 0
    by_chance: list[float] = field(default_factory=list)


def _add_longest(memory: Longest, reading: Reading) -> None:
    key = reading.key
    if key is None or len(reading.distractors) < 2 or numeric_options(reading):
        return
    memory.items += 1
    memory.longest += all(len(key.phrase) > len(option.phrase) for option in reading.distractors)
    memory.by_chance.append(1 / len(reading.options))


def _key_longest_rate(memory: Longest) -> Iterator[tuple[str | None, Hit]]:
    if memory.items < MIN_ITEMS:
        return
    expected = math.fsum(memory.by_chance) / memory.items
    rate = memory.longest / memory.items
    if rate >= 1.5 * expected and upper_tail(memory.longest, memory.items, expected) < CHANCE:
        yield (
            None,
            Hit(
                f"The key is the longest option in {memory.longest} of {memory.items} items "
                f"({rate:.0%}); chance would give "
                f"{expected:.0%}.",
                "Shorten keys to what decides, or give distractors as much detail.",
            ),
        )


def _bank(count: int, *options: str) -> tuple[ItemRecord, ...]:
    return tuple(example("A stem.", "Which?", *options, name=f"item {n}") for n in range(count))


def _rotated(count: int) -> tuple[ItemRecord, ...]:
    words = ["Gout", "Scurvy", "Rickets", "Anemia"]
    rows = [[f"*{word}" if i == n % 4 else word for i, word in enumerate(words)] for n in range(count)]
    return tuple(example("A stem.", "Which?", *row, name=f"item {n}") for n, row in enumerate(rows))


KEY_POSITION: BankCheck[Positions] = BankCheck(
    "key_position",
    "The keys are spread evenly over the positions.",
    Severity.WARNING,
    lambda: defaultdict(Counter),
    _add_position,
    _key_position,
    fires=(_bank(12, "Gout", "*Scurvy", "Rickets", "Anemia"),),
    quiet=(_rotated(40), _rotated(3)),
)
KEY_LONGEST_RATE: BankCheck[Longest] = BankCheck(
    "key_longest_rate",
    "The key is the longest option no more often than chance would have it.",
    Severity.WARNING,
    Longest,
    _add_longest,
    _key_longest_rate,
    fires=(_bank(12, "Gout", "*Scurvy of old", "Rickets", "Anemia"),),
    quiet=(_rotated(40),),
)
