"""A withdrawal told by telephone holds at once; its proof says how; a mistake keeps the form."""

import re
from collections.abc import Iterator
from functools import partial

import pytest

from consent.choices import Choice
from consent.service import choose, subject_gate
from consent.types import EventKind
from governance.core.terms import Lang, PurposeId, SubjectId
from governance.i18n.catalogue import text
from tests.installation import AT, OFFICER, add_person, create, events
from tests.office import Office, opened

HOME, MAIL = "/console/consents/persons", PurposeId("mail_marketing")
SAID = {"withdrawn": MAIL, "how": "phone", "said_on": "2026-09-30", "words": "もう送らないで"}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with opened(create(tmp_path_factory.mktemp("told"))) as found:
        yield found


@pytest.fixture
def person(office: Office) -> SubjectId:
    who = add_person(office.wiring)
    made = Choice(
        subject=who, purpose=MAIL, kind=EventKind.GIVEN, action="unticked_box", shown="受け取る"
    )
    choose(office.wiring.ports, OFFICER, made, at=AT.replace(month=9, day=1))
    return who


def permitted(office: Office, who: SubjectId) -> bool:
    purpose = office.wiring.policies.current.purposes[MAIL]
    gate = partial(subject_gate, channel="email", recipient=purpose.recipients[0], at=AT)
    with office.wiring.database.read() as tx:
        return bool(gate(tx, who, purpose))


def once_on(page: str) -> str:
    found = re.search(r'name="once" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_a_told_withdrawal_holds_at_once_and_its_proof_says_how(
    office: Office, person: SubjectId
) -> None:
    place = f"{HOME}/{person}"
    page = office.page(place, by="support")
    first = re.search(r'<select[^>]*id="withdrawn".*?<option value="([^"]+)"', page, re.DOTALL)
    assert first is not None
    assert first[1] == MAIL  # what is in use stands first
    assert permitted(office, person)
    form = SAID | {"once": once_on(page)}
    done = office.send(f"{place}/told", by="support", shown=place, form=form)
    assert done.headers["location"] == f"{place}?told={MAIL}"
    assert not permitted(office, person)
    page = office.page(done.headers["location"], by="support")
    assert "の撤回を記録しました" in page
    proof = office.page(re.findall(r"/console/consents/entries/[0-9a-f-]+", page)[0], by="auditor")
    assert text("console.consents.how.phone", Lang.JA) in proof
    assert "もう送らないで" in proof
    with office.wiring.database.read() as tx:
        assert events(tx, "consent.withdrawn")[-1].subject == person
    again = office.send(f"{place}/told", by="support", shown=place, form=form)
    assert again.status_code == 303  # sent twice, it is on record once
    with office.wiring.database.read() as tx:
        assert [one.subject for one in events(tx, "consent.withdrawn")].count(person) == 1


@pytest.mark.parametrize(
    ("wrong", "status", "field"),
    [
        ({"said_on": "2026-10-02"}, 422, "said_on"),
        ({"said_on": "yesterday"}, 422, "said_on"),
        ({"withdrawn": "no_such_purpose"}, 422, "withdrawn"),
        ({"withdrawn": ""}, 422, "withdrawn"),
        ({"how": "telepathy"}, 422, "withdrawn"),
    ],
)
def test_a_mistake_changes_nothing_and_keeps_what_was_written(
    office: Office, person: SubjectId, wrong: dict[str, str], status: int, field: str
) -> None:
    place = f"{HOME}/{person}"
    form = SAID | {"once": once_on(office.page(place, by="support"))} | wrong
    answer = office.send(f"{place}/told", by="support", shown=place, form=form)
    assert answer.status_code == status
    assert f'href="#{field}"' in answer.text
    assert "もう送らないで" in answer.text
    assert permitted(office, person)


def test_who_may_not_write_has_no_form_and_is_refused(office: Office, person: SubjectId) -> None:
    place = f"{HOME}/{person}"
    assert 'id="told"' not in office.page(place, by="auditor")
    assert office.send(f"{place}/told", by="auditor", form=SAID).status_code == 403
