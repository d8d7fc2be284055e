"""Staff record who acts for a person with the proof that they saw, and end it; nothing else."""

import re
from collections.abc import Iterator

import pytest

from governance.core.terms import SubjectId
from governance.customers.master.guardians import children_of
from governance.customers.store import Record, records_of
from tests.governance.console.seats import Desk, seated
from tests.installation import AT, customer, events, import_file, register, subjects, write_file

PROOF = {
    "kind": "parent", "verified_how": "family_register", "verified_on": "2026-09-01",
    "until_majority": "yes",
}  # fmt: skip
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
