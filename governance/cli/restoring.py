"""`sekisho audit restore`: what an older database lost of the log, and its declaration by two."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.invocation import current
from governance.cli.output import emit, line, say, table
from governance.i18n.catalogue import text

if TYPE_CHECKING:
    from governance.app.wiring import Wiring

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
Held = Annotated[list[Path] | None, typer.Option("--checkpoint", help=say("restore.checkpoint"))]


@app.command("show", help=say("restore.show"))
def show(checkpoint: Held = None) -> int:
    """What is lost: sizes, times, who saw the larger tree, what must be done again."""
    from audit.witness.asking import size_known_to
    from governance.app.log_life import restoring_of
    from governance.app.witness_list import witnesses_of
    from governance.app.witnessing import post
    from governance.cli.session import acting, opened
    from policies.actions import Action
    from policies.api import ensure
    from retention.log_restore import to_do_again

    with opened(restoring=True) as wiring:
        ensure(acting(wiring), Action.AUDIT_VERIFY, wiring.policies.current)
        _hold(wiring, checkpoint)
        with wiring.database.read() as tx:
            loss = restoring_of(wiring).loss(tx)
        seen = {
            one.name: size_known_to(one, loss.note, post=post)
            for one in witnesses_of(wiring.settings)
        }
        again = to_do_again(wiring.ports, since=loss.signed_at)
    shape = {
        "size": loss.size,
        "lost": loss.lost.size,
        "events_lost": loss.lost.size - loss.size,
        "signed_at": None if loss.signed_at is None else loss.signed_at.isoformat(),
        "lost_at": None if loss.lost_at is None else loss.lost_at.isoformat(),
        "lost_root": loss.lost.root.hex(),
        "note": loss.digest,
        "witnesses": seen,
        "to_do_again": again,
    }

    def words() -> None:
        rows = [
            (say(f"restore.{name}"), str(value))
            for name, value in shape.items()
            if name not in {"witnesses", "to_do_again"}
        ]
        rows += [
            (say("restore.witness", name=name), str(size or "-")) for name, size in seen.items()
        ]
        rows += [(say("restore.again", kind=kind), str(number)) for kind, number in again.items()]
        table("", (say("audit.what"), say("audit.value")), rows)
        line(say("restore.next"))

    emit(shape, words)
    return 1


@app.command("begin", help=say("restore.begin"))
def begin(
    reason: Annotated[str, typer.Option("--reason", help=say("restore.reason"))],
    words: Annotated[str, typer.Option("--words", help=say("restore.words"))] = "",
    checkpoint: Held = None,
) -> int:
    """The declaration of the loss waits for a second person."""
    from audit.restoring.loss import RestoreReason
    from governance.app.approvals import approvals_of
    from governance.app.log_life import restoring_of
    from governance.approvals.errors import ApprovalRequiredError
    from governance.cli.requests import chosen
    from governance.cli.session import acting, opened
    from retention import log_restore

    why = chosen(RestoreReason, reason, option="--reason")
    with opened(restoring=True) as wiring:
        principal, desk = acting(wiring), restoring_of(wiring)
        _hold(wiring, checkpoint)
        asked = wiring.database.write(
            lambda tx: log_restore.ask(
                tx, desk, approvals_of(wiring), principal, why, words=words, at=wiring.clock()
            )
        )
    raise ApprovalRequiredError(approval=asked.id)


@app.command("accept", help=say("restore.accept"))
def accept(
    approval: Annotated[str | None, typer.Argument(metavar="[ID]", help=say("approve.id"))] = None,
) -> int:
    """The second person declares the loss; without an id, a declaration cut short goes on."""
    from audit.errors import NothingLostError
    from governance.app.approvals import approve_and_execute
    from governance.app.log_life import restoring_of
    from governance.cli.session import acting, opened
    from policies.actions import Action
    from policies.api import ensure
    from retention import log_restore

    with opened(restoring=True) as wiring:
        principal = acting(wiring)
        if approval is not None:
            approve_and_execute(wiring, principal, approval, at=wiring.clock())
        else:
            ensure(principal, Action.AUDIT_VERIFY, wiring.policies.current)
            if log_restore.finish(restoring_of(wiring), at=wiring.clock()) is None:
                raise NothingLostError
    emit({"restored": True}, lambda: line(text("cli.restore.done", current().lang)))
    return 0


@app.command("apply", help=say("restore.apply"))
def apply() -> int:
    """All that the journal says holds again, the log verifies, and the installation is open."""
    from governance.app.backups import reopen_data
    from governance.cli.session import acting, opened

    with opened(restoring=True) as wiring:
        found = reopen_data(wiring, acting(wiring))

    def words() -> None:
        line(say("restore.applied"))
        for name, number in found.done.items():
            line(say(f"restore.done_{name}", count=number))
        if found.deferred:
            line(say("restore.deferred", count=found.deferred))

    emit(found.as_json(), words)
    return 0


def _hold(wiring: "Wiring", paths: list[Path] | None) -> None:
    """Heads that the officers bring count as seen outside, if the log signed them."""
    from audit.anchor import advance_anchor
    from audit.errors import NoteFormError
    from audit.restoring.loss import signed_head

    for path in paths or ():
        try:
            note = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise NoteFormError(part="checkpoint") from error
        signed_head(note, wiring.signing.every_key())
        advance_anchor(wiring.settings.checkpoint, note)
