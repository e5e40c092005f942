"""What a test process works out once: the code of the templates, and the SQL of the statements.

Every test has an application and an engine of its own. Each of them would translate all templates and all
statements again, which took most of the time of the tests of pages. The results are kept by what they were made
from, so a template or a statement that differs is translated as ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType
from typing import Any

import sqlalchemy as sa
from flask import Flask
from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket


class TemplateCode(BytecodeCache):
    """Keeps the code of a template in memory, by its source and by how its environment reads sources."""

    def __init__(self) -> None:
        self.known: dict[tuple[object, ...], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give the code of a template that was compiled before."""
        bucket.code = self.known.get(_key(bucket))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the code of a template."""
        assert bucket.code is not None
        self.known[_key(bucket)] = bucket.code


def _key(bucket: Bucket) -> tuple[object, ...]:
    environment: Environment = bucket.environment
    return (
        bucket.key, bucket.checksum, environment.trim_blocks, environment.lstrip_blocks,
        environment.keep_trailing_newline, environment.undefined, environment.finalize, tuple(environment.extensions),
        environment.optimized, frozenset(environment.filters), frozenset(environment.tests),
    )  # fmt: skip


@contextmanager
def templates_once() -> Iterator[TemplateCode]:
    """While this lasts, applications share the code of their templates."""
    kept, make = TemplateCode(), Flask.create_jinja_environment

    def create_jinja_environment(app: Flask) -> Any:
        environment = make(app)
        environment.bytecode_cache = kept
        return environment

    Flask.create_jinja_environment = create_jinja_environment  # type: ignore[method-assign]
    try:
        yield kept
    finally:
        Flask.create_jinja_environment = make  # type: ignore[method-assign]


# A dialect holds what the driver can do and what the server is; it is the same for every database of one kind here.
_dialects: dict[str, tuple[sa.Dialect, Any]] = {}


def share_statements(engine: sa.Engine) -> None:
    """Let this engine use the SQL that engines on the same kind of database have compiled before it."""
    dialect, cache = _dialects.setdefault(engine.dialect.name, (engine.dialect, engine._compiled_cache))
    engine.dialect, engine._compiled_cache = dialect, cache
    engine.pool._dialect = dialect
