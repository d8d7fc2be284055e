"""Links and one-time sign-ins of the demo, and the question another system would ask."""

import json
import shlex
import sys
from functools import partial
from pathlib import Path

from rich.console import Console
from sqlalchemy import Connection

from governance.app.demo.folder import CONFIG
from governance.app.demo.people import STAFF
from governance.app.demo.stage import Stage, words
from governance.core.terms import ActorId
from governance.http.principal import PrincipalKind
from governance.identity.service import issue_code


def links(stage: Stage, console: Console, *, port: int) -> None:
    """The doors are on the screen, each with a sign-in that works once, and the key of a system."""
    at = stage.wiring.clock()
    people = {
        "officer": (stage.who("officer").id, PrincipalKind.STAFF),
        "approver": (stage.who("approver").id, PrincipalKind.STAFF),
        "customer": (ActorId(f"p:{stage.customer}"), PrincipalKind.PERSON),
    }

    def write(tx: Connection) -> dict[str, str]:
        return {
            name: issue_code(tx, actor=actor, kind=kind, at=at)
            for name, (actor, kind) in people.items()
        }

    codes = stage.wiring.database.write(partial(write))
    origin = f"http://127.0.0.1:{port}"
    doors = {
        "start": f"{origin}/",
        **{name: f"{origin}/sign-in?code={code}" for name, code in codes.items()},
        "api": f"{origin}/docs",
    }
    console.print(f"\n[bold]{words(stage, 'links')}[/bold]")
    for name, address in doors.items():
        console.print(f"  {words(stage, f'link.{name}')}")
        console.print(f"    {address}", markup=False, soft_wrap=True)  # unbroken, to be copied
    console.print()
    console.print(words(stage, "ask"))
    console.print(_question(stage, origin), markup=False, soft_wrap=True)
    console.print(words(stage, "examples"))
    console.print(_examples(stage, origin), markup=False, soft_wrap=True)
    settings = stage.wiring.settings
    console.print(words(stage, "mail", path=str(settings.mail_folder)), markup=False)
    console.print(words(stage, "again"))
    console.print(_again(settings.data_dir / CONFIG), markup=False, soft_wrap=True)
    console.print(words(stage, "stop"))


def _examples(stage: Stage, origin: str) -> str:
    """What the examples of docs/api.md name, for a shell."""
    return f"  export BASE={origin} KEY={stage.keys['shop']}\n  export PERSON={stage.customer}"


def _again(config: Path) -> str:
    """The command that prints a fresh sign-in of the officer, as this program was called."""
    login, _, _ = STAFF["officer"]
    program = Path(sys.executable).with_name("sekisho")
    return f"  {shlex.join([str(program), '--config', str(config), 'init', '--officer', login])}"


def _question(stage: Stage, origin: str) -> str:
    """One call that answers at once, as the mail sender makes it before a mail."""
    key = stage.keys["mail_sender"]
    asked = {"purpose": "mail_marketing", "channel": "email", "subjects": [stage.customer]}
    return (
        f"  curl -s {origin}/v1/consents/check \\\n"
        f"    -H 'authorization: Bearer {key}' -H 'content-type: application/json' \\\n"
        f"    -d '{json.dumps(asked)}'"
    )
