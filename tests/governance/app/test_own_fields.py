"""A field declared in a file is imported, written, read, masked, searched, disclosed and erased."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from dsar.collection import every_source, gather
from dsar.found import Found
from dsar.reads import Query
from governance.app.wiring import Wiring
from governance.core.settings import Settings
from governance.core.terms import FieldId, KeyClass, Law, RequestId, SubjectId, Treatment
from governance.customers import store
from governance.customers.catalogue import CatalogueError, install
from governance.customers.custom.declaration import NOTHING
from governance.customers.custom.sources import CatalogueRefusedError
from governance.customers.custom.store import VALUE, register
from governance.customers.search.looking import find_tokens
from governance.gateway.fields import FieldHeldError, FieldUnknownError, Idle, retire, unused
from governance.gateway.intake.tokens import Indexer
from governance.gateway.reading import read
from governance.gateway.types import FieldView, ReadRequest
from governance.gateway.writing.service import write
from governance.gateway.writing.types import (
    Batch,
    Correction,
    FieldsInvalidError,
    Reason,
    Written,
)
from governance.http.principal import Principal
from policies.load import default_folder
from retention.erasure import Doomed, erase, residue
from tests.installation import (
    AT,
    MANAGER,
    OFFICER,
    REGISTER,
    customer,
    data_bytes,
    events,
    import_file,
    nothing_found,
    staff,
    subjects,
    write_file,
)
from tests.installation import register as csv

OWN = """\
fields:
  shoe_size:
    on: person
    label: 靴のサイズ / Shoe size
    type: text
    purposes: [order_support, mail_marketing]
    category: preference
    sensitivity: ordinary
    retention: customer_master
    owner: customer_desk
    headers: [足のサイズ]
  member_no:
    on: person
    label: 旧会員番号 / Old member number
    type: code
    purposes: [order_fulfilment, order_support, data_quality]
    category: identifier
    sensitivity: ordinary
    search: [exact]
    retention: customer_master
    owner: customer_desk
  gift:
    on: person
    label: 贈答の時期 / Gifts
    type: choice
    choices: [お中元, お歳暮]
    purposes: [order_support]
    category: preference
    sensitivity: ordinary
    retention: customer_master
    owner: customer_desk
