"""The lists of backups: files, restore drills, copies of the key store."""

from typing import Final
from urllib.parse import quote

from sqlalchemy import Connection

from governance.console.lists.cells import READ, newest, row
from governance.console.lists.source import Asked, Source
from governance.i18n.catalogue import text
from governance.ui.lists.types import Cell, Found, Kind, ListColumn, ListOf, Row
from policies.actions import Action
from policies.actors import may
from retention.backups.creating import kept
from retention.backups.desk import Desk
from retention.backups.key_copies import KeyCopy, key_copies
from retention.backups.store import Drill, drills
from retention.backups.types import Kept

HOME: Final = "/console/backups"
MEGABYTE: Final = 1024 * 1024  # octets
FILES: Final = ListOf(
    id="backups",
    path=HOME,
    title="console.backups.files",
    keeps=("done",),
    none="console.backups.none",
    none_text="console.backups.none_text",
    columns=(
        ListColumn(key="made", label="console.backups.made", kind=Kind.MOMENT, filters=True),
        ListColumn(key="file", label="console.backups.file"),
        ListColumn(key="size", label="console.backups.size"),
        ListColumn(key="log", label="console.backups.log", kind=Kind.NUMBER),
        ListColumn(key="keys", label="console.backups.key_epoch", kind=Kind.NUMBER, shown=False),
        ListColumn(key="proof", label="console.backups.proof", kind=Kind.CHOICE, filters=True),
        ListColumn(key="proven", label="console.backups.proven_at", kind=Kind.MOMENT, filters=True),
        ListColumn(key="act", label="console.backups.verify", kind=Kind.ACT),
    ),
)
DRILLS: Final = ListOf(
    id="backup-drills",
    path=HOME,
    title="console.backups.drills",
    prefix="drill-",
    none="console.backups.no_drill",
    none_text="console.backups.no_drill_text",
    columns=(
        ListColumn(key="at", label="console.backups.drilled", kind=Kind.MOMENT, filters=True),
        ListColumn(key="file", label="console.backups.file"),
        ListColumn(key="outcome", label="console.backups.outcome", kind=Kind.CHOICE, filters=True),
        ListColumn(key="erasures", label="cli.backup.report.erasures", kind=Kind.NUMBER),
        ListColumn(key="persons", label="cli.backup.report.persons", kind=Kind.NUMBER),
        ListColumn(key="values_opened", label="cli.backup.report.values_opened", kind=Kind.NUMBER),
    ),
)
COPIES: Final = ListOf(
    id="key-copies",
    path=HOME,
    title="console.backups.key_copies",
    prefix="copy-",
    none="console.backups.no_copy",
    none_text="console.backups.no_copy_text",
    columns=(
        ListColumn(key="made", label="console.backups.made", kind=Kind.MOMENT, filters=True),
        ListColumn(key="place", label="console.backups.place"),
    ),
)


def _files(tx: Connection, asked: Asked) -> Found:
    del tx  # they stand in a folder
    desk: Desk = asked.wiring.backup_desk
    there = desk.folder is not None and desk.folder.is_dir()
    acts = bool(may(asked.principal, Action.BACKUP_RUN, asked.wiring.policies.current))
    found = kept(desk, desk.place())[:READ] if there else ()
    return newest(_file(one, asked, acts=acts) for one in found)


def _file(one: Kept, asked: Asked, *, acts: bool) -> Row:
    lang, held = asked.lang, one.manifest
    size = text("console.backups.megabytes", lang, size=f"{one.size / MEGABYTE:.1f}")
    act = Cell(
        value=text("console.backups.verify", lang), post=f"{HOME}/{quote(one.file, safe='')}/verify"
    )
    return row(
        held.backup,
        made=Cell(value=held.created_at),
        file=Cell(value=one.file, mono=True),
        size=Cell(value=size, order=one.size),
        log=Cell(value=held.tree_size),
        keys=Cell(value=held.key_epoch),
        proof=_proof(one.verified, asked),
        proven=Cell(value=one.verified_at),
        act=act if acts else Cell(),
    )


def _proof(verified: str | None, asked: Asked) -> Cell:
    if verified is None:
        return Cell(value=text("console.backups.unproven", asked.lang), code="unproven")
    return _outcome(verified, asked, good=verified == "good")


def _outcome(code: str, asked: Asked, *, good: bool) -> Cell:
    if good:
        return Cell(value=text("console.backups.proven", asked.lang), code="good", tone="plain")
    said = text("console.backups.unsound", asked.lang)
    return Cell(value=said, code="unsound", tone="refused", note=code)


def _drills(tx: Connection, asked: Asked) -> Found:
    return newest(_drill(one, asked) for one in drills(tx, limit=READ))


def _drill(one: Drill, asked: Asked) -> Row:
    counts = {
        name: Cell(value=int(one.report[name])) if name in one.report else Cell()
        for name in ("erasures", "persons", "values_opened")
    }
    return row(
        one.id,
        at=Cell(value=one.ended_at),
        file=Cell(value=one.file, mono=True),
        outcome=_outcome(one.outcome, asked, good=one.good),
        **counts,
    )


def _copies(tx: Connection, asked: Asked) -> Found:
    del tx
    return newest(_copy(one) for one in key_copies(asked.wiring.backup_desk)[:READ])


def _copy(one: KeyCopy) -> Row:
    return row(
        one.name,
        made=Cell(value=one.made_at),
        place=Cell(value=f"{one.folder}/{one.name}", mono=True),
    )


READERS: Final = (Action.JOB_READ,)
BACKUPS: Final = Source(declared=FILES, any_of=READERS, rows=_files)
BACKUP_DRILLS: Final = Source(declared=DRILLS, any_of=READERS, rows=_drills)
KEY_COPIES: Final = Source(declared=COPIES, any_of=READERS, rows=_copies)
