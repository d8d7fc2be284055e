"""The log as officers take it along: waiting events placed, a selection exported and recorded."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from shutil import rmtree

from audit import settling
from audit.actions import EventCode
from audit.bundle import Exported, Opener, write_bundle
from audit.forms.export import PROOF, Form, write_events, write_manifest
from audit.forms.ocsf import Source
from audit.forms.rows import found
from audit.review import EventFilter
from audit.reviewing.conditions import met
from audit.sequencer import Sequenced
from audit.types import EventDraft, Outcome
from governance.app.version import VERSION
from governance.app.wiring import Wiring
from governance.core.clock import JST
from governance.core.errors import WrongUseError
from governance.core.terms import ActorId, PurposeId, RowId, SubjectId
from governance.http.principal import Principal
from governance.keys.errors import KeyDestroyedError
from policies.actions import Action
from policies.api import ensure


class OpenWithoutPersonError(WrongUseError):
    """Personal parts are opened for one named person, never for a whole log."""

    code = "open_without_person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The events to export: days of recording in Japanese time, both included, and a person."""

    first: date | None = None
    last: date | None = None
    person: SubjectId | None = None
    actor: ActorId | None = None
    action: EventCode | None = None
    outcome: Outcome | None = None
    purpose: PurposeId | None = None
    where: EventFilter = field(default_factory=EventFilter)  # conditions beside these
    opened: bool = False  # the person's own parts in clear


def settle(wiring: Wiring) -> Sequenced:
    """Waiting decisions and events are in the signed tree, whoever holds the lease."""
    wiring.ports.decisions.settle()
    return settling.settle(wiring.database, wiring.log_keys, wiring.audit, clock=wiring.clock)


def export_log(
    wiring: Wiring, principal: Principal, path: Path, asked: Selection, *, at: datetime
) -> Exported:
    """The bundle stands at the path, and the log says who took what of it, by its digest.

    The event is committed before the file gets its name: no export is without its record.
    """
    ensure(principal, Action.AUDIT_EXPORT, wiring.policies.current)
    if asked.opened:
        if asked.person is None:
            raise OpenWithoutPersonError
        ensure(principal, Action.PERSON_EXPORT, wiring.policies.current)
    settle(wiring)
    with _staged(path) as staged:
        with wiring.database.read() as tx:
            done = write_bundle(
                tx,
                staged,
                _filter(asked),
                exported_at=at,
                exported_by=principal.id,
                keys=wiring.signing.every_key(),
                opener=_opener(wiring, asked.person) if asked.opened and asked.person else None,
            )
        draft = _draft(wiring, principal, asked, done, at=at)
        wiring.database.write(lambda tx: wiring.audit.append(tx, draft))
        staged.replace(path)
    return done


def export_form(
    wiring: Wiring,
    principal: Principal,
    folder: Path,
    form: Form,
    asked: Selection,
    *,
    at: datetime,
) -> Exported:
    """The folder holds the events in this form, a manifest and the bundle that proves them.

    It gets its name when the log has the export on record. Personal parts are in no form.
    """
    ensure(principal, Action.AUDIT_EXPORT, wiring.policies.current)
    settle(wiring)
    source = Source(version=VERSION, origin=wiring.log_keys.origin)
    wanted = _filter(asked)
    with _staged_folder(folder) as staged:
        file = staged / f"events.{form.value}"
        with wiring.database.read() as tx:
            done = write_bundle(
                tx,
                staged / PROOF,
                wanted,
                exported_at=at,
                exported_by=principal.id,
                keys=wiring.signing.every_key(),
            )
            write_events(file, form, found(tx, wanted, below=done.size), source)
        write_manifest(staged, file, wanted, done, by=principal.id, at=at)
        draft = _draft(wiring, principal, asked, done, at=at, form=form.value)
        wiring.database.write(lambda tx: wiring.audit.append(tx, draft))
        staged.rename(folder)
    return done


@contextmanager
def _staged_folder(folder: Path) -> Iterator[Path]:
    """A private folder beside the path for what is not on record yet; gone afterwards."""
    staged = folder.with_name(f"{folder.name}.unrecorded")
    staged.mkdir(mode=0o700)
    try:
        yield staged
    finally:
        rmtree(staged, ignore_errors=True)


@contextmanager
def _staged(path: Path) -> Iterator[Path]:
    """A name beside the path for what is not on record yet; gone afterwards."""
    staged = path.with_name(f"{path.name}.unrecorded")
    try:
        yield staged
    finally:
        staged.unlink(missing_ok=True)


def _filter(asked: Selection) -> EventFilter:
    since = None if asked.first is None else _midnight(asked.first)
    until = None if asked.last is None else _midnight(asked.last + timedelta(days=1))
    given = EventFilter(
        subject=asked.person,
        actor=asked.actor,
        action=asked.action,
        outcome=asked.outcome,
        purpose=asked.purpose,
        since=since,
        until=until,
    )
    return met(asked.where, given)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=JST)


def _opener(wiring: Wiring, person: SubjectId) -> Opener:
    """Opens what is about this person alone; a part whose key was destroyed stays closed."""

    def opened(subject: SubjectId, row: RowId, sealed: bytes) -> bytes | None:
        if subject != person:
            return None
        try:
            return wiring.vault.open_part(row, sealed)
        except KeyDestroyedError:
            return None

    return opened


def _draft(
    wiring: Wiring,
    principal: Principal,
    asked: Selection,
    done: Exported,
    *,
    at: datetime,
    form: str = "bundle",
) -> EventDraft:
    return EventDraft(
        action=EventCode.LOG_EXPORTED,
        occurred_at=at,
        actor=principal.id,
        actor_os=principal.os_user,
        object_type="log",
        object_id=wiring.log_keys.origin,
        subject=asked.person,
        outcome=Outcome.DONE,
        reasons=(form, "opened") if asked.opened else (form,),
        policy_version=wiring.policies.current.version,
        counts=(
            ("events", done.events),
            ("opened", done.opened),
            ("withheld", done.withheld),
            ("erased", done.erased),
        ),
        refs=(f"sha256:{done.sha256}", f"tree:{done.size}"),
    )
