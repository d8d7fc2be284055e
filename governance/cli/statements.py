"""Statements in files: a receipt of a choice, a certificate of erasure, one decision; and gaps.

Each file proves itself to whoever has the offline verifier and the log's key.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.output import emit, line, say, table
from governance.core.terms import EventId, RowId, SubjectId

if TYPE_CHECKING:
    from governance.app.wiring import Wiring
    from governance.http.principal import Principal

    Make = Callable[[Wiring, Principal, datetime], bytes]

consent = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
certificates = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
log = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Output = Annotated[Path, typer.Option("--output", help=say("statement.output"))]


@consent.command("receipt", help=say("statement.receipt"))
def receipt(
    choice: Annotated[str, typer.Argument(metavar="CHOICE", help=say("statement.choice"))],
    output: Output,
    form: Annotated[str, typer.Option("--form", help=say("statement.form"))] = "statement",
) -> int:
    """The receipt of a choice stands in a new file, in the form that was asked for."""
    from consent.receipts.forms import ReceiptForm
    from governance.app.statements import consent_receipt
    from governance.cli.errors import ChoiceError
    from governance.cli.invocation import current

    known = [one.value for one in ReceiptForm]
    if form not in known:
        raise ChoiceError(option="--form", known=", ".join(known))
    asked, lang = ReceiptForm(form), current().lang
    return _write(
        output,
        lambda w, by, at: consent_receipt(
            w, replace(by, lang=lang), RowId(choice), at=at, form=asked
        ),
    )


@certificates.command("certificate", help=say("statement.certificate"))
def certificate(
    run: Annotated[str, typer.Argument(metavar="RUN", help=say("statement.run"))],
    output: Output,
    person: Annotated[str | None, typer.Option("--person", help=say("statement.person"))] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help=say("statement.pdf"))] = False,
) -> int:
    """The certificate of a run, or of one person in it, stands in a new file."""
    from governance.app.statements import erasure_certificate
    from governance.cli.invocation import current

    subject, lang = None if person is None else SubjectId(person), current().lang
    return _write(
        output,
        lambda w, by, at: erasure_certificate(
            w, replace(by, lang=lang), RowId(run), subject, as_paper=pdf, at=at
        ),
    )


@log.command("decision", help=say("statement.decision"))
def decision(
    id_: Annotated[str, typer.Argument(metavar="ID", help=say("statement.decision_id"))],
    output: Output,
) -> int:
    """One recorded decision stands in a new file, with its place in the log."""
    from governance.app.statements import decision_proof

    return _write(output, lambda w, by, at: decision_proof(w, by, EventId(id_), at=at))


@log.command("gaps", help=say("statement.gaps"))
def gaps() -> int:
    """Numbers of events and decisions that nothing accounts for; 1 when there are any."""
    from audit.decisions.checking import lost_decisions
    from audit.gaps import lost_events
    from governance.cli.session import acting, opened
    from policies.actions import Action
    from policies.api import ensure

    with opened() as wiring:
        ensure(acting(wiring), Action.AUDIT_VERIFY, wiring.policies.current)
        with wiring.database.read() as tx:
            events, decisions = lost_events(tx), lost_decisions(tx)
    shape = {
        "events": [
            {"process": one.process_id, "numbers": list(one.numbers), "settled": one.settled}
            for one in events
        ],
        "decisions": [
            {"process": one.stream, "first": one.first, "last": one.last, "told": one.told}
            for one in decisions
        ],
    }
    rows = [
        *((say("statement.gaps_events"), one.process_id, str(len(one.numbers))) for one in events),
        *(
            (say("statement.gaps_decisions"), one.stream, f"{one.first}-{one.last}")
            for one in decisions
        ),
    ]
    columns = tuple(say(f"statement.gaps_{name}") for name in ("kind", "process", "numbers"))

    def words() -> None:
        if rows:
            table("", columns, rows)
        else:
            line(say("statement.gaps_none"))

    emit(shape, words)
    return 1 if rows else 0


def _write(output: Path, make: "Make") -> int:
    """The statement stands in a new file, and its keys are told to check it with."""
    from hashlib import sha256

    from governance.cli.session import acting, opened
    from governance.cli.writing import new_file

    with opened() as wiring:
        with new_file(output) as stream:
            content = make(wiring, acting(wiring), wiring.clock())
            stream.write(content)
        keys = [item.vkey for item in wiring.log_keys.verifier_keys]
    digest = sha256(content).hexdigest()

    def words() -> None:
        line(f"{digest}  {output}")
        for item in keys:
            line(f"{say('audit.vkey')}: {item}")

    emit({"path": str(output), "sha256": digest, "keys": keys}, words)
    return 0
