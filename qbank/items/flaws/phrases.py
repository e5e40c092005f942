"""Head nouns of options, their number, and what kind of thing they name."""

from __future__ import annotations

import re

from qbank.items.flaws.reading import SemanticTypes, words
from qbank.lexicon.terms import singular

_TAIL = re.compile(
    r"\s(?:of|in|with|without|from|for|to|by|on|at|after|during|due|caused|among|against|than|that|which)\b.*"
    r"|\s?[(,].*",
    re.DOTALL | re.IGNORECASE,
)
# Singular in spite of the s; plurals of the regular kind are found by rule.
_SINGULAR = frozenset(
    words(
        "diabetes rickets measles mumps herpes shingles scabies series species ascites feces forceps "
        "caries rabies lens pancreas biceps triceps atlas facies bias gas graves tabes zoster hives"
    )
)

# Lexicon types that are alike enough to stand side by side. A type that is not here is judged by nobody.
_KIND_OF_TYPE = {
    "hormone": "substance", "cytokine": "substance", "drug": "substance", "drug class": "substance",
    "nutrient": "substance", "signalling protein": "substance", "enzyme": "substance",
    "deficiency": "condition", "disease": "condition", "adverse effect": "condition", "fracture": "condition",
    "symptom": "condition", "excess": "condition", "imbalance": "condition",
    "procedure": "procedure", "test": "test", "risk score": "test",
    "bone site": "part of the body", "organ": "part of the body", "cell type": "cell",
}  # fmt: skip
_KIND_OF_HEAD = {
    **dict.fromkeys(
        words(
            "deficiency insufficiency syndrome disease disorder infection carcinoma cancer tumor tumour "
            "failure anemia anaemia "
            "hypertension ulcer abscess rupture thrombosis embolism infarction toxicity poisoning excess"
        ),
        "condition",
    ),
    **dict.fromkeys(
        words(
            "extraction surgery biopsy resection repair bypass transplantation transplant replacement "
            "removal excision drainage "
            "amputation catheterization stenting"
        ),
        "procedure",
    ),
    **dict.fromkeys(words("scan radiograph ultrasound assay culture smear test"), "test"),
}
_KIND_OF_ENDING = (
    (re.compile(r"(?:ectomy|otomy|ostomy|plasty|centesis|pexy|rrhaphy)\Z"), "procedure"),
    (re.compile(r"(?:scopy|graphy|gram)\Z"), "test"),
    (re.compile(r"(?:itis|[^l]emia|aemia|[^ip]osis|oma|opathy|algia|penia|uria|plegia)\Z"), "condition"),
    (
        re.compile(r"(?:mab|pril|sartan|statin|olol|cillin|dronate|prazole|floxacin|gliptin|cycline|azole)\Z"),
        "substance",
    ),
)
_NOUN = {
    "condition": "a condition", "procedure": "a procedure", "test": "a test", "substance": "a substance",
    "part of the body": "a part of the body", "cell": "a cell",
}  # fmt: skip


def head_phrase(phrase: str) -> str:
    """Return the phrase up to its first preposition or comma: "lack of estrogen" is "lack"."""
    return _TAIL.sub("", phrase) or phrase


def head_noun(phrase: str) -> str:
    """Return the head noun in the singular and lower case, empty where there is none."""
    found = words(head_phrase(phrase))
    return singular(found[-1]) if found and found[-1].isalpha() else ""


def is_plural(phrase: str) -> bool:
    """Say whether the head noun is a plural, as far as its form shows."""
    found = words(head_phrase(phrase))
    last = found[-1] if found else ""
    return last not in _SINGULAR and not last.endswith(("as", "ans", "'s")) and singular(last) != last


def kind_of(phrase: str, lexicon: SemanticTypes | None) -> str | None:
    """Return what kind of thing a phrase names ("condition", "procedure", ...), None where that is not sure."""
    head = head_phrase(phrase)
    noun = head_noun(phrase)
    if noun in _KIND_OF_HEAD:
        return _KIND_OF_HEAD[noun]
    found = lexicon.semantic_type(head) if lexicon else None
    if found is not None:
        return _KIND_OF_TYPE.get(found)
    return next((kind for ending, kind in _KIND_OF_ENDING if len(noun) > 5 and ending.search(noun)), None)


def named_kind(kind: str) -> str:
    """Return a kind with its article, for messages."""
    return _NOUN.get(kind, f"a {kind}")


def plural_of(noun: str) -> str:
    """Return the plural of a head noun, for messages."""
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    if noun.endswith("sis"):
        return noun[:-2] + "es"
    return noun + ("es" if noun.endswith(("s", "x", "ch", "sh")) else "s")
