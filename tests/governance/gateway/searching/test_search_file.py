"""Who was found as a file: what is shown and may leave, on record; else nothing leaves."""

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from audit.decisions.models import DECISIONS
from audit.models import EVENTS
from governance.app.wiring import Wiring
from governance.core.terms import FieldId, RowId, Treatment
from governance.customers.search.filling import follow
from governance.customers.store import set_state
from governance.customers.subjects import SubjectState
from governance.gateway import search_file, search_looking, search_pages
from governance.gateway.bulk import guard
from governance.gateway.bulk.deciding import MovedError
from governance.gateway.bulk.types import ExportGuardError, ExportRefusedError
from governance.gateway.decisions import withheld
from governance.gateway.search_file import (
    SearchFile,
    SearchFileTooLongError,
    SearchNobodyChosenError,
    take_out,
)
from governance.gateway.search_types import Hit, Order, SearchRequest
from governance.gateway.searching import search
from governance.gateway.types import FieldDecision, GateBusyError
from governance.http.principal import Principal
from governance.pii.types import Entity, Reason, Span
from policies.api import ActionForbiddenError, StepUpNeededError
from policies.masking import MaskMethod
from policies.reasons import ReasonCode
from tests.installation import (
    AT,
    MANAGER,
    OFFICER,
    customer,
    import_file,
    register,
    subjects,
    write_file,
)

KEY = RowId("11111111-1111-4111-8111-111111111111")
SHOWN = (FieldId("person.name"), FieldId("person.kana"), FieldId("person.email"))
NAMES = ("山田　次郎", "山田　愛", "大山田　花", "架空　四郎")
READINGS = ("ヤマダ　ジロウ", "ヤマダ　アイ", "オオヤマダ　ハナ", "カクウ　シロウ")


def settle(wiring: Wiring, folder: Path) -> Wiring:
    """Four customers, three of whom answer to 山田."""
    people = [
        customer(n, 氏名=name, フリガナ=reading)
        for n, (name, reading) in enumerate(zip(NAMES, READINGS, strict=True))
    ]
    import_file(wiring, write_file(folder, register(people)))
    follow(wiring.database, wiring.vault)
    return wiring


@pytest.fixture
def town(on_sqlite: Wiring, tmp_path: Path) -> Wiring:
    return settle(on_sqlite, tmp_path)


def asked(**more: Any) -> SearchRequest:
    given: dict[str, Any] = {"text": "山田", "purpose": "dsar_fulfilment", "show": SHOWN, **more}
    return SearchRequest(**given)


