"""A package is whole under a pinned key or says which file is not."""

import io
import zipfile
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.note import KeyType, VerifierKey
from audit.verifier.findings import Finding, Verdict
from audit.verifier.note import parse_vkey
from audit.verifier.package import verify_package
from dsar.package import MANIFEST, SIGNATURE, members_of, pack, zipped
from governance.crypto.signing import Ed25519Signer
from tests.audit.bench import NOW

SIGNER = Ed25519Signer.from_seed(b"\5" * 32)
FILES = {"data/customers.csv": "氏名\n架空太郎\n".encode(), "report.html": b"<p>report</p>"}
CONTENT = pack(FILES, reference="R-1", created_at=NOW, signer=SIGNER).content


def keyed(signer: Ed25519Signer, kind: KeyType = KeyType.ED25519) -> list:
    key = VerifierKey(name="dsar-package", kind=kind, public=signer.public_key)
    return [parse_vkey(key.vkey)]


def changed(members: Mapping[str, bytes | None]) -> bytes:
    """The package with other members; None takes one away."""
    kept = dict(members_of(CONTENT)) | members
    return zipped({name: raw for name, raw in kept.items() if raw is not None})


def test_a_whole_package_is_verified_under_its_key_alone() -> None:
    report = verify_package(CONTENT, keyed(SIGNER))
    assert (report.verdict, report.reference, report.files) == (
        Verdict.VERIFIED_SELF_SIGNED,
        "R-1",
        2,
    )
    assert verify_package(CONTENT, []).verdict is Verdict.UNPINNED
    stranger = verify_package(CONTENT, keyed(Ed25519Signer.from_seed(bytes(32))))
    assert (stranger.verdict, stranger.finding) == (Verdict.TAMPERED, Finding.OTHER_KEY)
    witness = verify_package(CONTENT, keyed(SIGNER, KeyType.COSIGNATURE_ED25519))
    assert witness.finding is Finding.OTHER_KEY


@pytest.mark.parametrize(
    ("members", "verdict", "file"),
    [
        ({"report.html": b"<p>other</p>"}, Verdict.TAMPERED, "report.html"),
        ({"report.html": None}, Verdict.INCOMPLETE, "report.html"),
        ({"more.html": b""}, Verdict.TAMPERED, "more.html"),
        ({MANIFEST: None}, Verdict.INCOMPLETE, MANIFEST),
        ({SIGNATURE: None}, Verdict.INCOMPLETE, SIGNATURE),
        ({MANIFEST: b"{}"}, Verdict.UNREADABLE, MANIFEST),
        ({SIGNATURE: b"[]"}, Verdict.UNREADABLE, SIGNATURE),
    ],
)
def test_the_file_that_does_not_fit_is_named(
    members: Mapping[str, bytes | None], verdict: Verdict, file: str
) -> None:
    for keys in ([], keyed(SIGNER)):
        report = verify_package(changed(members), keys)
        assert (report.verdict, report.file) == (verdict, file)


def test_a_byte_changed_in_a_file_names_the_file() -> None:
    report = verify_package(CONTENT.replace(b"<p>report", b"<p>Report"), keyed(SIGNER))
    assert (report.verdict, report.file) == (Verdict.TAMPERED, "report.html")


def test_a_changed_manifest_is_tampering() -> None:
    manifest = members_of(CONTENT)[MANIFEST].replace(b"R-1", b"R-2")
    report = verify_package(changed({MANIFEST: manifest}), keyed(SIGNER))
    assert (report.verdict, report.finding) == (Verdict.TAMPERED, Finding.SIGNATURE)


def test_bytes_that_no_member_accounts_for_are_found() -> None:
    loose = io.BytesIO()
    with zipfile.ZipFile(loose, "w") as archive:
        for name, raw in members_of(CONTENT).items():
            archive.writestr(name, raw)
    for content in (b"x" + CONTENT, loose.getvalue()):
        report = verify_package(content, keyed(SIGNER))
        assert report.verdict in {Verdict.TAMPERED, Verdict.UNREADABLE}


@given(at=st.integers(0, len(CONTENT) - 1), value=st.integers(1, 255))
@settings(max_examples=400, deadline=None)
def test_no_changed_byte_is_verified(at: int, value: int) -> None:
    content = CONTENT[:at] + bytes([CONTENT[at] ^ value]) + CONTENT[at + 1 :]
    report = verify_package(content, keyed(SIGNER))
    assert report.verdict in {Verdict.TAMPERED, Verdict.INCOMPLETE, Verdict.UNREADABLE}


@given(cut=st.integers(0, len(CONTENT) - 1))
@settings(max_examples=100, deadline=None)
def test_no_cut_package_is_verified(cut: int) -> None:
    report = verify_package(CONTENT[:cut], keyed(SIGNER))
    assert report.verdict is Verdict.UNREADABLE
