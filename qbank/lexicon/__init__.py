"""Medical terms with their semantic types: what is alike in kind with what. Pure; no database."""

from qbank.lexicon.loading import LexiconError, load_lexicon
from qbank.lexicon.terms import Lexicon, Spotted, Term, normalise

__all__ = ["Lexicon", "LexiconError", "Spotted", "Term", "load_lexicon", "normalise"]
