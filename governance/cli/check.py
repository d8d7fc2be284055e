"""`sekisho check`: one decision in words."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.invocation import current
from governance.cli.output import emit, line, say
from governance.core.errors import NotFoundError
from governance.core.terms import ActorId, Lang, SubjectId

if TYPE_CHECKING:
    from governance.app.wiring import Wiring
    from governance.http.principal import Principal


def register(app: typer.Typer) -> None:
    """The command of this module stands in the tree."""
    app.command("check", help=say("check.help"))(check)


def check(
    subject: Annotated[str, typer.Option("--subject", help=say("check.subject"))],
    purpose: Annotated[str, typer.Option("--purpose", help=say("check.purpose"))],
    recipient: Annotated[
        str | None, typer.Option("--recipient", help=say("check.recipient"))
    ] = None,
    channel: Annotated[str | None, typer.Option("--channel", help=say("check.channel"))] = None,
    country: Annotated[str | None, typer.Option("--country", help=say("check.country"))] = None,
    at: Annotated[datetime | None, typer.Option("--at", help=say("check.at"))] = None,
    min_seq: Annotated[int | None, typer.Option("--min-seq", help=say("check.min_seq"))] = None,
    explain: Annotated[bool, typer.Option("--explain", help=say("check.explain"))] = False,
) -> int:
    """Whether a caller may use a person's data for a purpose; 1 when it may not."""
    from consent.checks import check as decide
    from consent.gates import UseRequest
    from governance.cli.session import acting, opened
    from governance.core.clock import JST

    with opened() as wiring:
        principal = (
            _caller(wiring) if (current().acting or "").startswith("svc:") else acting(wiring)
        )
        moment = wiring.clock() if at is None else at if at.tzinfo else at.replace(tzinfo=JST)
        request = UseRequest(
            subject=SubjectId(subject),
            purpose=purpose,
            recipient=recipient,
            channel=channel,
            country=country,
            min_seq=min_seq,
        )
        answer = decide(wiring.ports, principal, request, at=moment)
    shape = answer.as_json()

    def words() -> None:
        line(say("check.permit" if answer else "check.deny"))
        for reason in answer.reasons:
            line(f"  {reason.code.value}")
            line(f"  {reason.text_ja if current().lang is Lang.JA else reason.text_en}")
        if answer.valid_until is not None:
            until = answer.valid_until.astimezone(JST).isoformat(timespec="milliseconds")
            line(f"  {say('check.valid_until')}: {until}")
        if explain:
            line(f"  {say('check.rests_on')}: {answer.policy_version} / {answer.consent_seq}")

    emit(shape, words)
    return 0 if answer else 1


def _caller(wiring: "Wiring") -> "Principal":
    """The system of `--as svc:NAME`, asked for by someone signed in who may see clients."""
    from governance.cli.session import acting
    from governance.identity.service import principal_of_client
    from governance.identity.store import client_by_id
    from policies.actions import Action
    from policies.api import ensure

    ensure(acting(wiring), Action.CLIENT_READ, wiring.policies.current)
    with wiring.database.read() as tx:
        client = client_by_id(tx, ActorId(current().acting or ""))
    if client is None:
        raise NotFoundError
    return principal_of_client(client)
