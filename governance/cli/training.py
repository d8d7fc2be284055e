"""`sekisho training`: courses, who is missing, attendances, reminders."""

from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.accounts import Login, written
from governance.cli.output import emit, line, say, table, when

if TYPE_CHECKING:
    from governance.identity.training.service import Line

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
Course = Annotated[str, typer.Argument(metavar="COURSE", help=say("training.course"))]


@app.command("courses", help=say("training.courses"))
def courses_() -> int:
    """Every course with its version; a fault of a file is told."""
    from governance.cli.invocation import current
    from governance.cli.session import settings
    from governance.identity.training.reading import courses

    held, lang = courses(settings().training_dir), current().lang
    shape = [
        {
            "id": one.id,
            "version": one.version,
            "title": one.title[lang],
            "questions": len(one.questions),
            "pass_percent": one.pass_percent,
            "valid_months": one.valid_months,
        }
        for one in held.values()
    ]
    names = ("id", "version", "title", "questions", "pass_percent", "valid_months")
    rows = [tuple(str(one[name]) for name in names) for one in shape]
    heads = tuple(say(f"training.column.{name}") for name in names)
    emit(shape, lambda: table("", heads, rows))
    return 0


@app.command("register", help=say("training.register"))
def register_(
    absent: Annotated[bool, typer.Option("--absent", help=say("training.absent"))] = False,
) -> int:
    """How everybody stands; with --absent, 1 when a needed training does not hold."""
    from governance.cli.session import acting, opened
    from governance.identity.credentials.terms import limits_of
    from governance.identity.training.reading import courses
    from governance.identity.training.service import register

    with opened() as wiring:
        principal, at = acting(wiring), wiring.clock()
        held, limits = courses(wiring.settings.training_dir), limits_of(wiring.settings)
        with wiring.database.read() as tx:
            every = register(tx, wiring.ports, held, principal, limits, at=at)
    found = [one for one in every if not absent or (one.needed and one.lapsed)]
    shape = [
        {
            "login": one.staff.login,
            "needed": one.needed,
            "until": one.until.isoformat() if one.until else None,
            "lapsed": one.lapsed,
        }
        for one in found
    ]
    emit(shape, lambda: _register(found))
    return 1 if absent and found else 0


def _register(found: "list[Line]") -> None:

    heads = tuple(say(f"training.column.{name}") for name in ("login", "needed", "until", "lapsed"))
    rows = [
        (
            one.staff.login,
            say(f"training.{'yes' if one.needed else 'no'}"),
            when(one.until),
            say(f"training.{'yes' if one.lapsed else 'no'}"),
        )
        for one in found
    ]
    table("", heads, rows)


@app.command("attended", help=say("training.attended"))
def attended(login: Login, course: Course) -> int:
    """The attendance of another stands in the register."""
    from governance.identity.training.reading import courses
    from governance.identity.training.service import record_attendance

    written(
        lambda tx, wiring, by: record_attendance(
            tx,
            wiring.ports,
            courses(wiring.settings.training_dir),
            by,
            login,
            course,
            at=wiring.clock(),
        )
    )
    shape = {"actor": f"u:{login}", "course": course}
    emit(shape, lambda: line(say("training.put_down", login=login)))
    return 0
