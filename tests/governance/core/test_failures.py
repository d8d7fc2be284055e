"""A failing process tells where it failed and quotes nobody."""

import sys
import threading

import pytest

from governance.core.failures import tell_by_place

SECRET = "090-1234-5678"


@pytest.fixture(autouse=True)
def _hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    tell_by_place()


def fail() -> None:
    int(SECRET)


def test_process_that_fails_names_class_and_place(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        fail()
    except ValueError as failure:
        sys.excepthook(type(failure), failure, failure.__traceback__)
    told = capsys.readouterr().err
    assert "process.failed exception=ValueError" in told
    assert "test_failures.py" in told
    assert SECRET not in told


def test_thread_that_fails_does_too(capsys: pytest.CaptureFixture[str]) -> None:
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    told = capsys.readouterr().err
    assert "exception=ValueError" in told
    assert SECRET not in told
