"""From an article to drafts: rules propose, the checks here decide, whatever the rule."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from qbank.articles.document import Article, Problem, Statement
from qbank.articles.drafting import evidence
from qbank.articles.drafting.context import MAX_STATEMENT, Context
from qbank.articles.drafting.contradictions import as_problems, contradictions
from qbank.articles.drafting.enemies import Drafted, enemy_sets
from qbank.articles.drafting.invariants import why_refused
from qbank.articles.drafting.options import Chosen, Positions, choose_options, option_text
from qbank.articles.drafting.rules import select_rules
from qbank.articles.drafting.values import Candidate, DraftItem, DraftOption, DraftReport, Refusal, Rule
from qbank.articles.drafting.wording import capitalised
from qbank.lexicon import Lexicon, load_lexicon

MAX_STATEMENTS = 1000  # an article is a few pages; what is longer is read up to here, and said so
MAX_ITEMS_PER_STATEMENT = 6
NO_RULE = "no drafting rule fits this statement"


def draft_items(
    article: Article, *, seed: int = 0, rules: Collection[str] | None = None, lexicon: Lexicon | None = None
) -> DraftReport:
    """Return the drafts of an article, the statements without one, and what a person should look at.

    ``seed`` settles the places of keys, ``rules`` names the rules to use (all that are on by default), ``lexicon``
    the terms (those that ship by default). Same input, same settings: the same report, byte for byte.
    Raises UnknownRuleError for a rule that does not exist.
    """
    return draft_with(article, select_rules(rules), seed=seed, lexicon=lexicon)


def draft_with(
    article: Article, rules: tuple[Rule, ...], *, seed: int = 0, lexicon: Lexicon | None = None
) -> DraftReport:
    """Return what these rules draft; see `draft_items`. Whoever proposes, the checks of the run decide."""
    terms = load_lexicon() if lexicon is None else lexicon
    context = Context(article, terms, seed, _skipped(article))
    return _Run(context, rules).report()


class RuleBasedDrafter:
    """The drafter that needs nothing but rules and terms."""

    def __init__(self, lexicon: Lexicon | None = None) -> None:
        self.lexicon = lexicon

    def draft(self, article: Article, *, seed: int = 0, rules: Collection[str] | None = None) -> DraftReport:
        """Return the drafts of an article; see `draft_items`."""
        return draft_items(article, seed=seed, rules=rules, lexicon=self.lexicon)


def _skipped(article: Article) -> dict[str, str]:
    skipped = {}
    for place, statement in enumerate(article.statements):
        if place >= MAX_STATEMENTS:
            skipped[statement.id] = f"only the first {MAX_STATEMENTS} statements are drafted from"
        elif len(statement.text) > MAX_STATEMENT:
            skipped[statement.id] = f"longer than {MAX_STATEMENT} characters: a paragraph, not one statement"
    return skipped


def _why_none(statement: Statement) -> str:
    """Return why no rule fits, as far as the statement's form tells."""
    text = statement.text.strip()
    if text.endswith(":"):
        return "it only introduces what follows"
    if len(text.split()) <= 4:
        return "a bare entry: it makes no claim to ask about"
    return NO_RULE


@dataclass(frozen=True, slots=True)
class _Accepted:
    candidate: Candidate
    options: Chosen


