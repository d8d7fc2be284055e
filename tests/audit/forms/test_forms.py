"""Every form holds every event once, with its place and leaf, and nothing that a reader runs."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.actions import EventCode
from audit.forms import rows
from audit.forms.cef import cef
from audit.forms.export import Form, write_events
from audit.forms.ocsf import API, DATASTORE, Source, ocsf
from audit.forms.rows import COLUMNS, found
from audit.review import EventFilter, RecordedEvent, events
from audit.types import Outcome
from governance.core.terms import ActorId, EventId
from tests.audit.bench import NOW, SUBJECT, Bench

SOURCE = Source(version="0.1.0", origin="log.example.com/sekisho")


def recorded(**more: Any) -> RecordedEvent:
    values: dict[str, Any] = {
        "seq": 3,
        "recorded_at": NOW,
        "leaf": bytes(32),
        "id": EventId("0190-x"),
        "occurred_at": NOW,
        "actor": ActorId("u:officer"),
        "actor_os": None,
        "action": "person.read",
        "object_type": "person",
        "object_id": SUBJECT,
        "subject": SUBJECT,
        "purpose": "order_support",
        "outcome": "permit",
        "reasons": "permit.role",
        "policy_version": "1",
        "consent_seq": 7,
        "request_id": None,
        "network": "203.0.113.0/24",
        "fields": None,
        "counts": None,
        "refs": None,
    }
    return RecordedEvent(**(values | more))


@pytest.fixture
def whole(filled: Bench) -> tuple[RecordedEvent, ...]:
    with filled.db.read() as tx:
        return tuple(found(tx, EventFilter()))


def test_pages_give_every_event_once_in_order(
    filled: Bench, whole: tuple[RecordedEvent, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    with filled.db.read() as tx:
        newest_first = events(tx, EventFilter(), limit=100)
    assert whole == newest_first[::-1]
    monkeypatch.setattr(rows, "PAGE", 2)
    with filled.db.read() as tx:
        assert tuple(found(tx, EventFilter())) == whole
        assert [event.seq for event in found(tx, EventFilter(), start=2, below=5)] == [2, 3, 4]
        asked = EventFilter(purpose=whole[-1].purpose)  # type: ignore[arg-type] # as stored
        assert [event.purpose for event in found(tx, asked)] == ["order_support"] * 3


@pytest.mark.parametrize("form", list(Form))
def test_every_form_holds_every_event(
    whole: tuple[RecordedEvent, ...], tmp_path: Path, form: Form
) -> None:
    path = tmp_path / "events"
    write_events(path, form, whole, SOURCE)
    assert path.stat().st_mode & 0o077 == 0
    leaves = [event.leaf.hex() for event in whole]
    match form:
        case Form.PARQUET:
            table = pq.read_table(path)
            assert table.column("leaf").to_pylist() == leaves
            assert table.column("seq").to_pylist() == [event.seq for event in whole]
        case Form.CSV:
            with path.open(encoding="utf-8-sig", newline="") as stream:
                read = list(csv.DictReader(stream))
            assert [line["leaf"] for line in read] == leaves
            assert tuple(read[0]) == COLUMNS
        case Form.NDJSON:
            lines = [json.loads(line) for line in path.read_text().splitlines()]
            assert [line["leaf"] for line in lines] == leaves
        case Form.OCSF:
            lines = [json.loads(line) for line in path.read_text().splitlines()]
            assert [line["unmapped"]["leaf"] for line in lines] == leaves
        case Form.CEF:
            text = path.read_text().splitlines()
            assert [re.findall(r"cs5=(\w+)", line)[0] for line in text] == leaves


@pytest.mark.parametrize("code", list(EventCode))
@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_action_has_an_ocsf_class_with_what_the_class_requires(
    code: EventCode, outcome: Outcome
) -> None:
    shape = ocsf(recorded(action=code.value, outcome=outcome.value), SOURCE)
    uid, activity = shape["class_uid"], shape["activity_id"]
    assert isinstance(uid, int)
    assert isinstance(activity, int)
    assert shape["type_uid"] == uid * 100 + activity
    assert shape["category_uid"] == uid // 1000
    assert shape["status_id"] == (2 if outcome in {Outcome.DENY, Outcome.FAILED} else 1)
    metadata = shape["metadata"]
    assert isinstance(metadata, dict)
    assert metadata["uid"] == "0190-x"
    needed = {API: {"api", "actor", "src_endpoint"}, DATASTORE: {"database", "actor"}}
    assert needed.get(uid, {"user"}) <= shape.keys()


@given(text=st.text(max_size=40))
def test_no_value_breaks_out_of_its_place_in_a_cef_line(text: str) -> None:
    line = cef(recorded(object_type=text, action="person.read"), SOURCE)
    assert "\n" not in line
    assert "\r" not in line
    bare = re.sub(r"\\.", "", line, flags=re.DOTALL)
    assert bare.split("|")[:4] == ["CEF:0", "Sekisho", "Sekisho", "0.1.0"]
    keys = re.findall(r"(?:^| )(\w+)=", bare.split("|", 7)[7])
    assert keys.count("cs1") == 1


def test_a_cell_that_a_spreadsheet_would_run_is_marked(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    write_events(path, Form.CSV, [recorded(object_id="+cmd|' /C calc'!A0")], SOURCE)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        cell = next(csv.DictReader(stream))["object_id"]
    assert cell.startswith("'+")
