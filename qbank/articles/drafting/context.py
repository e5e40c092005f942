"""What the rules look at: the article, its terms, and who or what each statement is about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from qbank.articles.document import Article, Statement
from qbank.articles.drafting.quantities import quantities_in
from qbank.articles.drafting.relations import Relation, relations_in
from qbank.articles.drafting.short_forms import ShortForms
from qbank.articles.drafting.values import Interval
from qbank.articles.drafting.wording import lowered, padded, population_phrases, strip_brackets
from qbank.lexicon import Lexicon, Term, normalise

MAX_STATEMENT = 1200  # characters; what is longer is a paragraph that no single question can rest on
_LEAD_SUBJECT = re.compile(
    r"^(?P<subject>[^,:;.]{2,60}?)\s+(?:plays?|has|have|acts?|maintains?|exerts?|works?|affects?|influences?|"
    r"protects?|regulates?|is|are|can|may|does|do|causes?|leads?)\b"
)
_TOPIC_HEADING = re.compile(
    r"^(?:introduction|background|overview|summary|conclusions?|results?|methods?|discussion|references?|abstract|other)\b"
    r"|\b(?:and|strateg\w+|interventions?|approach\w*|considerations?|management|epidemiology|assessment|follow-up|"
    r"pathophysiology|agents?)\b",
    re.IGNORECASE,
)
_CONDITION = re.compile(r"^(?:when|if|in|among|during|after|with|once|while)\b[^:,]*", re.IGNORECASE)
_PRESENT = re.compile(
    r"^(?:while|when|as long as) (?P<subject>[^,:;]{2,40}?) (?:is|are) (?:present|active|available)\b", re.I
)


@dataclass(frozen=True)
class Mention:
    """A term that an article names, as first written there, and the statements that name it."""

    term: Term
    written: str
    statements: tuple[str, ...]


@dataclass(frozen=True)
class Context:
    """An article ready for drafting. Everything derived is computed once and kept."""

    article: Article
    lexicon: Lexicon
    seed: int = 0
    skipped: dict[str, str] = field(default_factory=dict)  # statement id -> why no rule looks at it

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """Return the statements that rules look at."""
        return tuple(one for one in self.article.statements if one.id not in self.skipped)

    @cached_property
    def short_forms(self) -> ShortForms:
        """Return the abbreviations that the article explains."""
        return ShortForms.of(self.article, self.lexicon)

    @cached_property
    def own_words(self) -> dict[str, str]:
        """Return the normalised words of each statement, padded."""
        return {one.id: padded(one.text) for one in self.article.statements}

    @cached_property
    def all_words(self) -> dict[str, str]:
        """Return the normalised words of each statement with its headings and lead-in, padded."""
        return {one.id: padded(" . ".join(surroundings(one))) for one in self.article.statements}

    @cached_property
    def mentions(self) -> tuple[Mention, ...]:
        """Return the terms that the article names, in the order of their first mention."""
        found: dict[tuple[str, str], tuple[Term, str, list[str]]] = {}
        for statement in self.statements:
            for spot in self.lexicon.spot(statement.text):
                key = (spot.term.semantic_type, spot.term.name)
                written = statement.text[spot.start : spot.end]
                entry = found.setdefault(key, (spot.term, lowered(written, self.lexicon), []))
                if statement.id not in entry[2]:
                    entry[2].append(statement.id)
        return tuple(Mention(term, written, tuple(ids)) for term, written, ids in found.values())

    @cached_property
    def relations(self) -> tuple[Relation, ...]:
        """Return every "SUBJECT promotes / suppresses OBJECT" of the article."""
        return tuple(relation for one in self.statements for relation in relations_in(one, self.subject_of(one) or ""))

    @cached_property
    def _by_word(self) -> dict[str, tuple[Statement, ...]]:
        index: dict[str, list[Statement]] = {}
        for statement in self.article.statements:
            for word in dict.fromkeys(self.all_words[statement.id].split()):
                index.setdefault(word, []).append(statement)
        return {word: tuple(found) for word, found in index.items()}

    def statements_naming(self, names: tuple[str, ...]) -> Iterator[tuple[Statement, str]]:
        """Yield (statement, name) where a statement or its headings hold one of the normalised names.

        A statement also names "resistance exercise" when it says "resistance and weight-bearing exercise".
        """
        for name in names:
            words = name.split()
            rarest = min((self._by_word.get(word, ()) for word in words), key=len, default=())
            for statement in rarest:
                held = self.all_words[statement.id]
                if f" {name} " in held or _named_with_shared_head(words, held):
                    yield statement, name

    def names_any(self, statement: Statement, names: tuple[str, ...]) -> bool:
        """Return whether a statement or its headings hold one of the normalised names; see `statements_naming`."""
        held = self.all_words[statement.id]
        return any(f" {name} " in held or _named_with_shared_head(name.split(), held) for name in names)

    @cached_property
    def by_value(self) -> dict[Interval, tuple[Statement, ...]]:
        """Return the statements that give a value, by the value."""
        found: dict[Interval, dict[str, Statement]] = {}
        for statement in self.article.statements:
            for quantity in quantities_in(statement.text):
                found.setdefault(quantity.value, {})[statement.id] = statement
        return {value: tuple(statements.values()) for value, statements in found.items()}

    @cached_property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """Return the lexicon's pairs that may be true together, normalised."""
        return tuple((normalise(about), normalise(fact)) for about, fact in self.lexicon.facts)

    @cached_property
    def by_subject(self) -> dict[str, dict[bool, dict[str, tuple[Relation, str]]]]:
        """Return, by canonical subject and direction, the objects by canonical name: the first relation, its words."""
        found: dict[str, dict[bool, dict[str, tuple[Relation, str]]]] = {}
        for relation in self.relations:
            directions = found.setdefault(self.canonical(relation.subject), {True: {}, False: {}})
            for words in relation.objects:
                directions[relation.up].setdefault(self.canonical(words), (relation, words))
        return found

    @cached_property
    def _canonical(self) -> dict[str, str]:
        return {}

    def canonical(self, text: str) -> str:
        """Return the normalised words of a text with every term under its usual name."""
        known = self._canonical.get(text)
        if known is None:
            pieces, at = [], 0
            for spot in self.lexicon.spot(text):
                pieces += [normalise(text[at : spot.start]), normalise(spot.term.name)]
                at = spot.end
            pieces.append(normalise(text[at:]))
            known = self._canonical[text] = " ".join(piece for piece in pieces if piece)
        return known

    def subject_of(self, statement: Statement) -> str | None:
        """Return what a statement without a subject of its own speaks of: its lead-in's subject, or its heading.

        Headings that name a chapter ("Epidemiology and Risk Assessment") are no subject.
        """
        if statement.lead_in:
            lead_in = statement.lead_in.strip()
            match = _PRESENT.match(lead_in) or (None if _CONDITION.match(lead_in) else _LEAD_SUBJECT.match(lead_in))
            if match:
                return lowered(match["subject"].strip(), self.lexicon)
        if statement.section and not _TOPIC_HEADING.search(statement.section[-1]):
            heading = re.sub(r"^[\d.]+\s+", "", statement.section[-1]).strip()
            if 0 < len(heading.split()) <= 6 and not heading.endswith("?"):
                return self.heading_phrase(heading)
        return None

    def heading_phrase(self, heading: str) -> str:
        """Return a heading as a phrase within a sentence: title case is taken back, abbreviations stay."""
        words = strip_brackets(heading).split()
        return " ".join(lowered(word, self.lexicon) for word in words)

    def condition_of(self, statement: Statement) -> str | None:
        """Return the condition that a lead-in sets ("when estrogen levels decline during menopause"), if any."""
        lead_in = (statement.lead_in or "").strip().rstrip(":").strip()
        match = _CONDITION.match(lead_in)
        if match is None or _PRESENT.match(lead_in):
            return None
        return lowered(match.group().strip(), self.lexicon)

    @cached_property
    def population(self) -> str:
        """Return the group of people of the title with its preposition, or an empty text."""
        return next(iter(population_phrases(self.article.title)), "")

    def relatives(self, phrase: str) -> tuple[str, ...]:
        """Return the normalised names under which the article may speak of a phrase.

        These are the phrase, its synonyms, the name of its class, and for a class its members.
        """
        found = [normalise(strip_brackets(phrase)), normalise(phrase), *self.short_forms.other_forms(phrase)]
        for term in self.lexicon.find_all(strip_brackets(phrase)):
            found.extend(normalise(name) for name in term.names)
            if term.class_:
                for class_term in self.lexicon.find_all(term.class_):
                    found.extend(normalise(name) for name in class_term.names)
            found.extend(self._members.get(normalise(term.name), ()))
        return tuple(dict.fromkeys(name for name in found if name))

    @cached_property
    def _members(self) -> dict[str, tuple[str, ...]]:
        members: dict[str, list[str]] = {}
        for term in self.lexicon.terms:
            if term.class_:
                members.setdefault(normalise(term.class_), []).extend(normalise(name) for name in term.names)
        return {class_: tuple(names) for class_, names in members.items()}

    def article_terms_like(self, phrase: str) -> Iterator[Mention]:
        """Yield the article's terms of the likeliest type of a phrase."""
        kind = self.lexicon.semantic_type(phrase)
        for mention in self.mentions:
            if kind is not None and mention.term.semantic_type == kind:
                yield mention

    def lexicon_terms_like(self, phrase: str) -> Iterator[Term]:
        """Yield the lexicon's terms that can stand beside a phrase, those of its own class first."""
        term = self.lexicon.find(strip_brackets(phrase))
        if term is not None:
            yield from self.lexicon.siblings(term)
            return
        for kind in self.lexicon.semantic_types(phrase)[:1]:
            yield from self.lexicon.of_type(kind)


def _named_with_shared_head(words: list[str], held: str) -> bool:
    """Return whether a name stands in a text with its head noun shared: "vertebral, hip and wrist fractures"."""
    if len(words) < 2:
        return False
    front, head = f" {' '.join(words[:-1])} ", f" {words[-1]} "
    at = held.find(front)
    if at < 0:
        return False
    between = held[at + len(front) - 1 :].split(head, maxsplit=1)
    return len(between) == 2 and len(between[0].split()) <= 6 and bool({"and", "or"} & set(between[0].split()))


def surroundings(statement: Statement) -> tuple[str, ...]:
    """Return what frames a statement and the statement itself: headings, lead-in, text."""
    return (*statement.section, statement.lead_in or "", statement.text)