class _Run:
    """One run over one article: collects what passes, and the reasons for what does not."""

    def __init__(self, context: Context, rules: tuple[Rule, ...]) -> None:
        self.context = context
        self.rules = rules
        self.positions = Positions(context.seed)
        self.conflicts = contradictions(context)
        self.reasons: dict[str, str] = {}
        self.seen: set[tuple[str, str]] = set()
        self.per_statement: dict[str, int] = {}

    def report(self) -> DraftReport:
        """Return the report of the whole run."""
        accepted = [one for candidate in self._candidates() if (one := self._accept(candidate)) is not None]
        drafted = self._numbered(accepted)
        sets = enemy_sets([Drafted(name, one.candidate) for name, one in drafted])
        items = tuple(self._item(name, one, sets.get(name)) for name, one in drafted)
        with_item = {statement for item in items for statement in item.statements}
        without = tuple(
            (one.id, self.context.skipped.get(one.id) or self.reasons.get(one.id) or _why_none(one))
            for one in self.context.article.statements
            if one.id not in with_item
        )
        return DraftReport(items, without, tuple(self._problems()))

    def _candidates(self) -> Iterator[tuple[Rule, Candidate]]:
        """Yield the candidates in the order of the article, then of the rules."""
        order = {one.id: place for place, one in enumerate(self.context.article.statements)}
        found: list[tuple[int, int, int, Rule, Candidate]] = []
        for rank, rule in enumerate(self.rules):
            for proposed in rule.propose(self.context):
                if isinstance(proposed, Refusal):
                    self.reasons.setdefault(proposed.statement, f"{rule.name}: {proposed.reason}")
                else:
                    found.append((order[proposed.statement.id], rank, len(found), rule, proposed))
        for _, _, _, rule, candidate in sorted(found, key=lambda one: one[:3]):
            yield rule, candidate

    def _accept(self, proposed: tuple[Rule, Candidate]) -> _Accepted | None:
        rule, candidate = proposed
        candidate = replace(candidate, stem=self.context.short_forms.explained(candidate.stem))
        statement = candidate.statement.id
        mark = (candidate.stem.lower(), candidate.key.lower())
        if mark in self.seen or self.per_statement.get(statement, 0) >= MAX_ITEMS_PER_STATEMENT:
            return None  # before the dear checks: an article may say the same a thousand times
        reason = self._conflict(candidate) or why_refused(self.context, candidate, rule.wording)
        options: Chosen | str = reason or ""
        if reason is None:
            options = choose_options(self.context, candidate, self.positions)
        if isinstance(options, str):
            self.reasons.setdefault(statement, f"{rule.name}: {options}")
            return None
        self.seen.add(mark)
        self.per_statement[statement] = self.per_statement.get(statement, 0) + 1
        self.positions.record(options.key_place)
        return _Accepted(candidate, options)

    def _conflict(self, candidate: Candidate) -> str | None:
        used = {candidate.statement.id, *candidate.support}
        for first, second, about in self.conflicts:
            if first in used or second in used:
                other = second if first in used else first
                return f"the article contradicts itself about {about} (see {other})"
        return None

    def _numbered(self, accepted: list[_Accepted]) -> list[tuple[str, _Accepted]]:
        counts: dict[str, int] = {}
        named = []
        for one in accepted:
            base = f"{one.candidate.statement.id}-{one.candidate.rule}"
            counts[base] = counts.get(base, 0) + 1
            named.append((f"{base}-{counts[base]}", one))
        return named

    def _item(self, name: str, accepted: _Accepted, enemy_set: str | None) -> DraftItem:
        article, candidate = self.context.article, accepted.candidate
        support = tuple(article.statement(one) for one in candidate.support)
        statements = [candidate.statement, *support]
        return DraftItem(
            id=name,
            rule=candidate.rule,
            stem=candidate.stem,
            lead_in=None,
            options=self._options(accepted),
            objective=candidate.objective,
            explanation=evidence.explanation(article, candidate.statement, support),
            statements=tuple(one.id for one in statements),
            references=evidence.reference_ids(statements),
            key_spans=((candidate.statement.id, candidate.start, candidate.end),),
            confidence=_confidence(accepted),
            enemy_set=enemy_set,
        )

    def _options(self, accepted: _Accepted) -> tuple[DraftOption, ...]:
        article, candidate = self.context.article, accepted.candidate
        options = [
            DraftOption(
                capitalised(one.text),
                False,
                evidence.distractor_rationale(article, candidate, one),
                one.origin,
                one.contradicted_by is None,
            )
            for one in accepted.options.distractors
        ]
        key = DraftOption(option_text(candidate), True, evidence.key_rationale(candidate.statement), "statement")
        options.insert(accepted.options.key_place, key)
        return tuple(options)

    def _problems(self) -> Iterator[Problem]:
        yield from as_problems(self.context, self.conflicts)
        if len(self.context.article.statements) > MAX_STATEMENTS:
            message = f"The article has more than {MAX_STATEMENTS} statements; split it to draft from the rest."
            yield Problem(0, "too_many_statements", message)


def _confidence(accepted: _Accepted) -> float:
    """Return the rule's confidence, less a part for each distractor that nothing contradicts."""
    distractors = accepted.options.distractors
    unsure = sum(1 for one in distractors if one.contradicted_by is None) / len(distractors)
    return round(accepted.candidate.confidence * (1 - 0.25 * unsure), 2)
