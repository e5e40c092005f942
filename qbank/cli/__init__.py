"""The ``qbank`` command. Each command's module is loaded when it is called: reading an article needs no Flask."""

from __future__ import annotations

import os
import sys
from importlib import import_module

import click

from qbank import __version__

# command -> module and attribute
COMMANDS = {
    "article": "qbank.cli.article:article",
    "backup": "qbank.cli.operations:backup",
    "block": "qbank.cli.block:block",
    "calibrate": "qbank.cli.calibrate:calibrate",
    "check": "qbank.cli.check:check",
    "content": "qbank.cli.content:content",
    "convert": "qbank.cli.convert:convert",
    "db": "qbank.cli.operations:db",
    "demo": "qbank.cli.demo:demo",
    "doctor": "qbank.cli.operations:doctor",
    "export": "qbank.cli.export_items:export_items",
    "import": "qbank.cli.import_items:import_items",
    "media": "qbank.cli.media:media",
    "rebuild": "qbank.cli.block:rebuild",
    "restore": "qbank.cli.operations:restore",
    "review": "qbank.cli.review:review",
    "search": "qbank.cli.search:search",
    "serve": "qbank.cli.serve:serve",
    "stats": "qbank.cli.stats:stats",
    "user": "qbank.cli.user:user",
}


class LazyGroup(click.Group):
    """A group that imports a command only when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands' names."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return one command, importing its module; None for an unknown name."""
        where = COMMANDS.get(cmd_name)
        if where is None:
            return None
        module, attribute = where.split(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="qbank")
def cli() -> None:
    """Run and look after a qbank: a question bank for medical board examinations."""


def main() -> None:
    """Run the command line. Exit codes: 0 done, 1 refused or problems found, 2 wrong use."""
    from qbank.cli.edge import explain

    try:
        # outside standalone mode click returns the code of an Exit instead of leaving with it
        sys.exit(cli.main(standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except click.Abort:
        click.echo("stopped", err=True)
        sys.exit(1)
    except Exception as error:
        click.echo(explain(error), err=True)
        sys.exit(1)
