"""What the bank holds of a person: every column that points to one, what an export says of it, what a deletion does.

One line a column. A table that comes to point to a person gets its line here; a test walks the tables and fails
until it has one. ``through`` reaches rows that belong to a person by way of another row of theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Fate(StrEnum):
    """What becomes of the rows when the person's account is deleted."""

    DELETE = "delete"
    BLANK = "blank"  # the row stays, with the named columns emptied
    KEEP = "keep"  # the row stays as it is and points to somebody without a name


@dataclass(frozen=True, slots=True)
class Handler:
    """How one column that points to a person is exported and erased.

    ``title`` names the rows in the export; "" leaves them out of it, because they are in the history already or say
    nothing of the person. ``why`` is the reason for the fate, in words for the person. ``blank`` maps a column to what
    it holds afterwards. ``through`` is the table by whose person the rows are found; ``column`` then points to its id.
    """

    table: str
    column: str
    fate: Fate
    why: str
    title: str = ""
    blank: tuple[tuple[str, object], ...] = ()
    through: str = ""


D, B, K = Fate.DELETE, Fate.BLANK, Fate.KEEP
ANSWERS = "Answers stay, so that the figures of the questions stay true."
WORK = "What you made for the bank stays; your name is taken off it."
LOG = "The log of what was done stays complete; your name is taken off it."
OWN = "It is of use to you alone."

HANDLERS: tuple[Handler, ...] = (
    # accounts
    Handler("person_role", "person_id", D, OWN, "roles"),
    Handler("sign_in", "person_id", D, OWN, "sign_ins"),
    Handler("invitation", "invited_by_id", K, LOG, "invitations"),
    Handler("audit_event", "person_id", B, LOG, "log", blank=(("address", ""),)),
    # answers
    Handler("study_pass", "person_id", K, ANSWERS, "passes"),
    Handler("block", "person_id", B, ANSWERS, "blocks", blank=(("name", "Block"),)),
    Handler("learner_ability", "person_id", K, ANSWERS, "abilities"),
    Handler("mark", "person_id", D, OWN, "marks"),
    Handler("note", "person_id", D, OWN, "notes"),
    Handler("saved_filter", "person_id", D, OWN, "saved_filters"),
    Handler("problem_report", "person_id", K, "A report is about the question; your name is taken off it.", "reports"),
    Handler("problem_report", "resolved_by_id", K, WORK, "resolved_reports"),
    Handler("score_notice", "person_id", D, OWN, "score_notices"),
    Handler("annulment", "person_id", K, LOG, "annulments"),
    # spaced review and readiness
    Handler("review_card", "person_id", D, OWN, "review_cards"),
    Handler("review_log", "card_id", D, OWN, "reviews", through="review_card"),
    Handler("review_parameters", "person_id", D, OWN, "review_parameters"),
    Handler("exam_target", "person_id", D, OWN, "exam_target"),
    # groups
    Handler("group_member", "person_id", D, "You leave your groups.", "group_memberships"),
    Handler("learner_group", "created_by_id", K, WORK, "groups_made"),
    # authors' and reviewers' work
    Handler("article", "owner_id", K, WORK, "articles"),
    Handler("article_revision", "loaded_by_id", K, WORK, "article_revisions"),
    Handler("statement_citation", "confirmed_by_id", K, WORK),
    Handler("item", "owner_id", K, WORK, "items_owned"),
    Handler("item_version", "author_id", K, WORK, "item_versions"),
    Handler("vignette_version", "author_id", K, WORK, "vignettes"),
    Handler("media", "uploaded_by_id", K, WORK, "images"),
    Handler("flaw_waiver", "person_id", K, WORK, "dismissed_warnings"),
    Handler("review_vote", "reviewer_id", K, WORK, "votes"),
    Handler("state_change", "person_id", K, LOG, "steps"),
    Handler("check_needed", "cleared_by_id", K, WORK, "checks_done"),
    Handler("reference_change", "person_id", K, LOG, "reference_changes"),
    Handler("import_run", "person_id", K, WORK, "imports"),
)