def lines(hits: Sequence[Hit]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([view.shown.value for view in hit.view.fields] for hit in hits)
    return out.getvalue().encode()


def taken(wiring: Wiring, by: Principal = OFFICER, /, **more: Any) -> SearchFile:
    return take_out(wiring.ports, by, asked(**more), KEY, lines, form="csv", at=AT)


def on_record(wiring: Wiring) -> tuple[list[Any], list[Any]]:
    with wiring.database.read() as tx:
        told = tx.execute(select(DECISIONS).where(DECISIONS.c.stream.like("bulk:%"))).all()
        made = select(EVENTS).where(EVENTS.c.action == "person.exported").order_by(EVENTS.c.id)
        return list(tx.execute(made)), list(told)


def test_the_file_holds_the_pages_rows_in_their_order_and_everybody_is_on_record(
    installation: Wiring, tmp_path: Path
) -> None:
    settle(installation, tmp_path)
    for number, order in enumerate(Order):
        page = search(installation.ports, OFFICER, asked(order=order, limit=100), at=AT)
        made = taken(installation, order=order)
        assert made.content == lines(page.hits)
        assert made.rows == 3
        exported, told = on_record(installation)
        event = exported[number]
        assert event.id == made.decision_id
        assert (event.object_type, event.object_id) == ("search", KEY)
        assert event.purpose == "dsar_fulfilment"
        assert "rows=3" in event.counts
        assert f"cells_clear={len(SHOWN) * 3}" in event.counts
        assert f"sha256:{made.sha256}" in event.refs
        assert "山田" not in repr(event)
        assert {row.subject for row in told} == {hit.subject for hit in page.hits}
        assert len(told) == 3 * (number + 1)
    chosen, before = (page.hits[1].subject,), {row.id for row in told}
    part = take_out(
        installation.ports, OFFICER, asked(), KEY, lines, form="csv", at=AT, only=chosen
    )
    exported, told = on_record(installation)
    assert part.rows == 1
    assert tuple(row.subject for row in told if row.id not in before) == chosen, "nobody else"
    with pytest.raises(SearchNobodyChosenError):
        take_out(installation.ports, OFFICER, asked(), KEY, lines, form="csv", at=AT, only=())
    assert on_record(installation)[0] == exported


def test_a_right_of_its_own_a_fresh_proof_and_a_number_of_rows_bound_it(
    town: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ActionForbiddenError):
        taken(town, MANAGER)  # exports with records of provision; results are not theirs to take
    with pytest.raises(StepUpNeededError):
        taken(town, replace(OFFICER, stale=True))
    monkeypatch.setattr(search_pages, "FOUND_MOST", 2)
    with pytest.raises(SearchFileTooLongError):
        taken(town)
    assert on_record(town) == ([], [])


def test_a_column_that_may_not_leave_as_it_is_shown_refuses_the_file(town: Wiring) -> None:
    with pytest.raises(ExportRefusedError) as refused:
        taken(town, purpose="breach_response")  # may be looked at for it, and not taken out
    assert refused.value.params["field"] in SHOWN
    assert on_record(town)[1] == []


def test_of_looking_and_leaving_the_stricter_counts_for_each_person() -> None:
    name = SHOWN[0]
    clear = FieldDecision(field=name, treatment=Treatment.CLEAR, code=ReasonCode.PERMIT)
    masked = replace(clear, treatment=Treatment.MASKED, method=MaskMethod.PARTIAL, keep=1)
    closed = withheld(name, ReasonCode.ACTOR_NO_RULE)
    stricter = search_file.stricter
    for shown in (clear, masked, closed):
        assert stricter({name: shown}, {name: clear})[name] == shown
        assert stricter({name: shown}, {name: closed})[name].treatment is Treatment.WITHHELD
    assert stricter({name: masked}, {name: masked})[name] == masked
    for leaves in (masked, replace(masked, keep=2)):
        with pytest.raises(MovedError):  # it would not be what is shown
            stricter({name: clear if leaves is masked else masked}, {name: leaves})


def test_nothing_leaves_where_a_person_changed_meanwhile(town: Wiring) -> None:
    first = subjects(town)[0]

    def meanwhile(hits: Sequence[Hit]) -> bytes:
        town.database.write(lambda tx: set_state(tx, first, SubjectState.RESTRICTED))
        return lines(hits)

    with pytest.raises(GateBusyError):
        take_out(town.ports, OFFICER, asked(), KEY, meanwhile, form="csv", at=AT)
    assert on_record(town)[0] == []


def test_a_text_that_names_somebody_keeps_all_of_it_in(
    town: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_file, "guarded", lambda _: True)
    monkeypatch.setattr(guard, "scanned", lambda name: name == SHOWN[0])
    span = Span(start=0, end=2, entity=Entity.PERSON, score=1.0, reason=Reason.FULL_NAME)
    ports = replace(town.ports, analyse=lambda texts, _: [(span,) for _ in texts])
    with pytest.raises(ExportGuardError):
        take_out(ports, OFFICER, asked(), KEY, lines, form="csv", at=AT)
    assert on_record(town) == ([], [])


def test_a_value_that_decides_nothing_is_not_opened(
    town: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[set[FieldId]] = []
    real = search_looking.Looked._opened

    def watched(self: Any, met: Any, depths: Any, names: Any) -> Any:
        opened.append(set(names))
        return real(self, met, depths, names)

    monkeypatch.setattr(search_looking.Looked, "_opened", watched)
    found = search(town.ports, OFFICER, asked(text="person1@example.com"), at=AT)
    assert len(found.hits) == 1
    assert opened[0] == {FieldId("person.email")}
    opened.clear()
    search(town.ports, OFFICER, asked(text="山田　愛"), at=AT)
    assert FieldId("person.address") not in opened[0], "it is looked up by parts alone"
