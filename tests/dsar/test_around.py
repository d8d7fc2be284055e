"""A disclosure holds what stands around the person, in words, and never who else is meant."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from dsar.collection import every_source, gather
from dsar.found import Found
from dsar.reads import Query
from governance.app.wiring import Wiring
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, FieldId, Law, RequestId, SubjectId
from governance.gateway.around.types import Entry
from governance.gateway.around.writing import put
from governance.identity.credentials.types import Passkey
from governance.identity.persons import store
from tests.installation import AT, OFFICER, add_person, create, staff

SUPPORT = staff("support", name="hana")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Wiring]:
    wiring = create(tmp_path)
    yield wiring
    wiring.close()


def write(wiring: Wiring, table: str, subject: SubjectId, **values: Any) -> None:
    entry = Entry(table=table, subject=subject, values=values, purpose="order_support")
    put(wiring.ports, SUPPORT, entry, at=AT)


def disclosed(wiring: Wiring, subject: SubjectId) -> dict[str, list[dict[str, str]]]:
    query = Query(
        request=RequestId("r1"),
        laws=frozenset({Law.APPI}),
        subject=subject,
        principal=OFFICER,
        at=AT,
    )
    answers = gather(every_source(wiring.ports), query)
    assert all(isinstance(answer, Found) for answer in answers), answers
    return {
        answer.source: [
            {str(value.name): value.text for value in record.values} for record in answer.records
        ]
        for answer in answers
        if isinstance(answer, Found) and answer.records
    }


def add_passkey(wiring: Wiring, subject: SubjectId, name: str) -> None:
    made = Passkey(
        id=new_row_id(),
        actor=ActorId(f"p:{subject}"),
        credential_id=subject.encode(),
        public_key=b"public",
        sign_count=2**32 - 1,
        name=name,
        added_at=AT,
        used_at=None,
    )
    wiring.database.write(partial(store.add, vault=wiring.vault, passkey=made, subject=subject))


def test_wishes_tags_preferences_and_passkeys_are_disclosed_in_words(shop: Wiring) -> None:
    person, other = add_person(shop), add_person(shop)
    add_passkey(shop, person, "花子の携帯")
    add_passkey(shop, other, "別の人の端末")
    write(shop, "channel_permission", person, channel="phone", kind="offer", wanted="unwanted")
    write(shop, "preference", person, topic="contact_time", value="evening")
    write(shop, "person_tag", person, vocabulary="care", label="complaint")
    found = disclosed(shop, person)
    assert found["channel_permission"][0]["channel_permission.wanted"] == "希望しない / Not wanted"
    assert found["preference"][0]["preference.value"] == "夕方以降 / Evening"
    assert found["person_tag"][0]["person_tag.label"] == "申し出に対応中 / Complaint open"
    (passkey,) = found["passkey"]  # neither the key nor what it calls itself
    assert passkey == {"passkey.name": "花子の携帯", "passkey.added_at": AT.isoformat()}
    assert "別の人の端末" not in str(found)


def test_a_guardian_learns_of_the_relation_and_not_of_the_ward(shop: Wiring) -> None:
    child, parent = add_person(shop), add_person(shop)
    write(
        shop, "relation", child, kind="parent", other_subject_id=parent, valid_from="2026-01-01",
        verified_how="family_register", verified_on="2026-01-02", notes="学校の件（架空）",
    )  # fmt: skip
    found = disclosed(shop, parent)
    (row,) = found["relation.other_subject_id"]
    assert row[FieldId("relation.kind")] == "親権者 / Parent"
    assert child not in str(found)
    assert "学校" not in str(found)
    (own,) = disclosed(shop, child)["relation"]
    assert own["relation.notes"] == "学校の件（架空）"
    assert parent not in str(own), "who acts is a third person"
