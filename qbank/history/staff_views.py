"""What staff may open of a learner's ended block: each item with its explanation, as the learner saw it."""

from __future__ import annotations

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from qbank.blocks import explaining
from qbank.blocks.room import QuotedStatement
from qbank.history import access, details
from qbank.history.blueprint import OF, bp, make_frame
from qbank.security.permissions import Permission, allow
from qbank.web.transaction import db, settings


def _statement_address(statement: QuotedStatement) -> str:
    slug, revision, key = statement.article_slug, statement.revision, statement.key
    return url_for("articles.show", slug=slug, revision=revision, _anchor=key)


@bp.get(f"{OF}/blocks/<token>/<int(max=99999):position>")
@allow(Permission.MANAGE_GROUPS)
def explained(person_id: int, token: str, position: int) -> ResponseReturnValue:
    """Show one item of a learner's ended block: version, option order, choice and explanation as the learner had them.

    The learner's own notes and marks are not shown.
    """
    frame = make_frame(person_id)
    block = access.ended_block(db(), frame.who, token)
    delivery, version = details.met(db(), block, position)
    return render_template(
        "history/explained.html",
        frame=frame,
        block=block,
        delivery=delivery,
        version=version,
        explanation=explaining.explanation(db(), delivery, min_peers=settings().min_peers),
        statement_address=_statement_address,
    )
