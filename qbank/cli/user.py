"""``qbank user``: people from the command line."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from qbank.cli.edge import settings, transaction

ROLES = click.Choice(["student", "educator", "administrator"])


@click.group()
def user() -> None:
    """Add people, change their roles, list them."""


@user.command()
@click.argument("email")
@click.option("--name", required=True)
@click.option("--role", "roles", type=ROLES, multiple=True, default=["student"], show_default=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def add(email: str, name: str, roles: tuple[str, ...], password_stdin: bool) -> None:
    """Make an account for EMAIL."""
    from qbank.accounts import service
    from qbank.accounts.models import Role

    if password_stdin:
        password: str = sys.stdin.readline().rstrip("\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    chosen = settings()
    wanted = {Role(each) for each in roles}
    with transaction(chosen) as session:
        service.create_person(session, chosen, email=email, name=name, password=password, roles=wanted)
    click.echo(f"made the account of {email}", err=True)


@user.command("role")
@click.argument("email")
@click.argument("roles", nargs=-1, required=True, type=ROLES)
def set_role(email: str, roles: tuple[str, ...]) -> None:
    """Give EMAIL exactly these ROLES."""
    from qbank.accounts import service
    from qbank.accounts.models import Role
    from qbank.errors import NotFoundError

    with transaction() as session:
        person = service.find_by_email(session, email)
        if person is None:
            raise NotFoundError(f"There is no account with the address {email}.")
        service.set_roles(session, None, person, {Role(name) for name in roles})
    click.echo(f"{email}: {', '.join(sorted(roles))}", err=True)


@user.command("list")
@click.option("--json", "as_json", is_flag=True)
def list_people(as_json: bool) -> None:
    """List everybody with an account."""
    from qbank.accounts import service

    with transaction(write=False) as session:
        rows, _total = service.people(session, limit=1_000_000)
        found: list[dict[str, Any]] = [
            {
                "id": row.id,
                "email": row.email,
                "name": row.name,
                "roles": sorted(row.roles),
                "state": str(row.state),
            }
            for row in rows
        ]
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for row in found:
        click.echo(f"{row['email']}\t{row['name']}\t{', '.join(row['roles'])}\t{row['state']}")
