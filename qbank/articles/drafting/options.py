"""From a candidate's pool of distractors to three to five options in their order."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from qbank.articles.drafting.closed_world import why_barred
from qbank.articles.drafting.context import Context
from qbank.articles.drafting.quantities import clearly_apart
from qbank.articles.drafting.values import Candidate, Distractor
from qbank.articles.drafting.wording import capitalised, padded, strip_brackets
from qbank.lexicon import normalise

FEWEST_DISTRACTORS = 2
USUAL_DISTRACTORS = 3
MOST_DISTRACTORS = 4
_JOINTS = {"of", "the", "at", "in", "a", "an"}
LONG_KEY = 24  # characters, from which a key twice as long as any distractor gives itself away
FAR = 4  # an article's value that differs by more than this ratio is no plausible distractor


@dataclass
class Positions:
    """Where keys have gone so far, so that no place is favoured. The seed settles ties."""

    seed: int
    counts: dict[int, int] = field(default_factory=dict)

    def choose(self, size: int, token: str) -> int:
        """Return the place for a key among ``size`` options: the least used, ties by a hash of the token."""
        return min(range(size), key=lambda place: (self.counts.get(place, 0), digest(self.seed, token, place)))

    def record(self, place: int) -> None:
        """Count a key at this place."""
        self.counts[place] = self.counts.get(place, 0) + 1


def digest(*parts: object) -> str:
    """Return a hash that is the same on every machine and in every run."""
    return hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Chosen:
    """The options of an item: the distractors in order, and the place of the key among all options."""

    distractors: tuple[Distractor, ...]
    key_place: int


def choose_options(context: Context, candidate: Candidate, positions: Positions) -> Chosen | str:
    """Return the options of a candidate, or the reason why there are fewer than three good ones."""
    good, reasons = _good(context, candidate)
    if len(good) < FEWEST_DISTRACTORS:
        reason = f"fewer than three good options for '{candidate.key}'"
        return f"{reason} ({reasons[0]})" if reasons else reason
    token = f"{candidate.rule} {candidate.stem} {candidate.key}"
    if candidate.value is not None:
        chosen = _numeric(candidate, good, positions, token)
        if len(chosen.distractors) < FEWEST_DISTRACTORS:  # what is left of the article's values is too far off
            return f"fewer than three good options near '{candidate.key}'"
        return chosen
    most = MOST_DISTRACTORS if candidate.rule == "contrast" else USUAL_DISTRACTORS
    kept = good[:most]
    longest = max(len(one.text) for one in kept)
    if not candidate.phrases and len(candidate.key) > LONG_KEY and len(candidate.key) > 2 * longest:
        return f"'{candidate.key}' would stand out among the options by its length"
    kept = sorted(kept, key=lambda one: digest(context.seed, token, one.text))
    return Chosen(tuple(kept), positions.choose(len(kept) + 1, token))


def _good(context: Context, candidate: Candidate) -> tuple[list[Distractor], list[str]]:
    kept: list[Distractor] = []
    reasons: list[str] = []
    enough = 12 if candidate.value is not None else MOST_DISTRACTORS
    for distractor in candidate.distractors:
        if len(kept) == enough:
            break
        reason = _why_unfit(context, candidate, distractor, kept) or why_barred(context, candidate, distractor)
        if reason is None:
            kept.append(distractor)
        else:
            reasons.append(reason)
    return kept, reasons


def _why_unfit(context: Context, candidate: Candidate, distractor: Distractor, kept: list[Distractor]) -> str | None:
    if candidate.value is not None:
        if distractor.value is None:
            return "not a number"
        others = [candidate.value, *(one.value for one in kept if one.value is not None)]
        apart = all(clearly_apart(distractor.value, other) for other in others)
        return None if apart else f"'{distractor.text}' overlaps another value"
    texts = [candidate.key, *(one.text for one in kept)]
    if candidate.phrases:
        return "said twice" if any(padded(distractor.text) == padded(text) for text in texts) else None
    if any(overlaps(context, distractor.text, text) for text in texts):
        return f"'{distractor.text}' overlaps another option"
    if padded(strip_brackets(distractor.text)) in padded(candidate.stem):
        return f"'{distractor.text}' stands in the question"
    if candidate.rule == "contrast":  # the article itself set these against the key
        return None
    return _unlike(context, candidate.key, distractor)


def _unlike(context: Context, key: str, distractor: Distractor) -> str | None:
    """Return a reason unless both are of one kind; where neither kind is known, a contradiction must vouch."""
    types, other = context.lexicon.semantic_types(key), context.lexicon.semantic_types(distractor.text)
    if set(types) & set(other):
        return None
    if distractor.contradicted_by is not None and (context.lexicon.alike(key, distractor.text) or not (types or other)):
        return None
    return f"'{distractor.text}' is not alike in kind"


def overlaps(context: Context, first: str, second: str) -> bool:
    """Return whether two options are the same, one within the other, synonyms, or a class and its member."""
    one, two = padded(strip_brackets(first)), padded(strip_brackets(second))
    if one in two or two in one or _same_by_short_form(context, first, second):
        return True
    one_words, two_words = set(one.split()) - _JOINTS, set(two.split()) - _JOINTS
    if one_words and two_words and (one_words <= two_words or two_words <= one_words):
        return True  # "BMD at the femoral neck" is "femoral neck BMD"
    for term in context.lexicon.find_all(strip_brackets(first)):
        for other in context.lexicon.find_all(strip_brackets(second)):
            if (
                term.name == other.name
                or _is_class_of(term.class_, other.names)
                or _is_class_of(other.class_, term.names)
            ):
                return True
    return False


def _same_by_short_form(context: Context, first: str, second: str) -> bool:
    """Return whether one option is the abbreviation of the other, as the article explains it."""
    one, two = ({normalise(text), *context.short_forms.same(text)} for text in map(strip_brackets, (first, second)))
    return not one.isdisjoint(two)


def _is_class_of(class_: str | None, names: tuple[str, ...]) -> bool:
    return class_ is not None and normalise(class_) in {normalise(name) for name in names}


def _numeric(candidate: Candidate, good: list[Distractor], positions: Positions, token: str) -> Chosen:
    """Choose values so that the sorted list puts the key near the place whose turn it is."""
    value = candidate.value
    assert value is not None
    wanted = positions.choose(USUAL_DISTRACTORS + 1, token)
    first = [one for one in good if one.origin != "ladder" and _near(one, candidate)][:USUAL_DISTRACTORS]
    rest = [one for one in good if one.origin == "ladder"]
    chosen = list(first)
    while rest and len(chosen) < USUAL_DISTRACTORS:
        below = sum(1 for one in chosen if one.value is not None and one.value < value)
        side = [one for one in rest if one.value is not None and (one.value < value) == (below < wanted)]
        pick = (side or rest)[0]
        chosen.append(pick)
        rest.remove(pick)
    chosen.sort(key=lambda one: one.value or value)
    return Chosen(tuple(chosen), sum(1 for one in chosen if one.value is not None and one.value < value))


def _near(distractor: Distractor, candidate: Candidate) -> bool:
    value, key = distractor.value, candidate.value
    if value is None or key is None or distractor.origin == "statement":
        return True
    small, large = sorted((abs(value[0]), abs(key[0])))
    return small > 0 and large / small <= FAR


def option_text(candidate: Candidate) -> str:
    """Return the key as an option."""
    return capitalised((candidate.key_text or candidate.key).strip())
