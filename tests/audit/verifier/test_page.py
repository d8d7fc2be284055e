"""The one page of an answer is verified alone, and every changed byte is seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.verifier.findings import Finding, Verdict
from audit.verifier.page import verify_page
from dsar.package import MANIFEST, members_of, pack, single_page
from governance.crypto.signing import Ed25519Signer
from tests.audit.bench import NOW
from tests.audit.verifier.test_package import keyed

SIGNER = Ed25519Signer.from_seed(b"\7" * 32)
BODY = '<!doctype html>\n<html lang="ja"><p>架空 <!--x--></p></html>\n'.encode()
ARCHIVE = pack(
    {"report.ja.html": BODY, "data.json": b"{}"}, reference="R-1", created_at=NOW, signer=SIGNER
).content
PAGE = single_page(ARCHIVE, "report.ja.html") or b""


def test_the_page_is_verified_under_its_key_alone() -> None:
    report = verify_page(PAGE, keyed(SIGNER))
    assert (report.verdict, report.reference) == (Verdict.VERIFIED_SELF_SIGNED, "R-1")
    assert verify_page(PAGE, []).verdict is Verdict.UNPINNED
    stranger = verify_page(PAGE, keyed(Ed25519Signer.from_seed(bytes(32))))
    assert (stranger.verdict, stranger.finding) == (Verdict.TAMPERED, Finding.OTHER_KEY)


def test_it_is_the_archives_own_file_with_the_archives_own_list() -> None:
    assert PAGE.startswith(members_of(ARCHIVE)["report.ja.html"])
    assert single_page(ARCHIVE, "report.fr.html") is None
    assert single_page(b"no archive", "report.ja.html") is None


def test_every_flipped_bit_is_seen() -> None:
    for at in range(len(PAGE)):
        changed = bytearray(PAGE)
        changed[at] ^= 1 << (at % 8)
        verdict = verify_page(bytes(changed), keyed(SIGNER)).verdict
        assert verdict not in {Verdict.VERIFIED_SELF_SIGNED, Verdict.UNPINNED}, at


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        (BODY, Verdict.INCOMPLETE),
        (PAGE + b"<script>1</script>", Verdict.INCOMPLETE),
        (PAGE.rstrip(), Verdict.INCOMPLETE),
        (b" " + PAGE, Verdict.TAMPERED),
        (PAGE.replace(b"</html>\n<!--", b"</html>\n<!----><!--"), Verdict.TAMPERED),
        (PAGE.replace(b"page/1 report.ja.html", b"page/1 data.json"), Verdict.TAMPERED),
        (PAGE.replace(b"page/1 report.ja.html", b"page/1 report.en.html"), Verdict.TAMPERED),
    ],
)
def test_what_stands_around_or_in_place_of_it_is_seen(changed: bytes, verdict: Verdict) -> None:
    assert verify_page(changed, keyed(SIGNER)).verdict is verdict


def test_another_answers_list_vouches_for_nothing() -> None:
    other = pack({"report.ja.html": b"<p>"}, reference="R-2", created_at=NOW, signer=SIGNER)
    assert members_of(other.content)[MANIFEST]
    seal = (single_page(other.content, "report.ja.html") or b"")[len(b"<p>") :]
    report = verify_page(BODY + seal, keyed(SIGNER))
    assert (report.verdict, report.file) == (Verdict.TAMPERED, "report.ja.html")


@given(st.binary(max_size=200))
def test_any_bytes_have_a_verdict(content: bytes) -> None:
    assert verify_page(b"<!doctype html>" + content, []).verdict is Verdict.INCOMPLETE
