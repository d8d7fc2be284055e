"""A file of requests: all of it or nothing, once, and faults by row number."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from dsar.errors import RequestNotAllowedError
from dsar.intake.errors import ImportRowsError
from dsar.intake.importing import Imported, import_file
from dsar.store import REQUEST
from governance.http.principal import Principal
from tests.dsar.world import OFFICER, STRANGER, World

HEAD = "key,right,channel,name,email,received_on,requester,agent_name,ground,words\r\n"
GOOD = (
    "L-1,disclosure,post,架空 花子,hanako@example.com,2026-11-20,self,,,\r\n"
    "L-2,cessation,phone,架空 次郎,,2026-11-21,mandated_agent,架空 三郎,harm,=1+1\r\n"
)


def taken(world: World, folder: Path, content: str, by: Principal = OFFICER) -> Imported:
    path = folder / "letters.csv"
    path.write_text(content, encoding="cp932")
    return import_file(world.ports, by, path, policy_days=14, at=world.tick())


def count(world: World) -> int:
    with world.ports.database.read() as tx:
        return int(tx.execute(select(func.count()).select_from(REQUEST)).scalar_one())


def test_a_file_is_taken_in_once(world: World, tmp_path: Path) -> None:
    done = taken(world, tmp_path, HEAD + GOOD)
    assert (done.read, len(done.filed), done.known) == (2, 2, 0)
    case = world.case(done.filed[0])
    assert (case.intake.value, case.received_at.isoformat()) == (
        "post", "2026-11-19T15:00:00+00:00",
    )  # fmt: skip
    again = taken(world, tmp_path, HEAD + GOOD + "L-3,access,email,架空 四郎,,,,,,\r\n")
    assert (again.read, len(again.filed), again.known) == (3, 1, 2)
    assert count(world) == 3


def test_one_faulty_row_refuses_the_file_and_is_named_by_number(
    world: World, tmp_path: Path
) -> None:
    bad = (
        "L-4,nonsense,post,架空 五郎,,2999-01-01,self,,,\r\n"
        "L-1,disclosure,portal,,,,self,,,\r\n"
        "L-5,cessation,post,架空 六郎,=1+1<b>,,mandated_agent,,,\r\n"
        "L-6,correction,post,架空 七郎,,,,,,,one cell too many\r\n"
    )
    with pytest.raises(ImportRowsError) as refused:
        taken(world, tmp_path, HEAD + GOOD + bad)
    assert set(refused.value.faults) == {
        ("3.right", "unknown"), ("3.received_on", "day"), ("4.channel", "unknown"),
        ("4.name", "missing"), ("5.ground", "missing"), ("5.agent_name", "missing"),
        ("5.email", "email_form"),
        ("6.key", "cells"),
    }  # fmt: skip
    assert "架空" not in repr(refused.value)
    assert count(world) == 0


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("right,channel,name\r\n", ("0.key", "column_missing")),
        (HEAD.replace("ground", "個人番号"), ("0.#9", "column_unknown")),
        (HEAD + GOOD + GOOD, ("3.key", "repeated")),
    ],
)
def test_a_file_of_another_form_is_refused(
    world: World, tmp_path: Path, content: str, fault: tuple[str, str]
) -> None:
    with pytest.raises(ImportRowsError) as refused:
        taken(world, tmp_path, content)
    assert fault in refused.value.faults


def test_only_staff_takes_files_in(world: World, tmp_path: Path) -> None:
    with pytest.raises(RequestNotAllowedError):
        taken(world, tmp_path, HEAD + GOOD, STRANGER)
