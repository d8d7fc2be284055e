"""`sekisho backup`: copies of the data, sealed; their proof; putting one back."""

from pathlib import Path
from typing import Annotated

import typer

from governance.cli.output import emit, line, say, table, when

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
MEGABYTE = 1_048_576
Which = Annotated[str | None, typer.Argument(metavar="[FILE]", help=say("backup.file"))]


@app.command("create", help=say("backup.create"))
def create(
    to: Annotated[Path | None, typer.Option("--to", help=say("backup.to"))] = None,
) -> int:
    """A new backup, and a copy of the key store in each folder for those."""
    from governance.cli.session import acting, opened
    from retention.backups.creating import create as make

    with opened() as wiring:
        made = make(wiring.backup_desk, acting(wiring), at=wiring.clock(), to=to)
    shape = {
        "file": str(made.path),
        "size": made.size,
        "ended": made.ended,
        "sha256": made.ending.sha256,
        "tokens_left_out": made.ending.tokens_left_out,
        "manifest": made.manifest.as_json(),
    }

    def words() -> None:
        line(say("backup.made", path=made.path, size=_size(made.size)))
        copies = ", ".join(made.manifest.key_copies)
        key = "backup.keys" if copies else "backup.no_keys"
        line(say(key, copies=copies, epoch=made.manifest.key_epoch))
        if made.ended:
            line(say("backup.ended", count=made.ended))

    emit(shape, words)
    return 0


@app.command("list", help=say("backup.list"))
def list_() -> int:
    """Every backup in the folder, the newest first, and the copies of the key store."""
    from governance.cli.session import acting, opened
    from policies.actions import Action
    from policies.api import ensure
    from retention.backups.creating import kept
    from retention.backups.key_copies import key_copies

    with opened() as wiring:
        ensure(acting(wiring), Action.JOB_READ, wiring.policies.current)
        desk = wiring.backup_desk
        found, keys = kept(desk, desk.place()), key_copies(desk)
    shape = {
        "backups": [one.as_json() for one in found],
        "key_copies": [
            {"folder": str(one.folder), "name": one.name, "made_at": one.made_at.isoformat()}
            for one in keys
        ],
    }

    def words() -> None:
        names = ("file", "size", "created", "log", "verified")
        rows = [
            (
                one.file,
                _size(one.size),
                when(one.manifest.created_at),
                str(one.manifest.tree_size),
                _proof(one.verified),
            )
            for one in found
        ]
        table("", tuple(say(f"backup.column.{name}") for name in names), rows)
        for one in keys:
            line(say("backup.key_copy", path=one.folder / one.name))

    emit(shape, words)
    return 0


@app.command("verify", help=say("backup.verify"))
def verify(file: Which = None) -> int:
    """The backup opens, is what was copied, is a sound database, and its log verifies."""
    from governance.app.backups import file_of
    from governance.cli.session import acting, opened
    from retention.backups.proving import verify as prove

    with opened() as wiring:
        desk = wiring.backup_desk
        path = file_of(desk, file)
        proven = prove(desk, acting(wiring), path, at=wiring.clock())
    shape = {
        "file": str(path),
        "verified": True,
        "sha256": proven.ending.sha256,
        "log": proven.log.as_json(),
        "manifest": proven.manifest.as_json(),
    }
    emit(shape, lambda: line(say("backup.good", path=path, size=proven.log.size)))
    return 0


@app.command("drill", help=say("backup.drill"))
def drill(file: Which = None) -> int:
    """The backup is put back in a scratch place and proven to the end; 1 when it is not sound."""
    from threading import Event

    from governance.cli.session import acting, opened
    from governance.jobs.runner import worker_of
    from policies.actions import Action
    from policies.api import ensure
    from retention.backups.drilling import drill as put_back

    with opened() as wiring:
        by = ensure(acting(wiring), Action.BACKUP_RUN, wiring.policies.current)
        worker = worker_of(by.id, wiring.clock, Event(), hurried=True)
        done = put_back(wiring.backup_desk, by, worker=worker, file=file)
    shape = {
        "file": done.file,
        "outcome": done.outcome,
        "began_at": done.began_at.isoformat(),
        "ended_at": done.ended_at.isoformat(),
        "report": dict(done.report),
    }

    def words() -> None:
        key = "backup.drill_good" if done.good else "backup.drill_bad"
        line(say(key, file=done.file, reason=done.outcome))
        rows = [(say(f"backup.report.{name}"), str(number)) for name, number in done.report.items()]
        if rows:
            table("", (say("backup.column.what"), say("backup.column.count")), rows)

    emit(shape, words)
    return 0 if done.good else 1


@app.command("journal", help=say("backup.journal"))
def journal(
    *,
    end: Annotated[bool, typer.Option("--end", help=say("backup.journal_end"))] = False,
) -> int:
    """How the control journal stands; what ended leaves it now if that is asked for."""
    from governance.cli.session import acting, opened
    from policies.actions import Action
    from policies.api import ensure
    from retention.backups.ending_entries import end_entries, journal_standing

    with opened() as wiring:
        by = ensure(acting(wiring), Action.BACKUP_RUN, wiring.policies.current)
        if end:
            end_entries(wiring.backup_desk, by, at=wiring.clock())
        found = journal_standing(wiring.backup_desk, at=wiring.clock())
    left = found.left
    shape = {
        "entries": found.entries,
        "left": 0 if left is None else left.entries,
        "through": None if left is None else left.through.isoformat(),
        "ended_at": None if left is None else left.at.isoformat(),
        "due": found.due is not None,
    }

    def words() -> None:
        line(say("backup.journal_holds", count=found.entries))
        if left is not None:
            through = when(left.through)
            line(say("backup.journal_left", count=left.entries, through=through))
        if found.due is not None:
            line(say("backup.journal_due"))

    emit(shape, words)
    return 0


@app.command("restore", help=say("backup.restore"))
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=say("backup.path"))],
    *,
    replace: Annotated[bool, typer.Option("--replace", help=say("backup.replace"))] = False,
) -> int:
    """The data of a backup is in its place, closed; what must follow is told."""
    from governance.app.backups import restore_data
    from governance.cli.session import settings
    from governance.core.clock import utc_now

    found = settings()
    done = restore_data(found, file, at=utc_now(), replace=replace)
    shape = {
        "restored": str(file),
        "closed": True,
        "aside": done.aside,
        "sha256": done.ending.sha256,
        "log": done.log.as_json(),
        "manifest": done.manifest.as_json(),
        "to_do_again": dict(done.to_do),
    }

    def words() -> None:
        line(say("backup.restored", at=when(done.manifest.created_at)))
        for kind, number in done.to_do.items():
            line(say("restore.again", kind=kind) + f": {number}")
        if done.aside is not None:
            line(say("backup.aside", place=done.aside))
        line(say("backup.next"))

    emit(shape, words)
    return 0


def _size(size: int) -> str:
    return f"{size / MEGABYTE:,.1f} MB"


def _proof(outcome: str | None) -> str:
    if outcome is None:
        return say("backup.unproven")
    return say("backup.proven") if outcome == "good" else outcome
