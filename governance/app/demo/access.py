"""Links and one-time sign-ins of the demo, and the question another system would ask."""

from functools import partial

from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection

from governance.app.demo.stage import Stage, words
from governance.core.terms import ActorId
from governance.http.principal import PrincipalKind
from governance.identity.service import issue_code


def links(stage: Stage, console: Console, *, port: int) -> None:
    """The three doors are on the screen, each with a sign-in that works once."""
    at = stage.wiring.clock()
    customer = ActorId(f"p:{stage.customer}")
    officer = stage.who("officer").id

    def write(tx: Connection) -> tuple[str, str]:
        return (
            issue_code(tx, actor=officer, kind=PrincipalKind.STAFF, at=at),
            issue_code(tx, actor=customer, kind=PrincipalKind.PERSON, at=at),
        )

    for_officer, for_customer = stage.wiring.database.write(partial(write))
    origin = f"http://127.0.0.1:{port}"
    table = Table(title=words(stage, "links"), title_justify="left", show_header=False)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold", no_wrap=False)
    table.add_row(words(stage, "link.start"), f"{origin}/")
    table.add_row(words(stage, "link.officer"), f"{origin}/sign-in?code={for_officer}")
    table.add_row(words(stage, "link.customer"), f"{origin}/sign-in?code={for_customer}")
    table.add_row(words(stage, "link.api"), f"{origin}/docs")
    console.print(table)
    console.print(words(stage, "stop"))