"""
RULES = "person.custom.shoe_size", "person.custom.member_no", "person.custom.gift"
SIZE, NUMBER, GIFT = (FieldId(name) for name in RULES)
HEADERS = (*REGISTER, "足のサイズ", "旧会員番号", "贈答の時期")
PERSON = customer(1) | {"足のサイズ": "26.5", "旧会員番号": "ＭX-2200177", "贈答の時期": "お歳暮"}


@pytest.fixture(autouse=True)
def _shipped() -> Iterator[None]:
    yield
    install(NOTHING.catalogue())


def start(folder: Path, text: str = OWN) -> Wiring:
    """An installation with its own fields; its clock stands."""
    own = folder / "own"
    own.mkdir(exist_ok=True)
    (own / "fields.yaml").write_text(text, encoding="utf-8")
    settings = Settings(data_dir=folder / "data", catalogue_dir=own)
    fresh = not (folder / "data").exists()
    make = Wiring.create if fresh else Wiring.open
    wiring = make(settings, clock=lambda: AT)
    return replace(wiring, ports=replace(wiring.ports, analyse=nothing_found))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Wiring]:
    wiring = start(tmp_path)
    outcome = import_file(wiring, write_file(tmp_path, csv([PERSON], headers=HEADERS)))
    assert (outcome.counts.stored, dict(outcome.problems)) == (1, {})
    yield wiring
    wiring.close()


def looks(
    wiring: Wiring, principal: Principal = OFFICER, purpose: str = "dsar_fulfilment"
) -> dict[str, FieldView]:
    request = ReadRequest(subject=subjects(wiring)[0], purpose=purpose)
    (row,) = read(wiring.ports, principal, request, at=AT).rows
    return {view.field: view for view in row.fields if ".custom." in view.field}


def values(wiring: Wiring) -> dict[str, str | None]:
    return {name: view.shown.value for name, view in looks(wiring).items()}


def test_it_is_imported_by_its_headers_and_read_by_whom_its_category_is_open_to(
    shop: Wiring,
) -> None:
    assert values(shop) == {SIZE: "26.5", NUMBER: "MX-2200177", GIFT: "お歳暮"}
    manager = looks(shop, MANAGER, "data_quality")
    assert manager[SIZE].decision.treatment is Treatment.CLEAR
    support = looks(shop, staff("support"), "order_support")
    assert {view.decision.treatment for view in support.values()} == {Treatment.WITHHELD}
    analyst = looks(shop, staff("analyst"), "purchase_analysis")
    assert {view.decision.treatment for view in analyst.values()} == {Treatment.WITHHELD}
    assert b"MX-2200177" not in data_bytes(shop)
    assert "お歳暮".encode() not in data_bytes(shop)


def test_a_value_outside_its_choices_is_told_and_left_out(tmp_path: Path) -> None:
    wiring = start(tmp_path)
    row = customer(1) | {"贈答の時期": "クリスマス"}
    outcome = import_file(wiring, write_file(tmp_path, csv([row], headers=HEADERS)))
    assert outcome.problems == {"VALUE_UNKNOWN": 1}
    assert values(wiring)[GIFT] is None
    wiring.close()


def corrected(wiring: Wiring, version: int, **members: Any) -> object:
    with wiring.database.read() as tx:
        (row,) = store.records_of(tx, subjects(wiring)[0], "person")
    item = Correction(
        table="person",
        members={f"custom.{name}": value for name, value in members.items()},
        match=frozenset({(row.id, version)}),
        reason=Reason.PERSON_REQUEST,
        subject=subjects(wiring)[0],
    )
    batch = Batch(items=(item,), purpose="data_quality")
    (result,) = write(wiring.ports, MANAGER, batch, at=AT).results
    return result


def test_it_is_corrected_and_emptied_over_the_interface(shop: Wiring) -> None:
    first = corrected(shop, 1, shoe_size="27", gift=None)
    assert isinstance(first, Written), first
    assert values(shop) == {SIZE: "27", NUMBER: "MX-2200177", GIFT: None}
    refused = corrected(shop, 2, gift="クリスマス")
    assert isinstance(refused, FieldsInvalidError)


def test_it_is_found_by_its_whole_value(shop: Wiring) -> None:
    indexer = Indexer(shop.ports.vault, ["person"])
    tokens = [token for _, token in indexer.of(NUMBER, "MX-2200177")]
    with shop.database.read() as tx:
        (hit,) = find_tokens(tx, [NUMBER], tokens)
    assert hit[2] == subjects(shop)[0]


def test_it_is_disclosed_to_the_person(shop: Wiring) -> None:
    query = Query(
        request=RequestId("r1"),
        laws=frozenset({Law.APPI}),
        subject=subjects(shop)[0],
        principal=OFFICER,
        at=AT,
    )
    found = next(f for f in gather(every_source(shop.ports), query) if f.source == "person")
    assert isinstance(found, Found)
    told = {value.name: (value.label.ja, value.text) for value in found.records[0].values}
    assert told[SIZE] == ("靴のサイズ", "26.5")


def test_it_is_gone_when_the_person_is_erased(shop: Wiring) -> None:
    subject = subjects(shop)[0]
    doomed = Doomed(subject=subject, erased_before=False, keeps={})
    done = shop.database.write(lambda tx: erase(tx, shop.ports.vault, [doomed], at=AT))
    shop.ports.vault.destroy(subject, KeyClass.ACTIVE)
    assert done["custom_value"] == 3
    with shop.database.read() as tx:
        assert tx.execute(select(VALUE)).all() == []
        assert not residue(tx, select(store.SUBJECT.c.id))


def test_a_policy_may_name_it_by_id_and_by_category(tmp_path: Path) -> None:
    folder = tmp_path / "policy"
    folder.mkdir()
    for entry in default_folder().iterdir():
        if entry.name.endswith(".yaml"):
            (folder / entry.name).write_text(entry.read_text("utf-8"), encoding="utf-8")
    (folder / "90_own.yaml").write_text(
        "rules:\n"
        "  - {id: R-990, allow: [support], to: read, on: person, fields: ['custom.member_no'],\n"
        "     for: [order_support], because: 旧番号で探すため / To find by the old number,\n"
        "     obligations: [mask: {fields: ['custom.member_no'], method: partial, keep: 2}]}\n"
        "  - {id: R-991, allow: [support], to: read, on: person, fields: [category:preference],\n"
        "     for: [order_support], because: 好みに応えるため / To serve as the person likes}\n",
        encoding="utf-8",
    )
    own = tmp_path / "own"
    own.mkdir()
    (own / "fields.yaml").write_text(OWN, encoding="utf-8")
    settings = Settings(data_dir=tmp_path / "data", catalogue_dir=own, policy_dir=folder)
    wiring = Wiring.create(settings, clock=lambda: AT)
    wiring = replace(wiring, ports=replace(wiring.ports, analyse=nothing_found))
    import_file(wiring, write_file(tmp_path, csv([PERSON], headers=HEADERS)))
    seen = looks(wiring, staff("support"), "order_support")
    assert seen[NUMBER].decision.treatment is Treatment.MASKED
    assert str(seen[NUMBER].shown.value).endswith("77")
    assert "MX" not in str(seen[NUMBER].shown.value)
    assert seen[SIZE].shown.value == "26.5"
    wiring.close()


def test_the_register_remembers_every_id_that_was_used(shop: Wiring, tmp_path: Path) -> None:
    with shop.database.read() as tx:
        assert set(register(tx)) == {"custom.shoe_size", "custom.member_no", "custom.gift"}
        (event,) = events(tx, "catalogue.changed")
    assert event.counts == "added=3"
    for text, code in (
        (OWN.replace("type: choice\n    choices: [お中元, お歳暮]", "type: text"), "id_changed"),
        (OWN.replace("gift:\n    on: person", "gift:\n    on: company"), "id_changed"),
    ):
        with pytest.raises(CatalogueRefusedError) as error:
            start(tmp_path, text)
        assert [fault.code for fault in error.value.faults] == [code]
    with pytest.raises(CatalogueError, match=r"custom\.gift"):
        start(tmp_path, OWN.partition("  gift:")[0])
    start(tmp_path).close()
    with shop.database.read() as tx:
        assert len(events(tx, "catalogue.changed")) == 1, "a start that learns nothing says nothing"


def closed(text: str) -> str:
    return text.replace("type: choice", "retired: true\n    type: choice")


def test_a_closed_field_is_shown_to_nobody_and_goes_for_good(shop: Wiring, tmp_path: Path) -> None:
    subject = subjects(shop)[0]
    with pytest.raises(FieldUnknownError):
        retire(shop.ports, MANAGER, shop.declared, "custom.gift", at=AT)
    wiring = start(tmp_path, closed(OWN))
    assert set(values(wiring)) == {SIZE, NUMBER}
    wiring.database.write(
        lambda tx: store.place_hold(tx, subject, matter="suit:1", by="u:lawyer", at=AT)
    )
    with pytest.raises(FieldHeldError):
        retire(wiring.ports, MANAGER, wiring.declared, "custom.gift", at=AT)
    released = store.HOLD.update().values(released_at=AT, released_by="u:lawyer")
    wiring.database.write(lambda tx: tx.execute(released))
    assert retire(wiring.ports, MANAGER, wiring.declared, "custom.gift", at=AT) == 1
    with pytest.raises(FieldUnknownError):
        retire(wiring.ports, MANAGER, wiring.declared, "custom.gift", at=AT)
    wiring.close()
    with pytest.raises(CatalogueRefusedError) as error:
        start(tmp_path)
    assert [fault.code for fault in error.value.faults] == ["id_retired"]
    start(tmp_path, closed(OWN)).close()
    start(tmp_path, OWN.partition("  gift:")[0]).close()


def test_fields_that_nobody_needs_are_named_with_the_reason(shop: Wiring) -> None:
    found = {idle.field.id: set(idle.why) for idle in unused(shop.ports, MANAGER, days=30, at=AT)}
    assert found[FieldId("person.sns")] == {Idle.NOT_READ, Idle.EMPTY}
    assert found[SIZE] == {Idle.NOT_READ}
    read(shop.ports, OFFICER, ReadRequest(subject=subject_of(shop), purpose="dsar_fulfilment"),
         at=AT)  # fmt: skip
    later = {idle.field.id: set(idle.why) for idle in unused(shop.ports, MANAGER, days=30, at=AT)}
    assert SIZE not in later
    assert later[FieldId("person.sns")] == {Idle.EMPTY}
    assert FieldId("purchase.amount") not in later, "an empty table says nothing of its fields"


def subject_of(wiring: Wiring) -> SubjectId:
    return subjects(wiring)[0]
