"""`sekisho notice`: notices and their versions, drafted by one person, announced by a second."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from governance.cli.invocation import current
from governance.cli.output import emit, line, say, table

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
Notice = Annotated[str, typer.Argument(metavar="NOTICE", help=say("notice.name"))]
Version = Annotated[str, typer.Argument(metavar="VERSION", help=say("notice.version"))]


@app.command("list", help=say("notice.list"))
def listed() -> int:
    """Every notice with the version in force, and what waits."""
    from consent.notices import present
    from governance.cli.session import opened

    with opened() as wiring:
        found = _read(lambda tx: present.overview(tx, wiring.policies.current), wiring)

    def words() -> None:
        lang = current().lang.value
        columns = [say(f"notice.column.{n}") for n in ("notice", "title", "version", "day")]
        table(
            "",
            [*columns, say("notice.column.purposes")],
            [
                (
                    one["notice"],
                    one["title"][lang],
                    one["version"],
                    one["in_force_on"],
                    ", ".join(one["purposes"]) or "-",
                )
                for one in found["notices"]
            ],
        )
        for one in found["waiting"]:
            line(say(f"notice.state.{one['state']}", **_named(one)))

    emit(found, words)
    return 0


@app.command("show", help=say("notice.show"))
def show(
    notice: Notice,
    version: Annotated[
        str | None, typer.Argument(metavar="VERSION", help=say("notice.version_or_newest"))
    ] = None,
) -> int:
    """One version with its text in the language of this run."""
    from consent.notices import present
    from governance.cli.session import opened

    with opened() as wiring:
        found = _read(
            lambda tx: present.whole(tx, notice, version or present.newest_version(tx, notice)),
            wiring,
        )

    def words() -> None:
        line(say(f"notice.state.{found['state']}", **_named(found)))
        line()
        line(found["text"][current().lang.value])

    emit(found, words)
    return 0


@app.command("draft", help=say("notice.draft"))
def draft(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=say("notice.file"))],
) -> int:
    """The version of the file is a draft; 1 when something keeps it from being announced."""
    from consent.notices import present, service
    from consent.notices.reading import read_edition
    from governance.cli.reading import text_of_file
    from governance.cli.session import acting, opened

    edition = read_edition(text_of_file(file), file=file.name)
    with opened() as wiring:
        by, at = acting(wiring), wiring.clock()
        review = wiring.database.write(
            lambda tx: service.draft(tx, wiring.ports, by, edition, at=at)
        )
    found = present.reviewed(review, current().lang)
    emit(found, lambda: _told(found))
    return 1 if found["faults"] else 0


@app.command("diff", help=say("notice.diff"))
def diff(
    notice: Notice,
    old: Annotated[str, typer.Argument(metavar="OLD", help=say("notice.old"))],
    new: Annotated[str, typer.Argument(metavar="NEW", help=say("notice.new"))],
) -> int:
    """What went and what came between two versions, in the language of this run."""
    from consent.notices import present, service
    from governance.cli.session import opened

    with opened() as wiring:
        lines = _read(lambda tx: service.difference(tx, notice, old, new, current().lang), wiring)
    emit({"changes": present.marked(lines)}, lambda: _compared(lines))
    return 0


@app.command("publish", help=say("notice.publish"))
def publish(notice: Notice, version: Version) -> int:
    """The draft waits for a second person; before that, how many persons it would ask again."""
    from consent.notices import present, service
    from governance.approvals.errors import ApprovalRequiredError
    from governance.cli.session import acting, opened

    with opened() as wiring:
        by, at = acting(wiring), wiring.clock()
        approval, review = wiring.database.write(
            lambda tx: service.propose(tx, wiring.ports, by, notice, version, at=at)
        )
    found = {"approval": approval.id, **present.reviewed(review, current().lang)}
    emit(found, lambda: _told(found))
    raise ApprovalRequiredError(approval=approval.id)


@app.command("drop", help=say("notice.drop"))
def drop(notice: Notice, version: Version) -> int:
    """The draft is given up."""
    from consent.notices import present, service
    from governance.cli.session import acting, opened

    with opened() as wiring:
        by, at = acting(wiring), wiring.clock()

        def work(tx: "Connection") -> Any:
            service.drop(tx, wiring.ports, by, notice, version, at=at)
            return present.whole(tx, notice, version)

        found = wiring.database.write(work)
    emit(found, lambda: line(say("notice.state.dropped", **_named(found))))
    return 0


@app.command("page", help=say("notice.page"))
def page(
    out: Annotated[Path, typer.Option("--out", help=say("notice.out"))],
) -> int:
    """The published pages stand as files in a new or empty folder."""
    from governance.app.published import site_files
    from governance.cli.errors import OutputExistsError
    from governance.cli.session import opened

    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OutputExistsError(path=str(out))
    with opened() as wiring:
        files = _read(lambda tx: site_files(tx, wiring, at=wiring.clock()), wiring)
    out.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (out / name).write_bytes(content)
    emit(
        {"path": str(out), "files": sorted(files)},
        lambda: line(say("notice.written", path=out, n=len(files))),
    )
    return 0


def _read(work: "Callable[[Connection], Any]", wiring: Any) -> Any:
    """What the work finds, for whoever may read notices."""
    from governance.cli.session import acting
    from policies.actions import Action
    from policies.api import ensure

    ensure(acting(wiring), Action.NOTICE_READ, wiring.policies.current)
    with wiring.database.read() as tx:
        return work(tx)


def _named(one: dict[str, Any]) -> dict[str, str]:
    return {"notice": one["notice"], "version": one["version"], "day": one["in_force_on"]}


def _told(found: dict[str, Any]) -> None:
    """A draft in words: its faults, its changes, its reach."""
    line(say(f"notice.state.{found['state']}", **_named(found)))
    for fault in found["faults"]:
        line(f"  {fault['field']}: {fault['detail']}")
    marks = {"added": "+", "removed": "-"}
    _compared([(marks[one["change"]], one["text"]) for one in found["changes"][current().lang]])
    for one in found["staled"]:
        line(
            say(
                "notice.reach",
                purpose=one["purpose"],
                agreed=one["agreed"],
                again=one["asked_again"],
            )
        )


def _compared(lines: Sequence[tuple[str, str]]) -> None:
    for mark, words in lines:
        line(f"{mark} {words}")
