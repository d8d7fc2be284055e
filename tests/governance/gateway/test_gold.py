"""The demo files against their answers: consent states, questionable events, recipients."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

import governance
from consent import ledger
from consent.rules import choice_in_force
from consent.types import EVERY, Cell, EventKind
from governance.app.wiring import Wiring
from governance.core.terms import PurposeId, SubjectId
from governance.customers import imports
from governance.gateway.intake.people import owners
from governance.gateway.intake.tokens import Indexer
from governance.gateway.intake.types import ImportOutcome
from governance.registers import store as registers
from tests.installation import OFFICER, create, import_file

DEMO = Path(governance.__file__).parent / "app" / "demo" / "data"
GOLD = Path(__file__).parents[2] / "data" / "gold"
NAMES = {"FUTURE": "DATE_FUTURE", "UNKNOWN_CUSTOMER": "CUSTOMER_UNKNOWN"}


def answers(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (GOLD / name).read_text("utf-8").splitlines()]


@dataclass(frozen=True, kw_only=True)
class Taken:
    """The demo's register and consents in a store."""

    wiring: Wiring
    customers: ImportOutcome
    consents: ImportOutcome
    vendors: ImportOutcome
    people: dict[str, SubjectId]


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Taken]:
    wiring = create(tmp_path_factory.mktemp("gold"))
    customers = import_file(wiring, DEMO / "customers.csv")
    consents = import_file(wiring, DEMO / "consents.csv")
    vendors = import_file(wiring, DEMO / "vendors.csv", principal=OFFICER)
    indexer = Indexer(wiring.vault, ("person",))
    indexer.look()
    ids = {f"C{n:06d}" for n in range(1, 4000)}
    with wiring.database.read() as tx:
        found = owners(tx, wiring.ports, indexer, ids)
    people = {key: subject for key, (_, subject) in found.items()}
    yield Taken(
        wiring=wiring, customers=customers, consents=consents, vendors=vendors, people=people
    )
    wiring.close()


def test_every_row_of_the_demo_is_accounted_for(taken: Taken) -> None:
    for outcome in (taken.customers, taken.consents, taken.vendors):
        assert outcome.counts.adds_up()
    assert taken.consents.counts.read == 6000
    assert taken.vendors.counts.stored == 25


def waiting(taken: Taken) -> set[str]:
    """Customer ids of register rows that wait in quarantine and stand in no other row."""
    with taken.wiring.database.read() as tx:
        rows = tx.execute(select(imports.ASIDE)).all()
    cells = [
        taken.wiring.vault.open_blob("quarantine", row.id, bytes(row.content)).decode()
        for row in rows
    ]
    return {content.partition("\x1f")[0] for content in cells} - set(taken.people)


def test_the_state_per_customer_and_purpose_is_that_of_the_gold(taken: Taken) -> None:
    codes = taken.wiring.policies.current.codes
    states = {EventKind.GIVEN: "given", EventKind.REFUSED: "refused"}
    states[EventKind.WITHDRAWN] = "withdrawn"
    missing: Counter[str] = Counter()
    compared = 0
    with taken.wiring.database.read() as tx:
        for answer in answers("consent_state.jsonl"):
            subject = taken.people.get(answer["id"])
            if subject is None:
                missing[answer["id"]] += 1
                continue
            purpose = PurposeId(codes[answer["purpose"]])
            cell = Cell(purpose=purpose, channel=EVERY, recipient_class=EVERY)
            chosen = choice_in_force(ledger.history(tx, subject, purpose), cell)
            assert chosen is not None, answer
            assert states[chosen.kind] == answer["state"], answer
            compared += 1
    assert set(missing) <= waiting(taken), "only who waits in quarantine has no state"
    assert compared + sum(missing.values()) == 4976
    assert sum(missing.values()) < 25


def test_no_state_is_there_that_the_gold_does_not_know(taken: Taken) -> None:
    known = {(answer["id"], answer["purpose"]) for answer in answers("consent_state.jsonl")}
    names = {subject: key for key, subject in taken.people.items()}
    codes = {purpose: code for code, purpose in taken.wiring.policies.current.codes.items()}
    with taken.wiring.database.read() as tx:
        rows = tx.execute(
            select(ledger.EVENT.c.subject_id, ledger.EVENT.c.purpose).distinct()
        ).all()
    ours = {(names[SubjectId(row.subject_id)], codes[PurposeId(row.purpose)]) for row in rows}
    assert ours <= known


def found_problems(taken: Taken) -> dict[str, set[int]]:
    with taken.wiring.database.read() as tx:
        rows = tx.execute(
            select(imports.PROBLEM.c.kind, imports.PROBLEM.c.row).where(
                imports.PROBLEM.c.run_id == taken.consents.run
            )
        ).all()
    found: dict[str, set[int]] = {}
    for row in rows:
        found.setdefault(row.kind, set()).add(row.row)
    return found


def test_questionable_events_are_those_of_the_gold(taken: Taken) -> None:
    """Differences have one reason each: the customer waits, or nobody knows a guardian at all."""
    wanted: dict[str, set[int]] = {}
    for answer in answers("consent_problems.jsonl"):
        for kind in answer["problems"]:
            wanted.setdefault(NAMES.get(kind, kind), set()).add(answer["row"])
    ours = found_problems(taken)
    for kind in ("NO_OFFSET", "NOTICE_VERSION_MISSING", "DATE_FUTURE", "DUPLICATE_EVIDENCE"):
        assert ours[kind] == wanted[kind], kind
    refused = ours["CUSTOMER_UNKNOWN"]
    assert wanted["CUSTOMER_UNKNOWN"] <= refused
    for kind in ("PRE_TICKED", "NOTICE_NOT_YET_PUBLISHED"):
        assert ours[kind] <= wanted[kind], kind
        assert wanted[kind] - ours[kind] <= refused, "events of customers who wait are refused"
    assert wanted["MINOR_WITHOUT_GUARDIAN"] <= ours["MINOR_WITHOUT_GUARDIAN"]
    assert len(ours["MINOR_WITHOUT_GUARDIAN"] - wanted["MINOR_WITHOUT_GUARDIAN"]) == 10


def test_refused_events_belong_to_unknown_or_waiting_customers(taken: Taken) -> None:
    unknown = {
        answer["row"]
        for answer in answers("consent_problems.jsonl")
        if "UNKNOWN_CUSTOMER" in answer["problems"]
    }
    waits = waiting(taken)
    lines = (DEMO / "consents.csv").read_text("utf-8").splitlines()
    others = found_problems(taken)["CUSTOMER_UNKNOWN"] - unknown
    assert {lines[number].split(",")[1] for number in others} <= waits


def test_what_is_wrong_with_each_recipient_is_exact(taken: Taken) -> None:
    wanted = {answer["id"]: set(answer["problems"]) for answer in answers("vendor_problems.jsonl")}
    found: dict[str, set[str]] = {key: set() for key in wanted}
    with taken.wiring.database.read() as tx:
        keys = {entry.id: entry.source_key for entry in registers.all_recipients(tx)}
        for row in tx.execute(select(registers.PROBLEM)):
            found[keys[row.recipient_id]].add(row.kind)
    assert found == wanted
