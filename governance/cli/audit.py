"""`sekisho audit`: verify the log, prove one event, sign a checkpoint, export a selection.

`verify` acts as nobody: it reads no personal data and must answer when signing in is broken.
"""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.invocation import current
from governance.cli.output import emit, line, say, table
from governance.cli.review import Conditions, Kept
from governance.core.terms import EventId
from governance.i18n.catalogue import text

if TYPE_CHECKING:
    from audit.bundle import Exported
    from audit.forms.export import Form
    from audit.note import VerifierKey
    from governance.app.audit_log import Selection
    from governance.app.wiring import Wiring
    from governance.http.principal import Principal

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
VERIFIED = ("verified_witnessed", "verified_self_signed")


@app.command("verify", help=say("audit.verify"))
def verify(
    key: Annotated[list[str] | None, typer.Option("--key", help=say("audit.key"))] = None,
    witness: Annotated[
        list[str] | None, typer.Option("--witness", help=say("audit.witness"))
    ] = None,
) -> int:
    """The verdict on the whole log; 1 unless it is verified."""
    from audit.verify import verify_log
    from governance.app.witness_list import witness_keys
    from governance.cli.session import opened_for_verification

    keys, given = _pinned(key), _pinned(witness)
    with opened_for_verification() as found:
        report = verify_log(
            found.database,
            keys=keys or found.own_keys,
            witnesses=given or witness_keys(found.settings),
            successors=found.own_keys,
            anchor=found.settings.checkpoint,
        )
    shape = report.as_json()

    def words() -> None:
        line(text(f"audit.verdict.{report.verdict.value}", current().lang))
        if report.finding is not None:
            line(text(f"audit.finding.{report.finding.value}", current().lang))
        for name, value in shape.items():
            if name != "verdict":
                line(f"  {name}: {value}")

    emit(shape, words)
    return 0 if report.verdict.value in VERIFIED else 1


def _pinned(given: list[str] | None) -> "tuple[VerifierKey, ...]":
    """The keys behind the given vkeys; a text that is none is wrong use."""
    from audit.errors import NoteFormError
    from audit.note import parse_vkey
    from governance.cli.errors import VerifierKeyError

    try:
        return tuple(map(parse_vkey, given or []))
    except NoteFormError as error:
        raise VerifierKeyError from error


@app.command("checkpoint", help=say("audit.checkpoint"))
def checkpoint(
    output: Annotated[Path | None, typer.Option("--output", help=say("audit.output"))] = None,
    printed: Annotated[Path | None, typer.Option("--print", help=say("audit.sheet"))] = None,
) -> int:
    """Waiting events are in the tree and its signed head is printed."""
    from contextlib import nullcontext

    from audit.errors import NotSequencedError
    from audit.note import parse_checkpoint, parse_note
    from audit.store import last_note
    from governance.app.audit_log import settle
    from governance.app.checkpoint_copies import sheet
    from governance.cli.session import acting, opened
    from governance.cli.writing import new_file
    from policies.actions import Action
    from policies.api import ensure

    with opened() as wiring:
        ensure(acting(wiring), Action.AUDIT_VERIFY, wiring.policies.current)
        with nullcontext() if output is None else new_file(output) as stream:
            settle(wiring)
            with wiring.database.read() as tx:
                note = last_note(tx)
            if note is None:
                raise NotSequencedError
            if stream is not None:
                stream.write(note.encode())
            if printed is not None:
                with new_file(printed) as page:
                    page.write(sheet(wiring, lang=current().lang, at=wiring.clock()))
        keys = [item.vkey for item in wiring.log_keys.verifier_keys]
    size = parse_checkpoint(parse_note(note).text).size
    shape = {"size": size, "note": note, "keys": keys}

    def words() -> None:
        line(note)
        for item in keys:
            line(f"{say('audit.vkey')}: {item}")

    emit(shape, words)
    return 0


@app.command("stamp", help=say("audit.stamp"))
def stamp(
    output: Annotated[Path | None, typer.Option("--output", help=say("audit.stamp_folder"))] = None,
) -> int:
    """The newest checkpoint has a time-stamp token; text and token stand in a new folder."""
    from governance.app import stamping
    from governance.app.audit_log import settle
    from governance.cli.errors import NoAuthorityError
    from governance.cli.session import acting, opened
    from governance.cli.writing import new_file
    from policies.actions import Action
    from policies.api import ensure

    with opened() as wiring:
        ensure(acting(wiring), Action.AUDIT_VERIFY, wiring.policies.current)
        if stamping.authority_of(wiring.settings) is None:
            raise NoAuthorityError
        settle(wiring)
        stamping.stamp(wiring)
        found = stamping.newest(wiring)
    if found is None:
        raise NoAuthorityError
    if output is not None:
        output.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, content in (("checkpoint.txt", found.text), ("checkpoint.tsr", found.reply)):
            with new_file(output / name) as stream:
                stream.write(content)
    shape = {
        "size": found.size,
        "stamped_at": found.stamp.at.isoformat(),
        "serial": found.stamp.serial,
        "authority": found.authority,
    }
    rows = [(say(f"audit.stamped.{name}"), str(value)) for name, value in shape.items()]
    emit(shape, lambda: table("", (say("audit.what"), say("audit.value")), rows))
    return 0


