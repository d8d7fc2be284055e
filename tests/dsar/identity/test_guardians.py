"""A child behind a request: which papers prove whom, what is looked at, what the child said."""

from datetime import timedelta
from itertools import product

import pytest
from sqlalchemy import update

from dsar.case import Case
from dsar.errors import RequestNotAllowedError, RequestStepError
from dsar.identity import documents
from dsar.identity.errors import DocumentKindError
from dsar.identity.guardians import (
    AUTHORITY,
    Child,
    Concern,
    Heard,
    concerns,
    shows_authority,
)
from dsar.identity.hearing import heard, note_heard, open_concerns
from dsar.identity.types import AUTHORITIES, Document, UploadKind
from dsar.store import REQUEST
from dsar.types import Event, Requester, RequestKind
from governance.customers.store import SUBJECT as SUBJECTS
from governance.customers.subjects import AgeBand
from governance.http.principal import Principal
from tests.dsar.world import PERSON, SUBJECT, SUPPORT, World

C, R, B = Concern, Requester, AgeBand


def child(band: AgeBand, *, guardian: bool = True, sensitive: bool = False) -> Child:
    return Child(band=band, guardian=guardian, sensitive=sensitive)


@pytest.mark.parametrize(
    ("requester", "person", "wanted"),
    [
        (R.SELF, child(B.ADULT), ()),
        (R.SELF, child(B.UNKNOWN), ()),
        (R.SELF, child(B.FROM_16), ()),
        (R.SELF, child(B.AT_15), (C.CHILD_ALONE,)),
        (R.SELF, child(B.UNDER_13), (C.CHILD_ALONE,)),
        (R.STATUTORY_AGENT, child(B.UNDER_13), ()),
        (R.STATUTORY_AGENT, child(B.UNDER_13, sensitive=True), ()),
        (R.STATUTORY_AGENT, child(B.UNDER_13, guardian=False), (C.NOT_ON_RECORD,)),
        (R.STATUTORY_AGENT, child(B.AT_14), (C.CHILD_HEARD,)),
        (R.STATUTORY_AGENT, child(B.FROM_16, sensitive=True), (C.CHILD_HEARD, C.SENSITIVE)),
        (R.STATUTORY_AGENT, child(B.ADULT), (C.AUTHORITY_ENDED,)),
        (R.STATUTORY_AGENT, child(B.UNKNOWN), (C.AGE_UNKNOWN,)),
        (R.MANDATED_AGENT, child(B.FROM_16), (C.MINORS_MANDATE,)),
        (R.MANDATED_AGENT, child(B.ADULT), ()),
    ],
)
def test_what_is_looked_at_follows_from_age_and_who_asks(
    requester: Requester, person: Child, wanted: tuple[Concern, ...]
) -> None:
    assert concerns(requester, person) == wanted


def test_only_the_paper_of_this_kind_of_agent_shows_authority() -> None:
    for requester, document, band in product(R, Document, B):
        fits = shows_authority(document, requester, child(band))
        known = document in AUTHORITY[requester]
        ended = band is B.ADULT and document is Document.FAMILY_REGISTER
        assert fits is (known and not ended)
        assert not fits or document in AUTHORITIES
    assert shows_authority(Document.FAMILY_REGISTER, R.STATUTORY_AGENT, None)


def aged(world: World, band: AgeBand, requester: Requester = R.STATUTORY_AGENT) -> Case:
    of = update(SUBJECTS).where(SUBJECTS.c.id == SUBJECT).values(birth_band=band.value)
    world.write(lambda tx: tx.execute(of))
    return world.receive(requester=requester)


def shown(world: World, case: Case) -> tuple[Concern, ...]:
    with world.ports.database.read() as tx:
        return open_concerns(tx, case, at=world.tick())


def note(world: World, case: Case, said: Heard, by: Principal = SUPPORT) -> None:
    at = world.tick()
    world.write(lambda tx: note_heard(tx, world.ports, by, case.id, said, at=at))


def test_what_the_child_said_is_on_file_and_settles_the_concern(world: World) -> None:
    case = aged(world, B.AT_15)
    assert set(shown(world, case)) == {C.NOT_ON_RECORD, C.CHILD_HEARD}
    with pytest.raises(RequestNotAllowedError):
        note(world, case, Heard.AGREES, by=PERSON)
    note(world, case, Heard.NOT_REACHED)
    note(world, case, Heard.OBJECTS)
    with world.ports.database.read() as tx:
        assert heard(tx, case.id) is Heard.OBJECTS
    assert shown(world, case) == (C.NOT_ON_RECORD,)
    world.step(world.step(case, Event.WITHDRAW), Event.CLOSE)
    with pytest.raises(RequestStepError):
        note(world, case, Heard.AGREES)


@pytest.mark.parametrize(
    ("band", "document", "fits"),
    [
        (B.AT_14, Document.FAMILY_REGISTER, True),
        (B.AT_14, Document.MANDATE, False),
        (B.ADULT, Document.FAMILY_REGISTER, False),
        (B.ADULT, Document.GUARDIANSHIP, True),
    ],
)
def test_an_officer_accepts_no_paper_that_cannot_show_this_authority(
    world: World,
    band: AgeBand,
    document: Document,
    fits: bool,  # noqa: FBT001 - a case of the table
) -> None:
    case, at = aged(world, band), world.tick() + timedelta(minutes=1)

    def judge() -> Case:
        return world.write(
            lambda tx: documents.judge(
                *(tx, world.ports, SUPPORT, case.id, document, UploadKind.AUTHORITY),
                doubt=None,
                at=at,
            )
        )

    if fits:
        assert judge().evidence[-1].accepted
    else:
        with pytest.raises(DocumentKindError):
            judge()


def test_nothing_is_given_to_a_guardian_before_the_child_was_asked(world: World) -> None:
    case = world.reviewed(RequestKind.CORRECTION)
    who = update(REQUEST).where(REQUEST.c.id == case.id)
    band = update(SUBJECTS).where(SUBJECTS.c.id == SUBJECT).values(birth_band=B.AT_14.value)
    world.write(lambda tx: tx.execute(who.values(requester=R.STATUTORY_AGENT.value)))
    world.write(lambda tx: tx.execute(band))
    with pytest.raises(RequestStepError) as refused:
        world.decide(case)
    assert refused.value.params["reason"] == "child_not_heard"
    note(world, case, Heard.AGREES)
    assert world.decide(case).case.decision is not None
