"""Static files under an address that changes with their content, so that an upgrade reaches every browser at once.

The version is a folder in the address and not a query: scripts import one another by relative addresses, which
keep the folder. Such a file may be kept for a year. Without the version, or with one that is no longer served, the
present file is given and has to be asked for again each time.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from flask import Flask, Response, send_from_directory

YEAR = 365 * 24 * 3600
SIGN = "v-"  # no static folder begins like this


def version_of(folder: Path) -> str:
    """Return a short hash over the names and contents of all files in the folder."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return SIGN + digest.hexdigest()[:12]


def install(app: Flask) -> None:
    """Put the version into every address that ``url_for("static", ...)`` makes, and serve such addresses."""
    folder = Path(app.static_folder or "")
    version = version_of(folder)

    @app.url_defaults
    def _add(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and isinstance(values.get("filename"), str):
            values["filename"] = f"{version}/{values['filename']}"

    def serve(filename: str) -> Response:
        first, _, rest = filename.partition("/")
        versioned = first.startswith(SIGN)
        response = send_from_directory(folder, rest if versioned else filename)
        if first == version:
            response.cache_control.no_cache = None
            response.cache_control.public = True
            response.cache_control.max_age = YEAR
            response.cache_control.immutable = True
        return response

    app.view_functions["static"] = serve
