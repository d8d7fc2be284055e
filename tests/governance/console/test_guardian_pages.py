"""Staff record who acts for a person with the proof that they saw, and end it; nothing else."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import Connection, insert, update

from governance.app.examined import Examined
from governance.app.guardian_findings import guardians_finding
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, SubjectId
from governance.customers.master.guardians import RELATION, children_of, confirm
from governance.customers.store import SUBJECT, Record, records_of
from governance.gateway.guardians_waiting import unconfirmed
from tests.governance.console.seats import Desk, seated
from tests.installation import AT, customer, events, import_file, register, subjects, write_file

PROOF = {
    "kind": "parent", "verified_how": "family_register", "verified_on": "2026-09-01",
    "until_majority": "yes",
}  # fmt: skip
WAITING = "/console/persons/guardians"
EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("guardians")
    made = seated(
        folder, {"sup": "support", "off": "privacy_officer", "aud": "auditor", "op": "it_operator"}
    )
    rows = [customer(1, 生年月日="1980/04/01"), customer(2, 生年月日="2018/05/05"), customer(3)]
    import_file(made.wiring, write_file(folder, register(rows)))
    yield made
    made.wiring.close()


def place(who: SubjectId) -> str:
    return f"/console/persons/{who}/guardians"


def kept(desk: Desk, child: SubjectId) -> tuple[Record, ...]:
    with desk.wiring.database.read() as tx:
        return tuple(records_of(tx, child, "relation"))


def acts(desk: Desk, parent: SubjectId) -> list[SubjectId]:
    """For whom somebody acts today."""
    with desk.wiring.database.read() as tx:
        return [one.child for one in children_of(tx, desk.wiring.vault, parent, at=AT)]


def test_a_parent_acts_from_the_proof_on_until_staff_ends_it(desk: Desk) -> None:
    parent, child, _ = subjects(desk.wiring)
    done = desk.send("sup", "POST", place(child), PROOF, other_subject_id=parent)
    assert done.status_code == 303, done.text
    assert acts(desk, parent) == [], "one person alone gives no right"
    (row,) = kept(desk, child)
    page = desk.page("off", place(child))
    assert "二人目の確認待ち" in page
    approval = re.search(r'name="approval" value="([^"]+)"', page)
    assert approval is not None
    answer = {"approval": approval[1], "answer": "confirm"}
    decide = f"{place(child)}/{row.id}/answer"
    assert f'action="{decide}"' not in desk.page("sup", place(child))
    assert desk.send("sup", "POST", decide, answer).status_code in {403, 404}
    assert acts(desk, parent) == []
    assert desk.send("off", "POST", decide, answer).status_code == 303
    assert acts(desk, parent) == [child]
    assert desk.send("off", "POST", decide, answer).status_code == 409  # once
    assert "二人目が確認済み" in desk.page("sup", place(child))
    assert row.clear["verified_by"] == "u:sup"  # who saw the paper
    page = desk.page("sup", place(child))
    assert "戸籍" in page
    end = f"{place(child)}/{row.id}/end"
    assert f'action="{end}"' in page
    for wrong, status in (
        ({"valid_to": "いつか", "version": "1"}, 422),
        ({"valid_to": "2026-09-30", "version": "7"}, 412),  # as somebody else left it meanwhile
    ):
        refused = desk.send("sup", "POST", end, wrong)
        assert refused.status_code == status
        assert f'href="#ends-{row.id}"' in refused.text
    assert acts(desk, parent) == [child]
    assert desk.send("sup", "POST", end, valid_to="2026-09-30", version="1").status_code == 303
    assert acts(desk, parent) == []
    assert len(kept(desk, child)) == 1  # the row stays as evidence
    page = desk.page("sup", place(child))
    assert "終了" in page
    assert end not in page
    with desk.wiring.database.read() as tx:
        told = [one for one in events(tx, "person.changed") if one.subject == child]
    assert "relation.valid_to" in (told[-1].fields or "")


def test_without_a_proof_nobody_acts_and_a_wrong_form_comes_back(desk: Desk) -> None:
    parent, _, other = subjects(desk.wiring)
    said = {"kind": "guardian", "verified_how": "", "verified_on": "2026-09-01"}
    assert desk.send("sup", "POST", place(other), said, other_subject_id=parent).status_code == 303
    assert acts(desk, parent) == []
    for form, field in (
        ({**PROOF}, "other_name"),
        ({**PROOF, "other_name": EVIL, "verified_on": ""}, "verified_on"),
        ({**PROOF, "other_name": EVIL, "verified_on": "2999-01-01"}, "verified_on"),
        ({**PROOF, "other_name": EVIL, "kind": "agent"}, "until_majority"),
        ({**PROOF, "other_name": EVIL, "kind": "friend"}, "kind"),
        ({**PROOF, "other_subject_id": "nobody"}, "other_subject_id"),
        ({**PROOF, "other_name": EVIL, "valid_from": "2026-09-01", "valid_to": "2026-08-01"},
         "valid_to"),
    ):  # fmt: skip
        answer = desk.send("sup", "POST", place(other), form)
        assert answer.status_code == 422, (form, answer.status_code)
        assert f'href="#{field}"' in answer.text, (form, field)
        assert EVIL not in answer.text
    assert len(kept(desk, other)) == 1


def test_whoever_may_not_write_or_read_persons_does_neither(desk: Desk) -> None:
    parent, child, _ = subjects(desk.wiring)
    before = kept(desk, child)
    for who in ("aud", "op"):
        answer = desk.send(who, "POST", place(child), PROOF, other_subject_id=parent)
        assert answer.status_code in {403, 404}
        assert desk.send(who, "GET", place(child)).status_code in {403, 404}
    unknown = SubjectId("00000000-0000-4000-8000-000000000000")
    for method in ("GET", "POST"):
        answer = desk.send("sup", method, place(unknown), PROOF, other_subject_id=parent)
        assert answer.status_code == 404
    assert kept(desk, child) == before


def doctor(desk: Desk) -> Examined:
    return guardians_finding(desk.wiring, AT, timedelta(days=1))


def of_before(child: SubjectId, parent: SubjectId, **said: object) -> dict[str, object]:
    """A row as versions wrote it that asked nobody for a second person."""
    return {
        "id": new_row_id(), "subject_id": child, "other_subject_id": parent, "version": 1,
        "kind": "parent", "verified_how": "family_register", "verified_on": date(2026, 1, 5),
        "verified_by": "u:sup", "recorded_at": AT, "until_majority": True, **said,
    }  # fmt: skip


def test_whoever_waits_for_a_second_person_is_listed_wherever_it_came_from(desk: Desk) -> None:
    parent, child, grown = subjects(desk.wiring)
    old = of_before(child, parent)
    silent = (
        of_before(child, parent, verified_how="declared"),
        of_before(child, parent, valid_to=date(2026, 1, 31)),
        of_before(child, parent, kind="agent"),
        of_before(grown, parent),
    )

    def write(tx: Connection) -> None:
        tx.execute(update(SUBJECT).where(SUBJECT.c.id == grown).values(birth_band="adult"))
        for row in (old, *silent):
            tx.execute(insert(RELATION).values(row))

    desk.wiring.database.write(write)
    page = desk.page("off", WAITING)
    shown = set(re.findall(r'name="key" value="([0-9a-f-]{36})"', page))
    assert old["id"] in shown
    assert shown.isdisjoint(one["id"] for one in silent)
    assert f'href="{place(grown)}"' not in page
    assert "二人目の確認がまだ" in page
    assert parent not in page
    assert "架空（sup）" in page, "who saw the paper"
    assert f'href="{WAITING}"' in desk.page("off", "/console")
    desk.page("aud", WAITING, status=403)
    before = doctor(desk)
    assert before.state == "attention"
    asked = desk.send("sup", "POST", f"{place(child)}/{old['id']}/second")
    assert asked.status_code == 303
    assert "二人目の確認待ち" in desk.page("off", WAITING)
    inbox = desk.page("off", "/console/approvals?whose=others")
    assert "親権者・後見人の確認" in inbox
    assert f'href="{WAITING}"' in inbox
    assert "/console/approvals?whose=others" in desk.page("off", "/console")
    desk.page("sup", "/console/approvals", status=403)
    after = doctor(desk)
    assert int(after.params["count"]) == int(before.params["count"]) - 1
    assert int(after.params["waiting"]) == int(before.params["waiting"]) + 1


def test_a_right_that_was_changed_after_its_confirmation_waits_anew(desk: Desk) -> None:
    parent, child, _ = subjects(desk.wiring)
    row = of_before(child, parent)

    def write(tx: Connection) -> None:
        tx.execute(insert(RELATION), [row])
        (record,) = [one for one in records_of(tx, child, "relation") if one.id == row["id"]]
        confirm(tx, record, by=ActorId("u:off"), at=AT)

    def waits() -> bool:
        with desk.wiring.database.read() as tx:
            return row["id"] in {one.id for one, _ in unconfirmed(tx, at=AT)}

    def change(version: int, **said: object) -> None:
        changed = update(RELATION).where(RELATION.c.id == row["id"])
        desk.wiring.database.write(lambda tx: tx.execute(changed.values(version=version, **said)))

    desk.wiring.database.write(write)
    assert not waits()
    change(2, notes=None)
    assert not waits(), "what was confirmed still stands"
    change(3, verified_on=date(2026, 2, 5))
    assert waits()
