"""Logs carry references and counts; everything else is withheld before it is written."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from governance.core.logging import (
    PERMITTED,
    WITHHELD,
    configure,
    exception_name,
    logger,
    refuse_personal,
)


def cleaned(**event: object) -> dict[str, object]:
    return dict(refuse_personal(None, "info", dict(event)))


def test_references_and_counts_pass_as_they_are() -> None:
    event: dict[str, object] = {
        "event": "consent.withdrawn",
        "subject": "5e0f3a52-6a3c-4d0e-9b6c-1f2e3d4c5b6a",
        "actor": "u:taro",
        "count": 3,
        "ms": 1.5,
        "state": None,
        "timestamp": "2026-10-01T03:00:00.000000Z",
        "slot": "2026-10-01T03:00:00+00:00",
        "host": "203.0.113.0/24",
    }
    assert cleaned(**event) == event


@pytest.mark.parametrize("key", ["name", "email", "message", "args", "value", "row", "氏名", ""])
def test_a_key_that_nobody_permitted_is_withheld(key: str) -> None:
    assert key not in PERMITTED
    assert cleaned(**{key: "anything"}) == {key: WITHHELD}


@pytest.mark.parametrize(
    "value",
    [
        "taro@example.com",
        "sent to <taro.yamada+x@mail.example.co.jp>",
        "taro＠example.com",
        "ｔａｒｏ＠ｅｘａｍｐｌｅ．ｃｏｍ",
        "090-0000-0001",
        "0900000000１",
        "０９０－００００－０００１",
        "+81 90 0000 0001",
        "(03) 0000-0000",
        "4111 1111 1111 1111",
        "架空",
        "かくう",
        "カクウ",
        "ｶｸｳ ﾊﾅｺ",
        "𠮷",
        "佐々木",
        "々",
        "text with 東 inside",
    ],
)
def test_a_value_that_looks_like_a_persons_is_withheld(value: str) -> None:
    for key in ("event", "reason", "subject", "code", "exception"):
        assert cleaned(**{key: value}) == {key: WITHHELD}


@pytest.mark.parametrize("value", [["a"], {"a": 1}, b"bytes", object(), ("x",), {"x"}])
def test_what_is_no_plain_value_is_withheld(value: object) -> None:
    assert cleaned(reason=value) == {"reason": WITHHELD}


def test_an_exception_is_named_by_its_class_alone() -> None:
    secret = ValueError("taro@example.com")
    assert exception_name(None, "error", {"event": "x", "exc_info": secret}) == {
        "event": "x",
        "exception": "ValueError",
    }
    try:
        raise secret
    except ValueError:
        assert exception_name(None, "error", {"exc_info": True}) == {"exception": "ValueError"}
    assert exception_name(None, "error", {"event": "x"}) == {"event": "x"}


@pytest.fixture
def restored() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.mark.parametrize("json_lines", [True, False])
def test_what_reaches_standard_error_holds_no_value(
    restored: None, capsys: pytest.CaptureFixture[str], *, json_lines: bool
) -> None:
    configure(level="info", json_lines=json_lines)
    log = logger()
    log.debug("not.written", code="x")
    log.info("dsar.approved", request="r-1", name="架空 花子", reason="taro@example.com")
    try:
        raise KeyError("架空 花子")  # noqa: TRY301 -- raised to be logged
    except KeyError:
        log.exception("import.failed", stack_info=True)
    told = capsys.readouterr()
    assert told.out == ""
    assert "dsar.approved" in told.err
    assert "not.written" not in told.err
    assert "架空" not in told.err
    assert "example.com" not in told.err
    assert "KeyError" in told.err
    assert "Traceback" not in told.err
    if json_lines:
        first = json.loads(told.err.splitlines()[0])
        assert (first["name"], first["reason"], first["request"]) == (WITHHELD, WITHHELD, "r-1")


def test_an_unknown_level_is_the_usual_one(
    restored: None, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(level="chatty", json_lines=True)
    logger().info("seen")
    logger().debug("unseen")
    told = capsys.readouterr().err
    assert "unseen" not in told
    assert '"seen"' in told


def test_a_library_is_logged_by_its_place_not_by_its_words(
    restored: None, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(level="info", json_lines=True)
    configure(level="info", json_lines=True)  # again: still one line a record
    library = logging.getLogger("somebodys.library")
    library.info("架空 花子 is not told")
    try:
        raise KeyError("taro@example.com")  # noqa: TRY301 -- raised to be logged
    except KeyError:
        library.exception("of %s", "架空 花子")
    (line,) = capsys.readouterr().err.splitlines()
    told = json.loads(line)
    assert (told["event"], told["kind"], told["level"], told["exception"]) == (
        "library.said",
        "somebodys.library",
        "error",
        "KeyError",
    )
    assert told["code"].startswith("test_logging:")
    assert "架空" not in line
    assert "example.com" not in line
