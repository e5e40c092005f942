"""Drafting with a language model: off by default, and never believed without the checks that rules pass too.

A model may only choose words: which stretch of a statement is the key, how the statement reads with a question in
the key's place, which terms stand beside it. Evidence, rationales, references and objectives are written from the
article as for every draft, and a proposal that breaks one check is dropped and reported.
"""

from qbank.articles.model_drafting.client import ModelError, ModelService
from qbank.articles.model_drafting.drafter import ModelDrafter, ModelReport
from qbank.articles.model_drafting.factory import asks_a_model, drafter_of, failure_of, kept_of, redraft

__all__ = [
    "ModelDrafter",
    "ModelError",
    "ModelReport",
    "ModelService",
    "asks_a_model",
    "drafter_of",
    "failure_of",
    "kept_of",
    "redraft",
]
