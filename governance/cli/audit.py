"""`sekisho audit`: verify the log, prove one event, sign a checkpoint."""

from pathlib import Path
from typing import Annotated

import typer

from governance.cli.invocation import current
from governance.cli.output import emit, line, say, table
from governance.core.terms import EventId
from governance.i18n.catalogue import text

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
VERIFIED = ("verified_witnessed", "verified_self_signed")


@app.command("verify", help=say("audit.verify"))
def verify(
    key: Annotated[list[str] | None, typer.Option("--key", help=say("audit.key"))] = None,
) -> int:
    """The verdict on the whole log; 1 unless it is verified."""
    from audit.note import parse_vkey
    from audit.verify import verify_log
    from governance.cli.session import opened_for_verification

    with opened_for_verification() as found:
        keys = tuple(parse_vkey(item) for item in key or [])
        report = verify_log(
            found.database, keys=keys or found.own_keys, anchor=found.settings.checkpoint
        )
    shape = report.as_json()

    def words() -> None:
        line(text(f"audit.verdict.{report.verdict.value}", current().lang))
        for name, value in shape.items():
            if name != "verdict":
                line(f"  {name}: {value}")

    emit(shape, words)
    return 0 if report.verdict.value in VERIFIED else 1


@app.command("checkpoint", help=say("audit.checkpoint"))
def checkpoint(
    output: Annotated[Path | None, typer.Option("--output", help=say("audit.output"))] = None,
) -> int:
    """Waiting events are in the tree and its signed head is printed."""
    from audit.sequencer import sequence_once
    from governance.cli.session import opened

    if output is not None:
        output.touch()  # refused before anything is done
    with opened() as wiring:
        while sequence_once(
            wiring.database, wiring.log_keys, wiring.audit, at=wiring.clock()
        ).placed:
            pass
        done = sequence_once(wiring.database, wiring.log_keys, wiring.audit, at=wiring.clock())
        keys = [item.vkey for item in wiring.log_keys.verifier_keys]
    if output is not None and done.note is not None:
        output.write_text(done.note, encoding="utf-8")
    shape = {"size": done.size, "note": done.note, "keys": keys}

    def words() -> None:
        line(done.note or say("audit.empty"))
        for item in keys:
            line(f"{say('audit.vkey')}: {item}")

    emit(shape, words)
    return 0


@app.command("prove", help=say("audit.prove"))
def prove(event: Annotated[str, typer.Argument(metavar="ID", help=say("audit.event"))]) -> int:
    """The inclusion proof of one event in the signed tree."""
    from audit.store import last_note, prove_inclusion, seq_of
    from governance.cli.session import opened

    with opened() as wiring, wiring.database.read() as tx:
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
