"""The drafter that asks a language model, and what becomes of its answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from qbank.articles.document import Article, Problem, Statement
from qbank.articles.drafting.context import MAX_STATEMENT, Context
from qbank.articles.drafting.contradictions import contradictions
from qbank.articles.drafting.invariants import why_refused
from qbank.articles.drafting.options import Chosen, Positions, choose_options, option_text
from qbank.articles.drafting.pipeline import draft_items, draft_with
from qbank.articles.drafting.rules import select_rules
from qbank.articles.drafting.values import Candidate, DraftReport, Refusal, Rule
from qbank.articles.drafting.wording import capitalised
from qbank.articles.model_drafting.answer import Answer, Proposal, read_answer, shown
from qbank.articles.model_drafting.candidates import RULE_NAME, candidate_of, vocabulary
from qbank.articles.model_drafting.client import Message, ModelError
from qbank.articles.model_drafting.faithful import why_unfaithful
from qbank.articles.model_drafting.prompt import addresses_a_model, messages_for
from qbank.items.flaws import Severity, check_item
from qbank.items.record import ItemRecord, OptionRecord, ReferenceRecord
from qbank.lexicon import Lexicon

USUAL_STATEMENTS = 40
WORDING = "one"  # "which one of the following": all that a model may add to the article's words
FAILED = "model_failed"
DROPPED = "model_item_dropped"
NOT_SENT = "statement_not_sent"
NONE_LEFT = "The language model gave no draft that passes the checks. These were drafted by rules."


class Asks(Protocol):
    """Whatever answers a conversation with a text, or raises ModelError."""

    def ask(self, messages: Sequence[Message], *, seed: int = 0) -> str:
        """Return the answer."""
        ...


@dataclass(frozen=True, slots=True)
class ModelReport(DraftReport):
    """A report with the proposals behind it, so that the same drafts can be made again without asking."""

    proposals: tuple[Proposal, ...] = ()
    with_rules: bool = False


class ModelDrafter:
    """Drafts from what a model proposes, beside the rules or alone; where the model fails, by rules.

    Nothing that the model does can end in an error: the report names what failed and what was dropped.
    """

    def __init__(
        self,
        service: Asks,
        *,
        with_rules: bool = False,
        max_statements: int = USUAL_STATEMENTS,
        lexicon: Lexicon | None = None,
    ) -> None:
        self.service = service
        self.with_rules = with_rules
        self.max_statements = max_statements
        self.lexicon = lexicon

    def draft(self, article: Article, *, seed: int = 0, rules: Collection[str] | None = None) -> DraftReport:
        """Return the drafts of an article; ``rules`` restricts the rules that draft beside or instead of the model.

        Raises UnknownRuleError for a rule that does not exist.
        """
        select_rules(rules)
        sent, problems = _sent(article, self.max_statements)
        answer = Answer(())
        if sent:
            try:
                answer = read_answer(self.service.ask(messages_for(article.title, sent), seed=seed))
            except ModelError as error:
                report = draft_items(article, seed=seed, rules=rules, lexicon=self.lexicon)
                return replace(report, problems=(*report.problems, *problems, _failure(error)))
        allowed = rules if self.with_rules else ()
        report = drafts_of(article, answer.proposals, seed=seed, rules=allowed, lexicon=self.lexicon, sent=sent)
        problems += [Problem(0, DROPPED, f"The model's {reason}; it was left out.") for reason in answer.refused]
        if not self.with_rules and not report.items:
            found = (*report.problems, *problems, Problem(0, FAILED, NONE_LEFT))
            report = draft_items(article, seed=seed, rules=rules, lexicon=self.lexicon)
            return replace(report, problems=tuple(dict.fromkeys((*report.problems, *found))))
        seen = {statement.id for statement in sent}
        kept = tuple(proposal for proposal in answer.proposals if proposal.statement in seen)
        found = (*report.problems, *problems)
        return ModelReport(report.items, report.without_item, found, kept, self.with_rules)


def drafts_of(
    article: Article,
    proposals: Sequence[Proposal],
    *,
    seed: int = 0,
    rules: Collection[str] | None = None,
    lexicon: Lexicon | None = None,
    sent: Sequence[Statement] | None = None,
) -> DraftReport:
    """Return the drafts that proposals give on an article, with those of the rules named (none: ``()``).

    Same article, same proposals: the same report. ``sent`` are the statements that the model saw, all by default.
    """
    screening = _Screening(proposals, article.statements if sent is None else sent)
    rule = Rule(RULE_NAME, "what a language model proposed", WORDING, screening.propose)
    report = draft_with(article, (*select_rules(rules), rule), seed=seed, lexicon=lexicon)
    return replace(report, problems=(*report.problems, *screening.problems(report)))


def _sent(article: Article, most: int) -> tuple[list[Statement], list[Problem]]:
    """Return the statements to send, and why others are kept back."""
    fit, problems = [], []
    for statement in article.statements:
        if addresses_a_model(statement):
            message = (
                f"{statement.id} reads like an instruction to a language model, and was not sent to it. "
                "Check the article's text."
            )
            problems.append(Problem(statement.line, NOT_SENT, message))
        elif len(statement.text) <= MAX_STATEMENT and not statement.text.rstrip().endswith(":"):
            fit.append(statement)
    if len(fit) > most:
        message = (
            f"Only the first {most} statements were sent to the language model, of {len(fit)}. "
            "Raise QBANK_DRAFTER_MAX_STATEMENTS to send more."
        )
        problems.append(Problem(fit[most].line, NOT_SENT, message))
    return fit[:most], problems


def _failure(error: ModelError) -> Problem:
    message = f"The language model gave no drafts: {error.message} These were drafted by rules. {error.cure}"
    return Problem(0, FAILED, message.strip())


class _Screening:
    """Looks at each proposal before it becomes a candidate, and remembers what was wrong with the others."""

    def __init__(self, proposals: Sequence[Proposal], sent: Sequence[Statement]) -> None:
        self.proposals = proposals
        self.sent = {statement.id: statement for statement in sent}
        self.offered: list[Candidate] = []
        self.dropped: list[tuple[Statement | None, str]] = []

    def propose(self, context: Context) -> Iterator[Candidate | Refusal]:
        """Yield the proposals that pass every check of one item, and why the other statements have none."""
        self.offered, self.dropped = [], []
        words = vocabulary(context)
        conflicts = {name: about for first, second, about in contradictions(context) for name in (first, second)}
        for proposal in self.proposals:
            statement = self.sent.get(proposal.statement)
            if statement is None:
                self.dropped.append((None, f"'{shown(proposal.statement)}' is no statement that was sent"))
                continue
            judged = _judge(context, candidate_of(context, statement, proposal, words), conflicts)
            if isinstance(judged, str):
                self.dropped.append((statement, judged))
                yield Refusal(statement.id, judged)
            else:
                self.offered.append(judged)
                yield judged
        named = {proposal.statement for proposal in self.proposals}
        for name in self.sent:
            if name not in named:
                yield Refusal(name, "it proposed no item for this statement")

    def problems(self, report: DraftReport) -> Iterator[Problem]:
        """Yield every proposal that gave no item, with the reason."""
        for statement, reason in self.dropped:
            where = f"for {statement.id} " if statement else ""
            line = statement.line if statement else 0
            yield Problem(line, DROPPED, f"An item that the model proposed {where}was left out: {reason}.")
        kept = Counter((item.stem, item.key_spans[0]) for item in report.items if item.rule == RULE_NAME)
        for candidate in self.offered:
            mark = (candidate.stem, (candidate.statement.id, candidate.start, candidate.end))
            kept[mark] -= 1
            if kept[mark] < 0:
                message = (
                    f"An item that the model proposed for {candidate.statement.id} was left out: "
                    "the same question is drafted already, or its statement has enough drafts."
                )
                yield Problem(candidate.statement.line, DROPPED, message)


def _judge(context: Context, candidate: Candidate | str, conflicts: dict[str, str]) -> Candidate | str:
    """Return the candidate, or the first reason for which it is no item."""
    if isinstance(candidate, str):
        return candidate
    if candidate.statement.id in conflicts:
        return f"the article contradicts itself about {conflicts[candidate.statement.id]}"
    reason = why_refused(context, candidate, WORDING) or why_unfaithful(context, candidate)
    if reason is not None:
        return reason
    chosen = choose_options(context, candidate, Positions(context.seed))
    if isinstance(chosen, str):
        return chosen
    return _flaw(context, candidate, chosen) or candidate


def _flaw(context: Context, candidate: Candidate, chosen: Chosen) -> str | None:
    """Return the first flaw of item writing; hints are for the reviewers."""
    options = [OptionRecord(capitalised(one.text), rationale="-") for one in chosen.distractors]
    options.insert(chosen.key_place, OptionRecord(option_text(candidate), key=True, rationale="-"))
    record = ItemRecord(candidate.stem, tuple(options), references=(ReferenceRecord("-"),))
    for found in check_item(record, lexicon=context.lexicon):
        if found.severity is not Severity.HINT:
            return f"{found.message.rstrip('.')} ({found.code})"
    return None
