"""`sekisho dsar receive`, `import`, `match`, `identity`: who asks what, and whether it is they."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from governance.cli.output import emit, line, say
from governance.cli.requests import Which, chosen, request_of, stands

app = typer.Typer(rich_markup_mode=None)


@app.command("receive", help=say("dsar.receive"))
def receive(
    kind: Annotated[str, typer.Option("--kind", help=say("dsar.kind"))],
    subject: Annotated[str | None, typer.Option("--subject", help=say("dsar.subject"))] = None,
    channel: Annotated[str, typer.Option("--channel", help=say("dsar.channel"))] = "counter",
    requester: Annotated[str, typer.Option("--requester", help=say("dsar.requester"))] = "self",
    delivery: Annotated[str, typer.Option("--delivery", help=say("dsar.delivery"))] = "download",
    answer_lang: Annotated[str, typer.Option("--answer-lang", help=say("dsar.answer_lang"))] = "ja",
    received: Annotated[
        datetime | None, typer.Option("--received", help=say("dsar.received"))
    ] = None,
    words: Annotated[Path | None, typer.Option("--words", help=say("dsar.words_file"))] = None,
) -> int:
    """The request is on file under each law that applies, its clocks running from arrival."""
    from dsar import service
    from dsar.types import Delivery, Intake, Requester, RequestKind
    from governance.cli.session import acting, opened
    from governance.core.clock import JST
    from governance.core.terms import Lang, SubjectId

    with opened() as wiring:
        principal = acting(wiring)
        arrived = received if received is None or received.tzinfo else received.replace(tzinfo=JST)
        new = service.NewRequest(
            kind=chosen(RequestKind, kind, option="--kind"),
            intake=chosen(Intake, channel, option="--channel"),
            policy_days=wiring.settings.dsar_policy_days,
            requester=chosen(Requester, requester, option="--requester"),
            delivery=chosen(Delivery, delivery, option="--delivery"),
            lang=chosen(Lang, answer_lang, option="--answer-lang"),
            subject=SubjectId(subject) if subject else None,
            received_at=arrived,
            words=_read(words) if words else None,
        )
        prepared = service.prepare_request(wiring.ports, new)
        case = wiring.database.write(
            lambda tx: service.receive(
                tx, wiring.ports, principal, new, prepared, at=wiring.clock()
            )
        )
    return stands(case)


def _read(path: Path) -> str:
    """The words of a text file in whatever encoding it has; raises what is wrong with it."""
    from governance.customers.encodings import detect, open_text

    with open_text(path, detect(path)) as stream:
        return stream.read()


@app.command("import", help=say("dsar.import"))
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=say("dsar.import_file"))],
) -> int:
    """Requests of a CSV file are on file, all of them or none; known rows are passed over."""
    from dsar.intake.importing import import_file
    from governance.cli.session import acting, opened

    with opened() as wiring:
        principal, days = acting(wiring), wiring.settings.dsar_policy_days
        done = import_file(wiring.ports, principal, file, policy_days=days, at=wiring.clock())
    shape = {"read": done.read, "filed": len(done.filed), "known": done.known}
    emit(shape, lambda: line(say("dsar.imported", **shape)))
    return 0


@app.command("match", help=say("dsar.match"))
def match_(
    request: Which,
    subject: Annotated[str, typer.Option("--subject", help=say("check.subject"))],
) -> int:
    """The request is about this person of the store."""
    from dsar.service import match_subject
    from governance.cli.session import acting, opened
    from governance.core.terms import SubjectId

    person = SubjectId(subject)
    with opened() as wiring:
        principal, wanted = acting(wiring), request_of(wiring, request)
        case = wiring.database.write(
            lambda tx: match_subject(tx, wiring.ports, principal, wanted, person, at=wiring.clock())
        )
    return stands(case)


@app.command("identity", help=say("dsar.identity"))
def identity(
    request: Which,
    evidence: Annotated[str, typer.Option("--evidence", help=say("dsar.evidence"))],
    contact_days: Annotated[
        int | None, typer.Option("--contact-days", min=0, help=say("dsar.contact_days"))
    ] = None,
    refused: Annotated[bool, typer.Option("--refused", help=say("dsar.refused"))] = False,
) -> int:
    """The judgement of one piece of evidence is on file; the evidence itself is not kept."""
    from dsar.service import prove_identity
    from dsar.types import EvidenceKind
    from governance.cli.session import acting, opened

    kind = chosen(EvidenceKind, evidence, option="--evidence")
    with opened() as wiring:
        principal, wanted = acting(wiring), request_of(wiring, request)
        case = wiring.database.write(
            lambda tx: prove_identity(
                tx,
                wiring.ports,
                principal,
                wanted,
                kind,
                accepted=not refused,
                contact_days=contact_days,
                at=wiring.clock(),
            )
        )
    return stands(case)
