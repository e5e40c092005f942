"""The addresses of images. Whoever may not see one is told that there is none."""

from __future__ import annotations

from flask import Response, jsonify, request, send_file
from flask.typing import ResponseReturnValue

from qbank.errors import NotFoundError
from qbank.media import access, service
from qbank.media.blueprint import bp
from qbank.media.shelf import SHA, Shelf
from qbank.security.guard import person
from qbank.security.permissions import Permission, allow, may
from qbank.web.transaction import db, settings

POLICY = "default-src 'none'; sandbox"


@bp.get("/<sha256>")
@allow(Permission.SIGNED_IN)
def show(sha256: str) -> ResponseReturnValue:
    """Send an image to somebody who may see a text that shows it."""
    if not SHA.match(sha256):
        raise NotFoundError("There is no such image.")
    who, shelf = person(), Shelf(settings().data_dir)
    allowed = may(who.roles, Permission.AUTHOR) or access.may_see(db(), who.id, sha256)
    content_type = shelf.content_type(sha256) if allowed else None
    if content_type is None:
        raise NotFoundError("There is no such image.")
    response: Response = send_file(shelf.path(sha256), mimetype=content_type, conditional=True, etag=sha256)
    # The browser keeps it and asks each time: a right to see it that has ended must end there too.
    response.cache_control.private = True
    response.cache_control.no_cache = True
    response.headers["Content-Security-Policy"] = POLICY
    return response


@bp.post("/")
@allow(Permission.AUTHOR)
def upload() -> ResponseReturnValue:
    """Keep an image that the desk's script sends; answer with the Markdown that shows it."""
    file = request.files.get("image")
    shelf, alt = Shelf(settings().data_dir), request.form.get("image_alt", "")
    data, name = (file.read(), file.filename or "") if file else (b"", "")
    return jsonify(markdown=service.add(db(), shelf, person(), data, name, alt)), 201
