"""Where distractors of the right kind come from, in the order of preference."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import islice

from qbank.articles.drafting.context import Context
from qbank.articles.drafting.quantities import Quantity, clearly_apart, ladder, quantities_in, range_ladder
from qbank.articles.drafting.values import Distractor
from qbank.articles.drafting.wording import content_stems, lowered

MAX_POOL = 40


def alike_terms(context: Context, key: str, *, same_class: bool = False) -> Iterator[Distractor]:
    """Yield terms of the key's type: of its class first (article, then lexicon), then the others likewise.

    ``same_class`` keeps to the class of the key within its type, where the stem names that class.
    """
    known = context.lexicon.find(key)
    class_ = known.class_ if known is not None else None
    named = list(islice(context.article_terms_like(key), MAX_POOL))
    listed = list(islice(context.lexicon_terms_like(key), MAX_POOL))
    for own_class in (True, False) if class_ is not None else (False,):
        if same_class and not own_class:
            return
        for mention in named:
            if (class_ is not None and mention.term.class_ == class_) == own_class:
                yield Distractor(mention.written, "article", taken_from=mention.statements[0])
        for term in listed:
            if (class_ is not None and term.class_ == class_) == own_class:
                yield Distractor(term.name, "lexicon")


def other_numbers(
    context: Context,
    key: Quantity,
    *,
    siblings: tuple[tuple[Quantity, str, str], ...] = (),
    contradicted_by: str | None = None,
) -> Iterator[Distractor]:
    """Yield other values for a number: its siblings, the article's values of the unit, then round values.

    ``siblings`` are (value, statement id, why it is wrong here): what the article gives for another condition.
    ``contradicted_by`` is the statement that gives the one value that holds, where it is of that sort: a rate is,
    a dose is not, since another dose may serve as well.
    """
    for sibling, statement, why in siblings:
        yield Distractor(sibling.written(*sibling.value), "statement", why, statement, statement, sibling.value)
    because = f"It gives {key.written(*key.value)}." if contradicted_by else ""
    if key.is_range:
        for low, high in range_ladder(key):
            yield Distractor(key.written(low, high), "ladder", because, contradicted_by, None, (low, high))
        return
    for quantity, statement in _same_unit(context, key):
        yield Distractor(key.written(quantity.low), "article", because, contradicted_by, statement, quantity.value)
    for step in ladder(key):
        yield Distractor(key.written(step), "ladder", because, contradicted_by, None, (step, step))


def _same_unit(context: Context, key: Quantity) -> Iterator[tuple[Quantity, str]]:
    seen: list[tuple[Decimal, Decimal]] = [key.value]
    for statement in context.statements:
        if len(seen) > MAX_POOL:
            return
        for found in quantities_in(statement.text):
            if found.unit != key.unit or found.is_range or not clearly_apart(found.value, key.value):
                continue
            if found.value not in seen:
                seen.append(found.value)
                yield found, statement.id


def claim_of(text: str) -> frozenset[str]:
    """Return the roots of a text's content words as a claim."""
    return frozenset(content_stems(text))


def sentence_about(subject: str, text: str, context: Context) -> str:
    """Return a statement as a clause about its subject: "estrogen" + "Activates ..." -> "estrogen activates ..."."""
    return f"{subject} {lowered(text, context.lexicon)}" if subject else lowered(text, context.lexicon)