@app.command("rekey", help=say("audit.rekey"))
def rekey() -> int:
    """The log is signed by a new key from now on; the old one signed the announcement."""
    from governance.cli.session import acting, opened
    from governance.custody.log_key import change_log_key
    from policies.actions import Action
    from policies.api import ensure

    with opened() as wiring:
        principal = ensure(acting(wiring), Action.KEY_ROTATE, wiring.policies.current)
        fresh = change_log_key(
            wiring.ports,
            wiring.log_keys,
            principal.id,
            os_user=principal.os_user,
            at=wiring.clock(),
        )
    shape = {"keys": [key.vkey for key in fresh]}

    def words() -> None:
        line(say("audit.key_changed"))
        for key in fresh:
            line(f"{say('audit.vkey')}: {key.vkey}")

    emit(shape, words)
    return 0


@app.command("prove", help=say("audit.prove"))
def prove(event: Annotated[str, typer.Argument(metavar="ID", help=say("audit.event"))]) -> int:
    """The inclusion proof of one event in the signed tree."""
    from audit.store import last_note, prove_inclusion, seq_of
    from governance.cli.session import acting, opened
    from policies.actions import Action
    from policies.api import ensure

    with opened() as wiring:
        ensure(acting(wiring), Action.AUDIT_VERIFY, wiring.policies.current)
        with wiring.database.read() as tx:
            proof = prove_inclusion(tx, seq_of(tx, EventId(event)))
            note = last_note(tx)
    shape = {
        "seq": proof.seq,
        "size": proof.size,
        "leaf": proof.leaf.hex(),
        "root": proof.root.hex(),
        "path": [step.hex() for step in proof.path],
        "checkpoint": note,
    }
    rows = [(name, str(value)) for name, value in shape.items() if name != "checkpoint"]
    emit(shape, lambda: table("", (say("audit.what"), say("audit.value")), rows))
    return 0


@app.command("export", help=say("audit.export"))
def export(
    output: Annotated[Path, typer.Option("--output", help=say("audit.bundle"))],
    conditions: Conditions = None,
    kept: Kept = None,
    form: Annotated[str | None, typer.Option("--format", help=say("audit.format"))] = None,
    first: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help=say("audit.from"))
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help=say("audit.to"))
    ] = None,
    person: Annotated[str | None, typer.Option("--person", help=say("audit.person"))] = None,
    actor: Annotated[str | None, typer.Option("--actor", help=say("audit.actor"))] = None,
    action: Annotated[str | None, typer.Option("--action", help=say("audit.action"))] = None,
    outcome: Annotated[str | None, typer.Option("--outcome", help=say("audit.outcome"))] = None,
    purpose: Annotated[str | None, typer.Option("--purpose", help=say("audit.purpose"))] = None,
    open_: Annotated[bool, typer.Option("--open", help=say("audit.open"))] = False,
) -> int:
    """The events stand in a new file (or folder) that proves itself; the log names its digest."""
    from audit.actions import EventCode
    from audit.forms.export import Form
    from audit.reviewing.conditions import only_filter
    from audit.types import Outcome
    from governance.app.audit_log import Selection
    from governance.cli.choices import one_of
    from governance.cli.review import asked as asked_in_words
    from governance.cli.session import acting, opened
    from governance.core.terms import ActorId, PurposeId, SubjectId

    chosen = Selection(
        first=first.date() if first else None,
        last=last.date() if last else None,
        person=SubjectId(person) if person else None,
        actor=ActorId(actor) if actor else None,
        action=one_of(EventCode, action, "--action"),
        outcome=one_of(Outcome, outcome, "--outcome"),
        purpose=PurposeId(purpose) if purpose else None,
        opened=open_,
    )
    shaped = one_of(Form, form, "--format")
    with opened() as wiring:
        principal = acting(wiring)
        where = only_filter(asked_in_words(wiring, principal.id, conditions, kept))
        done = _exported(wiring, principal, output, shaped, replace(chosen, where=where))
        keys = [item.vkey for item in wiring.log_keys.verifier_keys]
    _tell(output, done, keys)
    return 0


def _exported(
    wiring: "Wiring", principal: "Principal", output: Path, form: "Form | None", asked: "Selection"
) -> "Exported":
    """A bundle in a new file, or events in a form with manifest and bundle in a new folder."""
    from governance.app.audit_log import export_form, export_log
    from governance.cli.writing import new_file, refuse_existing

    if form is None:
        with new_file(output):  # holds the name; the bundle replaces it once it is on record
            return export_log(wiring, principal, output, asked, at=wiring.clock())
    refuse_existing(output)
    return export_form(wiring, principal, output, form, asked, at=wiring.clock())


def _tell(output: Path, done: "Exported", keys: list[str]) -> None:
    """What was exported, whereto, and the keys to check it with."""
    shape = {
        "path": str(output),
        "sha256": done.sha256,
        "events": done.events,
        "first_seq": done.first_seq,
        "last_seq": done.last_seq,
        "tree_size": done.size,
        "opened": done.opened,
        "withheld": done.withheld,
        "erased": done.erased,
        "keys": keys,
    }

    def words() -> None:
        line(say("audit.exported", path=output, events=done.events, size=done.size))
        line(f"sha256: {done.sha256}")
        for item in keys:
            line(f"{say('audit.vkey')}: {item}")

    emit(shape, words)


@app.command("verifier", help=say("audit.verifier"))
def verifier(
    output: Annotated[Path, typer.Option("--output", help=say("audit.program"))],
) -> int:
    """The offline verifier stands in a new file; Python alone runs it, on any machine."""
    from hashlib import sha256

    from audit.program import PROGRAM_MODE, built
    from governance.cli.writing import new_file

    content = built()
    with new_file(output) as stream:
        stream.write(content)
    output.chmod(PROGRAM_MODE)
    digest = sha256(content).hexdigest()
    shape = {"path": str(output), "sha256": digest}
    emit(shape, lambda: line(f"{digest}  {output}"))
    return 0
