"""Tokens of a real authority (openssl) over the log's head; every other token is refused."""

import shutil
import subprocess
from pathlib import Path

import pytest

from audit.stamps.stamping import newest_stamp, stamp_newest
from governance.core.clock import utc_now
from governance.crypto.stamp_tokens import (
    StampRefusedError,
    StampRootsError,
    checked,
    query,
    roots_in,
)
from tests.audit.bench import Bench
from tests.audit.stamps.authority import Authority, openssl

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
TEXT = b"log.example.com/sekisho\n7\nabc=\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.founded(tmp_path_factory.mktemp("tsa") / "one")


def test_a_stamped_head_verifies_here_and_under_openssl(
    filled: Bench, authority: Authority, tmp_path: Path
) -> None:
    roots = roots_in(authority.root)
    before = utc_now()
    done = stamp_newest(filled.db, authority="tsa.example", roots=roots, post=authority.reply)
    assert done is not None
    assert done.size == 7
    assert abs((done.stamp.at - before).total_seconds()) < 60
    with filled.db.read() as tx:
        assert newest_stamp(tx, roots=roots) == done
    (tmp_path / "text").write_bytes(done.text)
    (tmp_path / "reply").write_bytes(done.reply)
    said = openssl(
        "ts", "-verify", "-data", f"{tmp_path}/text", "-in", f"{tmp_path}/reply",
        "-CAfile", str(authority.root),
    )  # fmt: skip
    assert b"OK" in said
    assert stamp_newest(filled.db, authority="tsa.example", roots=roots, post=fail) is None


def fail(_: bytes) -> bytes:
    raise AssertionError("one head is stamped once")


def test_a_silent_authority_leaves_nothing(filled: Bench, authority: Authority) -> None:
    roots = roots_in(authority.root)
    with pytest.raises(StampRefusedError):
        stamp_newest(filled.db, authority="tsa.example", roots=roots, post=lambda _: None)
    with filled.db.read() as tx:
        assert newest_stamp(tx, roots=roots) is None


def test_a_token_of_another_text_request_or_root_is_refused(
    authority: Authority, tmp_path: Path
) -> None:
    roots = roots_in(authority.root)
    asked = query(TEXT)
    reply = authority.reply(asked.as_bytes())
    assert checked(reply, TEXT, roots=roots, nonce=asked.nonce).serial
    other = Authority.founded(tmp_path / "other")
    with pytest.raises(StampRefusedError):
        checked(reply, TEXT + b"x", roots=roots)
    with pytest.raises(StampRefusedError):
        checked(reply, TEXT, roots=roots, nonce=(asked.nonce or 0) + 1)
    with pytest.raises(StampRefusedError):
        checked(reply, TEXT, roots=roots_in(other.root))


@pytest.mark.parametrize("place", [-1, -40, 400, 60])
def test_a_changed_token_is_refused(authority: Authority, place: int) -> None:
    reply = bytearray(authority.reply(query(TEXT).as_bytes()))
    reply[place] ^= 1
    with pytest.raises(StampRefusedError):
        checked(bytes(reply), TEXT, roots=roots_in(authority.root))


def test_a_certificate_for_something_else_stamps_nothing(tmp_path: Path) -> None:
    """RFC 3161 2.3: the leaf must be made for time-stamping."""
    wrong = Authority.founded(tmp_path / "wrong", usage="codeSigning")
    try:
        reply = wrong.reply(query(TEXT).as_bytes())
    except subprocess.CalledProcessError:  # openssl itself may refuse to answer with such a leaf
        return
    with pytest.raises(StampRefusedError):
        checked(reply, TEXT, roots=roots_in(wrong.root))


@pytest.mark.parametrize("reply", [b"", b"x", b"\x30\x03\x02\x01\x00", b"\x00" * 5000])
def test_bytes_that_are_no_reply_are_refused(authority: Authority, reply: bytes) -> None:
    with pytest.raises(StampRefusedError):
        checked(reply, TEXT, roots=roots_in(authority.root))


def test_roots_that_are_no_certificates_are_told(tmp_path: Path) -> None:
    (tmp_path / "roots.pem").write_text("no certificate")
    for path in (tmp_path / "roots.pem", tmp_path / "absent.pem"):
        with pytest.raises(StampRootsError):
            roots_in(path)


def test_a_rejecting_authority_gives_no_token(filled: Bench, authority: Authority) -> None:
    roots = roots_in(authority.root)
    with pytest.raises(StampRefusedError):
        stamp_newest(
            filled.db,
            authority="tsa.example",
            roots=roots,
            post=lambda _: authority.reply(b"\x30\x00"),
        )
