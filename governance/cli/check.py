"""`sekisho check` and `sekisho policy`: decisions in words, and the policy behind them."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.errors import PolicyFolderError
from governance.cli.invocation import current
from governance.cli.output import emit, line, say, table
from governance.core.errors import NotFoundError
from governance.core.terms import ActorId, Lang, PurposeId, SubjectId

if TYPE_CHECKING:
    from governance.app.wiring import Wiring
    from governance.http.principal import Principal
    from policies.snapshot import PolicySnapshot

policy_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """The commands of this module stand in the tree."""
    app.command("check", help=say("check.help"))(check)
    app.add_typer(policy_app, name="policy", help=say("policy.help"))


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


@policy_app.command("check", help=say("policy.check"))
def policy_check(
    folder: Annotated[
        Path | None, typer.Argument(metavar="FOLDER", help=say("policy.folder"))
    ] = None,
) -> int:
    """Everything doubtful about a policy; 1 when it must not be applied."""
    from governance.cli.session import settings
    from policies.check import check as look
    from policies.check import refuses

    snapshot = _snapshot(folder or settings().policy_dir)
    findings = look(snapshot)
    shape = [
        {"code": f.code.value, "severity": f.severity.value, "text": f.sentence(current().lang)}
        for f in findings
    ]

    def words() -> None:
        for finding in findings:
            line(f"{finding.severity.value}: {finding.sentence(current().lang)}")
        line(say("policy.checked", version=snapshot.version, count=len(findings)))

    emit(shape, words)
    return 1 if refuses(findings) else 0


def _snapshot(folder: Path | None) -> "PolicySnapshot":
    """The policy of the folder; without one the shipped policy."""
    from governance.app.catalogue import policy_over
    from governance.cli.session import settings
    from governance.customers.custom.declaration import read_declaration

    if folder is not None and not folder.is_dir():
        raise PolicyFolderError(path=str(folder))
    found = settings() if folder is None else settings(policy_dir=folder)
    return policy_over(found, read_declaration(found.catalogue_folder))


@policy_app.command("matrix", help=say("policy.matrix"))
def policy_matrix(
    purpose: Annotated[str | None, typer.Option("--purpose", help=say("check.purpose"))] = None,
    role: Annotated[str | None, typer.Option("--role", help=say("policy.role"))] = None,
) -> int:
    """What each role reads of each field for each purpose."""
    from governance.cli.session import settings
    from policies.matrix import matrix

    snapshot = _snapshot(settings().policy_dir)
    wanted = None if purpose is None else (PurposeId(purpose),)
    cells = [c for c in matrix(snapshot, purposes=wanted) if role is None or c.role == role]
    shape = [
        {
            "role": c.role,
            "field": c.field,
            "purpose": c.purpose,
            "treatment": c.treatment.value,
            "code": c.code.value,
            "rule": c.rule_id,
        }
        for c in cells
    ]
    shown = [c for c in cells if c.treatment.value != "withheld"]
    columns = tuple(
        say(f"policy.column.{n}") for n in ("role", "purpose", "field", "shown", "rule")
    )
    rows = [(c.role, c.purpose, c.field, c.treatment.value, c.rule_id or "") for c in shown]
    emit(shape, lambda: table("", columns, rows))
    return 0
