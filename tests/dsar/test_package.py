"""Packages: one spelling, and a check that sees every changed byte."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.types import Verdict
from dsar.package import MANIFEST, SIGNATURE, members_of, pack, verify_package, zipped
from governance.crypto.signing import Ed25519Signer
from tests.dsar.cases import NOW

SIGNER = Ed25519Signer.from_seed(bytes(range(32)))
KEY = SIGNER.public_key
FILES = {"report.ja.html": "<p>架空</p>".encode(), "data.json": b"{}", "csv/person.csv": b"a,b\r\n"}
PACKAGE = pack(FILES, reference="R-2026-AAAAA-BBBBB", created_at=NOW, signer=SIGNER)


def test_same_files_give_the_same_bytes() -> None:
    shuffled = dict(reversed(FILES.items()))
    again = pack(shuffled, reference="R-2026-AAAAA-BBBBB", created_at=NOW, signer=SIGNER)
    assert again.content == PACKAGE.content


def test_whole_package_verifies_under_its_key_alone() -> None:
    verified = verify_package(PACKAGE.content, KEY)
    assert verified
    assert (verified.verdict, verified.reference) == (
        Verdict.VERIFIED_SELF_SIGNED,
        "R-2026-AAAAA-BBBBB",
    )
    stranger = Ed25519Signer.from_seed(bytes(32)).public_key
    assert verify_package(PACKAGE.content, stranger).verdict is Verdict.TAMPERED


def test_every_flipped_bit_is_seen() -> None:
    for at in range(len(PACKAGE.content)):
        changed = bytearray(PACKAGE.content)
        changed[at] ^= 1 << (at % 8)
        assert not verify_package(bytes(changed), KEY), at


def test_changed_member_is_named() -> None:
    at = PACKAGE.content.index("架空".encode())
    changed = bytearray(PACKAGE.content)
    changed[at] ^= 1
    verified = verify_package(bytes(changed), KEY)
    assert (verified.verdict, verified.file) == (Verdict.TAMPERED, "report.ja.html")
    assert verified.expected != verified.found


@pytest.mark.parametrize("name", [*FILES, MANIFEST, SIGNATURE])
def test_missing_member_is_named(name: str) -> None:
    members = dict(members_of(PACKAGE.content))
    del members[name]
    verified = verify_package(zipped(members), KEY)
    assert (verified.verdict, verified.file) == (Verdict.INCOMPLETE, name)


def test_added_member_is_named() -> None:
    members = {**members_of(PACKAGE.content), "more.txt": b"x"}
    verified = verify_package(zipped(members), KEY)
    assert (verified.verdict, verified.file) == (Verdict.TAMPERED, "more.txt")


def test_bytes_beside_the_members_are_seen() -> None:
    for changed in (b"x" + PACKAGE.content, PACKAGE.content + b"x"):
        assert not verify_package(changed, KEY)


def test_compressed_and_doubled_archives_are_not_ours() -> None:
    members = members_of(PACKAGE.content)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    assert verify_package(stream.getvalue(), KEY).verdict is Verdict.UNREADABLE


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_doubled_member_is_seen() -> None:
    stream = io.BytesIO(PACKAGE.content)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_STORED) as archive:
        archive.writestr("data.json", b"{}")
    assert not verify_package(stream.getvalue(), KEY)


@given(st.binary(max_size=300))
def test_any_bytes_have_a_verdict(content: bytes) -> None:
    assert verify_package(content, KEY).verdict is Verdict.UNREADABLE


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}\.txt", fullmatch=True), st.binary(max_size=50)))
def test_any_files_come_back_whole(files: dict[str, bytes]) -> None:
    package = pack(files, reference="R-2026-AAAAA-BBBBB", created_at=NOW, signer=SIGNER)
    assert verify_package(package.content, KEY)
    members = members_of(package.content)
    assert {name: members[name] for name in files} == files


def test_repr_shows_no_content() -> None:
    assert "架空" not in repr(PACKAGE)
    assert len(repr(PACKAGE)) < 200
