"""Files of connected systems that no machine reads: looked at by an officer, then handed over."""

from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from audit.models import EVENTS
from dsar import fulfilment
from dsar.case import Case
from dsar.collection import every_source
from dsar.errors import RequestNotAllowedError
from dsar.package import members_of, verify_package
from dsar.results import newest_package
from dsar.review import rules
from dsar.review import service as review
from dsar.review.errors import ReviewActError
from dsar.review.types import Reason
from dsar.types import Event
from governance.connectors import folder as folders
from governance.connectors.erasing import Memory
from governance.connectors.folder import FolderConnector
from governance.connectors.specs import FolderSpec, OnErase
from governance.core.terms import ActorId
from governance.http.principal import Principal
from policies.types import Label
from tests.dsar.world import APPROVER, OFFICER, SUPPORT, World

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
SCAN = b"%PDF-1.7\x00\xff<script>alert(1)</script>=1+1"
PLACE = "files/connector.papers/001.pdf"
COLLEAGUE = replace(OFFICER, id=ActorId("u:colleague"))


@pytest.fixture
def papers(world: World, tmp_path: Path) -> FolderConnector:
    path = tmp_path / "papers"
    path.mkdir()
    (path / "C-00042_scan.PDF").write_bytes(SCAN)
    spec = FolderSpec(
        name="papers",
        label=Label(ja="契約書", en="Contracts"),
        path=path,
        pattern=("{customer}_*",),
        on_erase=OnErase.DELETE,
    )
    return FolderConnector(spec=spec, memory=Memory(database=world.ports.database))


def collected(world: World, papers: FolderConnector) -> Case:
    case = world.step(world.proved(world.receive()), Event.START)
    sources = every_source(world.ports, (papers,))
    at = world.tick()
    case = fulfilment.collect(world.ports, OFFICER, case.id, sources=sources, at=at)
    return world.step(case, Event.FINISH_COLLECTING)


def place_of(world: World, case: Case) -> int:
    found = review.look(world.ports, OFFICER, case.id, at=world.tick()).findings
    (place,) = [
        number
        for number, spot in enumerate(rules.suggestions(found), 1)
        if rules.file_at(found, spot) is not None
    ]
    return place


def opened(world: World, case: Case, by: Principal = OFFICER) -> bytes:
    place = place_of(world, case)
    return review.look_at_file(world.ports, by, case.id, place, at=world.tick()).content


def packed(world: World, case: Case) -> dict[str, bytes]:
    case = review.accept_all(world.desk(case))
    case = world.build(world.step(world.approve(world.decide(case)), Event.EXECUTE))
    with world.ports.database.read() as tx:
        package = newest_package(tx, case.id)
    assert package is not None
    assert package.content is not None
    archive = world.ports.vault.open_part(package.id, package.content)
    members = dict(members_of(archive))
    assert verify_package(archive, bytes.fromhex(key_of(members)))
    return members


def key_of(members: dict[str, bytes]) -> str:
    return members["manifest.sig"].decode().partition('"public_key":"')[2].partition('"')[0]


def test_a_file_that_an_officer_looked_at_is_handed_over_as_it_is(
    world: World, papers: FolderConnector
) -> None:
    case = collected(world, papers)
    assert opened(world, case) == SCAN
    review.reveal(world.desk(case), place_of(world, case), Reason.OWN)
    members = packed(world, case)
    assert members[PLACE] == SCAN
    assert b64encode(SCAN) in members["report.ja.html"], "a phone gets it with the one page"
    page = members["report.ja.html"].decode()
    assert "写しを添付します" in page
    assert "001.pdf" in page
    assert "<script>" not in page
    with world.ports.database.read() as tx:
        looks = tx.execute(select(EVENTS).where(EVENTS.c.reasons == "file")).all()
    assert [look.actor for look in looks] == [OFFICER.id]


def test_a_file_that_was_not_handed_over_is_nowhere_in_the_answer(
    world: World, papers: FolderConnector
) -> None:
    members = packed(world, collected(world, papers))  # every suggestion stands
    assert PLACE not in members
    whole = b"\n".join(members.values())
    assert SCAN not in whole
    assert b64encode(SCAN) not in whole
    assert b"C-00042_scan.PDF" in whole, "it is named with its hash"


def test_nobody_hands_over_a_file_that_they_have_not_opened(
    world: World, papers: FolderConnector
) -> None:
    case = collected(world, papers)
    place = place_of(world, case)
    opened(world, case)
    with pytest.raises(ReviewActError, match="file_unseen"):
        review.reveal(world.desk(case, by=COLLEAGUE), place, Reason.OWN, everywhere=True)
    review.reveal(world.desk(case), place, Reason.OWN)
    assert opened(world, case, APPROVER) == SCAN, "who approves sees what leaves"


def test_the_desk_opens_no_file_and_a_place_in_a_text_is_none(
    world: World, papers: FolderConnector
) -> None:
    case = collected(world, papers)
    with pytest.raises(RequestNotAllowedError):
        opened(world, case, SUPPORT)
    other = next(n for n in range(1, 9) if n != place_of(world, case))
    with pytest.raises(ReviewActError):
        review.look_at_file(world.ports, OFFICER, case.id, other, at=world.tick())


def test_a_large_file_is_named_and_handed_over_apart(
    world: World, papers: FolderConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "MOST_HANDED", len(SCAN) - 1)
    members = packed(world, collected(world, papers))
    assert PLACE not in members
    assert "写しは別にお渡しします" in members["report.ja.html"].decode()
