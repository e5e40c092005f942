"""Responses as a sparse table of persons by items, and the sums that every statistic begins with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Booleans = NDArray[np.bool_]

_BLOCK = 500_000  # responses


@dataclass(frozen=True, slots=True, eq=False)
class Responses:
    """Who answered which item, right or wrong; what a person did not take is simply not there.

    ``person`` and ``cell`` are arrays of one entry a response, in any order. A cell is 2 * item + 1 for a right
    answer and 2 * item for a wrong one: one count over the cells gives the right and the wrong of every item,
    and the cell is the column of the persons x 2 items matrix that item response theory works on.
    Make one with ``from_dense`` or ``from_triples``, which check what they are given.
    """

    persons: int
    items: int
    person: Indices
    cell: Indices

    def __len__(self) -> int:
        return len(self.cell)

    @property
    def item(self) -> Indices:
        """The item of each response, shape (responses,)."""
        return self.cell >> 1

    @property
    def right(self) -> Booleans:
        """Whether each response is right, shape (responses,)."""
        return (self.cell & 1).astype(np.bool_)

    @property
    def complete(self) -> bool:
        """Whether every person took every item: one fixed form."""
        return self.persons > 0 and self.items > 0 and len(self.cell) == self.persons * self.items

    def blocks(self) -> Iterator[slice]:
        """Yield the responses in blocks, so that what is made of each for a moment stays near the processor."""
        for start in range(0, len(self.cell), _BLOCK):
            yield slice(start, start + _BLOCK)

    def totals(self) -> Floats:
        """Return the number right of each person, shape (persons,). One pass."""
        total = np.zeros(self.persons)
        for part in self.blocks():
            total += np.bincount(self.person[part], weights=self.cell[part] & 1, minlength=self.persons)
        return total

    def taken(self) -> Floats:
        """Return the number of items that each person took, shape (persons,). One pass."""
        return np.bincount(self.person, minlength=self.persons).astype(np.float64)

    def by_cell(self, weights: ArrayLike | None = None) -> Floats:
        """Return sums over the responses of each cell, shape (items, 2): column 0 wrong, column 1 right.

        ``weights``, shape (responses,), is what is summed; without it responses are counted. One pass.
        """
        values = None if weights is None else np.asarray(weights)
        summed = np.bincount(self.cell, weights=values, minlength=2 * self.items)
        return summed.astype(np.float64).reshape(self.items, 2)

    def matrix(self, weights: ArrayLike | None = None) -> Any:
        """Return the compressed-row matrix, persons x 2 items, holding 1 (or the weight) at each response."""
        values = np.ones(len(self)) if weights is None else np.asarray(weights, dtype=np.float64)
        if len(values) != len(self):
            raise ValueError(f"{len(values)} weights for {len(self)} responses: give one for each")
        return sparse.csr_array((values, (self.person, self.cell)), shape=(self.persons, 2 * self.items))

    def dense(self) -> Floats:
        """Return the array persons x items of 1, 0 and NaN for not taken."""
        table = np.full((self.persons, self.items), np.nan)
        table[self.person, self.item] = self.cell & 1
        return table

    def of_items(self, chosen: ArrayLike) -> Responses:
        """Return the responses to some items only, which are numbered anew from 0 in the given order.

        ``chosen`` is a list of item numbers or a mask of shape (items,). Persons stay, even without responses.
        """
        wanted = np.asarray(chosen)
        numbers = np.flatnonzero(wanted) if wanted.dtype == np.bool_ else wanted.astype(np.intp)
        new = np.full(self.items, -1, dtype=np.intp)
        new[numbers] = np.arange(len(numbers))
        moved = new[self.item]
        kept = moved >= 0
        return Responses(self.persons, len(numbers), self.person[kept], 2 * moved[kept] + (self.cell[kept] & 1))

    @classmethod
    def from_dense(cls, table: ArrayLike) -> Responses:
        """Make one from an array persons x items of 0, 1 and NaN for not taken.

        Raises ValueError when the array has not two dimensions or holds another value, naming the place.
        """
        values = np.asarray(table, dtype=np.float64)
        if values.ndim != 2:
            raise ValueError(f"a table of persons by items has two dimensions, not {values.ndim}")
        taken = ~np.isnan(values)
        odd = taken & (values != 0) & (values != 1)
        if odd.any():
            row, column = (int(place[0]) for place in np.nonzero(odd))
            raise ValueError(f"person {row}, item {column}: {values[row, column]:g} is neither 0, 1 nor NaN")
        person, item = np.nonzero(taken)
        return cls(values.shape[0], values.shape[1], person, 2 * item + values[person, item].astype(np.intp))

    @classmethod
    def from_triples(
        cls,
        person: ArrayLike,
        item: ArrayLike,
        right: ArrayLike,
        *,
        persons: int | None = None,
        items: int | None = None,
    ) -> Responses:
        """Make one from three arrays of one entry a response: person number, item number, right (1) or wrong (0).

        Without ``persons`` and ``items`` they are one more than the largest number. Raises ValueError for arrays of
        unequal length, numbers outside the range, values other than 0 and 1, and two responses of one person to
        one item.
        """
        who, what = _numbers(person, "person"), _numbers(item, "item")
        score = np.asarray(right).astype(np.float64)
        if not len(who) == len(what) == len(score):
            raise ValueError(f"{len(who)} persons, {len(what)} items and {len(score)} scores: lengths must agree")
        if ((score != 0) & (score != 1)).any():
            raise ValueError("a response is right (1) or wrong (0); leave out what was not taken")
        n_persons, n_items = _extent(who, persons, "person"), _extent(what, items, "item")
        _refuse_repeats(who, what, n_items)
        return cls(n_persons, n_items, who, 2 * what + score.astype(np.intp))


def _numbers(values: ArrayLike, name: str) -> Indices:
    given = np.asarray(values)
    if given.size and not np.issubdtype(given.dtype, np.integer):
        raise ValueError(f"{name} numbers must be whole numbers, not {given.dtype}")
    return given.reshape(-1).astype(np.intp)


def _extent(numbers: Indices, given: int | None, name: str) -> int:
    low, high = (int(numbers.min()), int(numbers.max())) if len(numbers) else (0, -1)
    extent = high + 1 if given is None else given
    if low < 0 or high >= extent:
        raise ValueError(f"{name} numbers run from {low} to {high}: they must lie within 0 to {extent - 1}")
    return extent


def _refuse_repeats(person: Indices, item: Indices, items: int) -> None:
    places = np.sort(person * items + item)
    repeated = np.flatnonzero(places[1:] == places[:-1])
    if len(repeated):
        who, what = divmod(int(places[repeated[0]]), items)
        raise ValueError(f"person {who} has two responses to item {what}: keep one, the first delivery")


def stack(parts: Sequence[Responses]) -> Responses:
    """Return the persons of several tables of the same items as one table, in order.

    Raises ValueError when there is none or they differ in their number of items.
    """
    if not parts or len({part.items for part in parts}) != 1:
        raise ValueError("tables can be stacked when there is at least one and all have the same items")
    offsets = np.cumsum([0, *(part.persons for part in parts)])
    person = np.concatenate([part.person + start for part, start in zip(parts, offsets, strict=False)])
    return Responses(int(offsets[-1]), parts[0].items, person, np.concatenate([part.cell for part in parts]))
