"""`sekisho policy apply | rollback | list | show`: which policy is in force, and who agreed."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.output import emit, line, say, table, when

if TYPE_CHECKING:
    from governance.app.wiring import Wiring
    from policies.admin.service import Proposed
    from policies.admin.types import Entry

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("apply", help=say("policy.apply"))
def apply(
    policy: Annotated[str, typer.Argument(metavar="FOLDER", help=say("policy.which"))],
    effective_from: Annotated[
        datetime | None, typer.Option("--effective-from", help=say("policy.effective_from"))
    ] = None,
) -> int:
    """The policy waits for a second person, who puts it in force with `sekisho approve`."""
    from governance.cli.policy_choice import documents_at
    from governance.cli.session import acting, opened
    from governance.core.clock import JST
    from policies.admin.errors import PolicyUnknownError
    from policies.admin.service import prepare

    documents = documents_at(policy)
    if documents is None:
        raise PolicyUnknownError
    moment = effective_from
    if moment is not None and moment.tzinfo is None:
        moment = moment.replace(tzinfo=JST)
    with opened() as wiring:
        proposed = prepare(wiring.policy_desk, acting(wiring), documents)
        return _ask(wiring, proposed, moment)


@app.command("rollback", help=say("policy.rollback"))
def rollback(
    number: Annotated[int | None, typer.Option("--to", help=say("policy.to"))] = None,
) -> int:
    """The policy that was in force before waits for a second person."""
    from governance.cli.session import acting, opened
    from policies.admin.service import prepare_rollback

    with opened() as wiring:
        proposed = prepare_rollback(wiring.policy_desk, acting(wiring), number=number)
        return _ask(wiring, proposed, None)


def _ask(wiring: "Wiring", proposed: "Proposed", moment: datetime | None) -> int:
    from governance.app.approvals import approvals_of
    from governance.approvals.errors import ApprovalRequiredError
    from governance.cli.session import acting
    from policies.admin.service import propose

    principal, desk = acting(wiring), approvals_of(wiring)
    asked = wiring.database.write(
        lambda tx: propose(
            tx,
            wiring.policy_desk,
            desk,
            principal,
            proposed,
            effective_from=moment,
            at=wiring.clock(),
        )
    )
    raise ApprovalRequiredError(approval=asked.id)


def _shape(entry: "Entry") -> dict[str, object]:
    taken = entry.taken_at
    return {
        "number": entry.number,
        "version": entry.version,
        "kind": entry.kind.value,
        "state": entry.state.value,
        "effective_from": entry.effective_from.isoformat(),
        "taken_at": None if taken is None else taken.isoformat(),
        "changed_cells": entry.changed_cells,
        "requested_by": entry.requested_by,
        "approved_by": entry.approved_by,
        "approval": entry.approval,
        "digest": entry.digest,
    }


@app.command("list", help=say("policy.list"))
def versions() -> int:
    """Every change of the policy in force, the newest first."""
    from governance.cli.session import acting, opened
    from policies.actions import Action
    from policies.admin import store
    from policies.admin.loading import judging
    from policies.api import ensure
    from policies.in_force import number_in_force

    with opened() as wiring, wiring.database.read() as tx:
        ensure(acting(wiring), Action.POLICY_READ, judging(tx, wiring.policy_desk))
        found, number = store.entries(tx), number_in_force(tx)
        broken = wiring.policies.current.table is None
    shape = {
        "in_force": None if broken else number,
        "entries": [_shape(entry) for entry in found],
    }

    def words() -> None:
        names = ("number", "version", "kind", "state", "effective", "by", "cells")
        columns = tuple(say(f"policy.column.{name}") for name in names)
        rows = [
            (
                f"{entry.number}{'*' if entry.number == number and not broken else ''}",
                entry.version,
                say(f"policy.kind.{entry.kind.value}"),
                say(f"policy.state.{entry.state.value}"),
                when(entry.effective_from),
                f"{entry.requested_by} / {entry.approved_by}",
                f"{entry.changed_cells:,}",
            )
            for entry in found
        ]
        table("", columns, rows)
        line(say("policy.broken_here" if broken else "policy.in_force", number=number))

    emit(shape, words)
    return 1 if broken else 0


@app.command("show", help=say("policy.show"))
def show(
    policy: Annotated[str, typer.Argument(metavar="POLICY", help=say("policy.which"))] = "current",
    folder: Annotated[
        Path | None, typer.Option("--output", metavar="DIR", help=say("policy.show_output"))
    ] = None,
) -> int:
    """The files of a policy of this installation, or written to a folder."""
    from governance.cli.session import acting, opened
    from governance.documents.files import whole_file
    from policies.actions import Action
    from policies.admin.loading import judging
    from policies.admin.sources import documents_named
    from policies.api import ensure

    with opened() as wiring, wiring.database.read() as tx:
        ensure(acting(wiring), Action.POLICY_READ, judging(tx, wiring.policy_desk))
        documents = documents_named(tx, wiring.policy_desk, policy)
        version = wiring.policy_desk.compiled(documents).version
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in documents.files:
            with whole_file(folder / name) as part:
                part.write_text(content, encoding="utf-8")
    shape = {"version": version, "digest": documents.digest, "files": dict(documents.files)}

    def words() -> None:
        line(f"{version}  sha256:{documents.digest}")
        for name, content in () if folder is not None else documents.files:
            line(f"--- {name}")
            line(content.rstrip("\n"))

    emit(shape, words)
    return 0
