"""When My Number data ends here, connected systems are told until each has answered."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

import dsar.models  # noqa: F401 - tasks of colleagues hang on requests
from audit.actions import EventCode
from dsar.connected import my_number as telling_of
from dsar.connected.my_number import done_by_hand, tell
from dsar.connected.telling import AGAIN
from dsar.errors import NothingByHandError
from governance.connectors import my_number
from governance.connectors.types import (
    Asking,
    Connector,
    Erased,
    Erasure,
    Failed,
    PersonKeys,
    Reason,
)
from governance.core.errors import UnavailableError
from governance.core.terms import SubjectId
from retention.errors import RetentionRefusedError
from retention.parts.outside import OutsideEnd, note, waiting
from tests.installation import events
from tests.retention.town import NOW, OFFICER, SUPPORT, Town

RUN = "01936e1e-0000-7000-8000-0000000000aa"


@dataclass
class System:
    """A connected system that answers as it is told to."""

    name: str
    answers: list[Erasure]
    asked: list[str] = field(default_factory=list)


class NoKeyError(UnavailableError):
    """A value does not open."""

    code = "test_no_key"


@pytest.fixture
def telling(town: Town, monkeypatch: pytest.MonkeyPatch) -> Town:
    def end(system: System, _person: PersonKeys, asking: Asking) -> Erasure:
        system.asked.append(asking.key)
        return system.answers.pop(0)

    monkeypatch.setattr(telling_of, "holds_my_number", lambda one: one.name != "other")
    monkeypatch.setattr(telling_of, "end_my_number", end)
    for name in ("ando", "baba"):
        town.settle(name)
    noted(town, "ando")
    return town


def noted(town: Town, *names: str) -> None:
    people = [town.people[name] for name in names]
    town.ports.database.write(lambda tx: note(tx, RUN, people, at=NOW))  # type: ignore[arg-type] # an id


def ask(town: Town, *systems: System, later: timedelta = timedelta(0)) -> int:
    connectors: list[Connector] = list(systems)  # type: ignore[arg-type] # stand-ins
    return tell(
        town.ports,
        OFFICER,
        connectors,
        lambda subject: PersonKeys(subject=subject),
        at=NOW + later,
        limit=10,
    )


def left(town: Town) -> tuple[OutsideEnd, ...]:
    with town.ports.database.read() as tx:
        return waiting(tx, limit=10)


def told(town: Town) -> list[str]:
    with town.ports.database.read() as tx:
        return [str(one.reasons) for one in events(tx, EventCode.CONNECTOR_CALLED)]


def test_each_system_is_asked_once_and_the_log_says_what_it_did(telling: Town) -> None:
    one, two = System("wages", [Erased(records=2)]), System("tax", [Erased(records=0)])
    assert ask(telling, one, two, System("other", [])) == 1
    assert (left(telling), len(one.asked), len(two.asked)) == ((), 1, 1)
    assert told(telling) == ["my_number,erased", "my_number,erased"]
    noted(telling, "ando")
    assert ask(telling, one, two) == 0, "the same run tells nobody twice"


def test_one_that_fails_is_asked_again_and_holds_up_no_other(telling: Town) -> None:
    failing = System("wages", [Failed(reason=Reason.TIMEOUT), Erased(records=1)])
    sound = System("tax", [Erased(records=1)])
    assert ask(telling, failing, sound) == 0
    assert ask(telling, failing, sound) == 0, "not before its time"
    assert ask(telling, failing, sound, later=AGAIN[0]) == 1
    assert (len(failing.asked), len(set(failing.asked)), len(sound.asked)) == (2, 1, 1)


def test_what_a_colleague_must_do_waits_until_an_officer_says_it_is_done(telling: Town) -> None:
    assert ask(telling, System("ledger", [my_number.BY_HAND])) == 0
    (one,) = left(telling)
    assert ask(telling, System("ledger", []), later=timedelta(days=3)) == 0
    with pytest.raises(RetentionRefusedError):
        done_by_hand(telling.ports, SUPPORT, one.id, "ledger", at=NOW)
    for row, name in ((one.id, "wages"), (RUN, "ledger")):
        with pytest.raises(NothingByHandError):
            done_by_hand(telling.ports, OFFICER, row, name, at=NOW)  # type: ignore[arg-type] # an id
    done_by_hand(telling.ports, OFFICER, one.id, "ledger", at=NOW)
    assert left(telling) == ()
    assert told(telling) == ["my_number,by_hand", "my_number,done_by_hand"]


def test_a_person_whose_values_do_not_open_is_tried_again_after_the_others(telling: Town) -> None:
    noted(telling, "baba")
    system = System("wages", [Erased(records=1), Erased(records=1)])

    def keys(subject: SubjectId) -> PersonKeys:
        if subject == telling.people["ando"]:
            raise NoKeyError
        return PersonKeys(subject=subject)

    with pytest.raises(NoKeyError):
        tell(telling.ports, OFFICER, [system], keys, at=NOW, limit=10)  # type: ignore[list-item] # a stand-in
    assert [one.subject for one in left(telling)] == [telling.people["ando"]]


def test_an_installation_without_such_systems_owes_nothing(telling: Town) -> None:
    assert ask(telling) == 1
    assert left(telling) == ()
