"""All statistics of one response matrix as plain values, in the shape of ``qbank stats --json``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from qbank.measurement import ability, classical, irt, reliability
from qbank.measurement.flags import Flag, flag_item
from qbank.measurement.matrix_file import Matrix
from qbank.measurement.options import OptionRow, distractor_efficiency, option_table, possible_miskey
from qbank.measurement.responses import Floats, Responses

PATTERN_ITEMS = 64  # a pattern of more items is no longer read by anybody
_CELL_SIGNS = ".01"


@dataclass(frozen=True, slots=True)
class _Latent:
    """What item response theory adds."""

    calibration: irt.Calibration
    abilities: ability.Abilities
    left_out: tuple[int, ...]  # items with a negative corrected point-biserial


def report(matrix: Matrix, model: irt.Model | None = None, priors: irt.Priors | None = None) -> dict[str, Any]:
    """Return ``{persons, items, form, items_table, log_likelihood, abilities, notes}`` with None for what is undefined.

    ``model`` None is classical analysis alone; then parameters, log-likelihood and abilities are None or empty.
    Items with a negative corrected point-biserial are left out of the calibration.
    """
    responses = matrix.responses
    table = classical.item_table(responses)
    groups = classical.tails(responses)
    latent = _calibrate(responses, table, model, priors) if model else None
    columns = {
        "p": table.p,
        "p_low": table.p_low,
        "p_high": table.p_high,
        "r_total": table.r_total,
        "r_rest": table.r_rest,
        "r_ability": None if responses.complete else _ability_correlation(responses, table, latent),
        "biserial": table.biserial,
        "d27": classical.upper_lower(responses, groups),
        "alpha_if_deleted": reliability.alpha_if_deleted(responses, table),
        "a": latent.calibration.a if latent else None,
        "d": latent.calibration.d if latent else None,
        "b": latent.calibration.b if latent else None,
    }
    rows = _item_rows(matrix, columns, table, _options(matrix), latent)
    return {
        "persons": responses.persons,
        "items": responses.items,
        "model": str(model) if model else "ctt",
        "form": _form(responses, latent),
        "items_table": rows,
        "log_likelihood": _log_likelihood(latent),
        "converged": latent.calibration.converged if latent else None,
        "abilities": _abilities(matrix, latent) if latent else [],
        "notes": _notes(matrix, latent),
    }


def _log_likelihood(latent: _Latent | None) -> float | None:
    if latent is None or not latent.calibration.calibrated.any():
        return None
    return classical.or_none(latent.calibration.log_likelihood)


def _calibrate(
    responses: Responses, table: classical.ItemTable, model: irt.Model, priors: irt.Priors | None
) -> _Latent:
    negative = table.r_rest < 0
    found = irt.calibrate(responses.of_items(~negative), model, priors=priors)
    a, d = np.full(responses.items, np.nan), np.full(responses.items, np.nan)
    edge = np.zeros(responses.items, dtype=np.bool_)
    a[~negative], d[~negative], edge[~negative] = found.a, found.d, found.at_edge
    whole = irt.Calibration(found.model, a, d, found.log_likelihood, found.converged, edge, found.trace)
    return _Latent(whole, ability.estimate(responses, a, d), tuple(np.flatnonzero(negative).tolist()))


def _ability_correlation(responses: Responses, table: classical.ItemTable, latent: _Latent | None) -> Floats:
    """Return each item's correlation with the ability estimated from the person's other answers.

    Where persons took different items the rest score says more about the items than about the person. Classical
    analysis borrows the abilities of a 1PL calibration with priors, which any table allows.
    """
    known = latent or _calibrate(responses, table, irt.Model.ONE_PARAMETER, irt.Priors())
    left = ability.left_out(responses, known.calibration.a, known.calibration.d)
    return classical.correlation_with(responses, left)


def _item_rows(
    matrix: Matrix,
    columns: dict[str, Floats | None],
    table: classical.ItemTable,
    options: Sequence[tuple[OptionRow, ...]],
    latent: _Latent | None,
) -> list[dict[str, Any]]:
    rows = []
    for number, name in enumerate(matrix.items):
        row: dict[str, Any] = {"item": name, "n": int(table.n[number])}
        row |= {key: None if of is None else classical.or_none(of[number]) for key, of in columns.items()}
        discrimination = row["r_rest"] if row["r_ability"] is None else row["r_ability"]
        flags = list(flag_item(row["n"], row["p"], discrimination, options[number]))
        if latent and row["a"] is None:
            flags.append(Flag.NOT_CALIBRATED)
        if latent and latent.calibration.at_edge[number]:
            flags.append(Flag.UNBOUNDED)
        row["options"] = [asdict(option) for option in options[number]]
        row["distractor_efficiency"] = distractor_efficiency(options[number])
        row["possible_miskey"] = list(possible_miskey(options[number]))
        row["flags"] = [str(flag) for flag in flags]
        rows.append(row)
    return rows


def _options(matrix: Matrix) -> list[tuple[OptionRow, ...]]:
    """Return the option table of each item, empty without a key. Scores are shares where not all took everything."""
    if matrix.options is None:
        return [()] * len(matrix.items)
    responses, given = matrix.responses, matrix.options
    totals, taken, complete = responses.totals(), responses.taken(), responses.complete
    item = responses.item
    order = np.argsort(item, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(item, minlength=responses.items))[:-1])
    tables = []
    for number, part in enumerate(parts):
        who, right = responses.person[part], responses.cell[part] & 1
        rest = totals[who] - right
        if complete:
            total, alone = totals[who], np.zeros(len(part), dtype=np.bool_)
        else:
            total, alone = totals[who] / taken[who], taken[who] < 2
            rest = rest / np.maximum(taken[who] - 1, 1)
        rows = option_table(given.chosen[part], given.labels[number], given.keys[number], rest, total)
        tables.append(rows if not alone.any() else _without_r(rows))
    return tables


def _without_r(rows: tuple[OptionRow, ...]) -> tuple[OptionRow, ...]:
    """Return the rows without r: some of the takers have no other item to score."""
    return tuple(
        OptionRow(row.label, row.key, row.n, row.share, row.p_upper, row.p_lower, None, row.mean_total) for row in rows
    )


def _form(responses: Responses, latent: _Latent | None) -> dict[str, Any]:
    form = reliability.form_statistics(responses)
    result: dict[str, Any] = asdict(form)
    totals = responses.totals()
    counts = Counter(totals.astype(int).tolist())
    result |= {
        "complete": responses.complete,
        "kr20": form.alpha,
        "min": int(totals.min()) if len(totals) else None,
        "max": int(totals.max()) if len(totals) else None,
        "scores": [
            {
                "score": score,
                "n": counts[score],
                "sem": reliability.conditional_sem(score, responses.items) if responses.complete else None,
            }
            for score in sorted(counts)
        ],
        "empirical_reliability": ability.empirical_reliability(latent.abilities) if latent else None,
    }
    return result


def _abilities(matrix: Matrix, latent: _Latent) -> list[dict[str, Any]]:
    """Return one entry a person in the order of the file, rows counted from 1."""
    patterns = _patterns(matrix.responses) if matrix.responses.items <= PATTERN_ITEMS else None
    rows = []
    for number, (eap, psd) in enumerate(zip(latent.abilities.eap, latent.abilities.psd, strict=True)):
        row: dict[str, Any] = {"row": number + 1}
        if patterns is not None:
            row["pattern"] = patterns[number]
        if matrix.persons is not None:
            row["person"] = matrix.persons[number]
        rows.append(row | {"eap": float(eap), "psd": float(psd)})
    return rows


def _patterns(responses: Responses) -> list[str]:
    """Return each person's answers as text: 1 right, 0 wrong, . not taken."""
    table = np.zeros((responses.persons, responses.items), dtype=np.intp)
    table[responses.person, responses.item] = 1 + (responses.cell & 1)
    return ["".join(_CELL_SIGNS[sign] for sign in row) for row in table]


def _notes(matrix: Matrix, latent: _Latent | None) -> list[str]:
    notes = []
    responses = matrix.responses
    if not responses.complete:
        notes.append(
            "Not everybody took every item: there is no alpha, KR-21 or SEM, scores are shares of the items taken, and"
            " p depends on who took an item. r_ability correlates an item with the ability estimated from the person's"
            " other answers; flags go by it."
        )
    if responses.persons < 2 or responses.items < 2:
        notes.append("Fewer than two persons or items: correlations and reliability do not exist.")
    if latent and latent.left_out:
        names = ", ".join(matrix.items[number] for number in latent.left_out[:10])
        more = "" if len(latent.left_out) <= 10 else f" and {len(latent.left_out) - 10} more"
        notes.append(f"Left out of the calibration for a negative corrected point-biserial: {names}{more}.")
    if latent and not latent.calibration.converged:
        notes.append("The calibration did not converge: take its parameters with care.")
    return notes
