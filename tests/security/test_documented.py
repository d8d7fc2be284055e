"""What ASVS asks to be written down is written down, and the code does what is written."""

import re
import runpy
import ssl
import subprocess
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from governance.app.server import CIPHERS, narrow
from governance.core.settings import Settings, UnsafeSettingsError
from governance.customers.types import ProblemKind
from governance.identity.credentials.terms import terms_of
from tests.security.ground import Ground

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = ("governance", "dsar", "consent")


@cache
def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def templates() -> dict[str, str]:
    return {
        str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.html"))
    }


def test_every_field_of_a_password_is_one_and_takes_what_is_pasted() -> None:
    """V6.2.6, V6.2.7: masked, known to password managers, no handler that stops a paste."""
    found = 0
    for place, source in templates().items():
        for call in re.findall(r"\{\{\s*ui\.input\((.*?)\)\s*\}\}", source, re.DOTALL):
            if re.search(r'"(?:current|new)-password"', call) or '"password"' in call:
                assert 'type="password"' in call, place
                assert 'autocomplete="' in call, place
                found += 1
        assert "onpaste" not in source, place
    assert found >= 4
    scripts = [path.read_text(encoding="utf-8") for path in ROOT.glob("governance/**/*.js")
               if "vendor" not in path.parts and not path.name.endswith(".min.js")]  # fmt: skip
    assert scripts
    for source in scripts:
        assert not re.search(r"""['"]paste['"]""", source)


def test_ways_of_signing_in_and_their_strength_stand_in_one_table() -> None:
    """V6.1.3, V7.1.2: what each way proves, which limits it has, how many sessions there may be."""
    told = page("operations.md").partition("### 本人確認の方法 / Ways of signing in")[2]
    told = told.partition("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \|", told, re.MULTILINE)
    ways = ("passkey", "TOTP", "OpenID", "API key", "OAuth", "mutual TLS", "one-time code")
    for way in ways:
        assert any(way.lower() in row.lower() for row in rows), way
    assert "| customer |" in told
    assert "session_minutes" in told
    assert "number of sessions" in told


def test_words_of_the_company_are_refused_in_passwords() -> None:
    """V6.1.2: which words these are stands on the page, and they are what is refused."""
    settings = Settings(company_en="Kakuu Shoji")
    context = terms_of(settings, "https://gate.kakuu-shoji.example").policy.context
    told = page("operations.md").partition("these words of ours are refused")[2][:300]
    for word in ("the login", "the name", "the company", "the host", "the product"):
        assert word in told
    for word in ("kakuu", "sekisho"):
        assert any(word in one.lower() for one in context), context


def test_checks_of_values_that_belong_together_are_listed() -> None:
    """V2.1.2: every finding of an import, those across fields among them."""
    told = page("import-files.md")
    for kind in ProblemKind:
        assert f"`{kind.value}`" in told, kind


def test_times_for_remedies_are_written_and_counted_by_the_script() -> None:
    """V15.1.1: the days of the page are those by which the script calls an advisory overdue."""
    told = page("operations.md").partition("/ Remedies")[2].partition("\n## ")[0]
    days = runpy.run_path(str(ROOT / "scripts/advisories.py"))["DAYS"]
    assert dict(re.findall(r"^\| ([A-Z]+) \| (\d+) \|$", told, re.MULTILINE)) == {
        severity: str(number) for severity, number in days.items()
    }
    assert list(days.values()) == sorted(days.values())


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of this machine and its key."""
    folder = tmp_path_factory.mktemp("tls")
    made = folder / "a.pem", folder / "a.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "1", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=DNS:localhost", "-out", made[0], "-keyout", made[1]],
        check=True, capture_output=True,
    )  # fmt: skip
    return made


def spoken(server: ssl.SSLContext, client: ssl.SSLContext) -> tuple[str, str]:
    """Version and cipher of a handshake in memory; raises ssl.SSLError."""
    wires = ssl.MemoryBIO(), ssl.MemoryBIO()
    here = server.wrap_bio(wires[0], wires[1], server_side=True)
    there = client.wrap_bio(wires[1], wires[0], server_hostname="localhost")
    waiting = [there, here]
    for _ in range(10):
        for side in list(waiting):
            try:
                side.do_handshake()
                waiting.remove(side)
            except ssl.SSLWantReadError:
                continue
        if not waiting:
            break
    cipher = here.cipher()
    assert cipher is not None
    return str(here.version()), cipher[0]


def test_tls_is_of_two_versions_and_keeps_yesterday_secret(pair: tuple[Path, Path]) -> None:
    """V12.1.1, V12.1.2: 1.2 and 1.3, ephemeral keys, authenticated encryption; nothing else."""
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(*pair)
    narrow(server)

    def client() -> ssl.SSLContext:
        made = ssl.create_default_context(cafile=str(pair[0]))
        made.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        return made

    assert spoken(server, client())[0] == "TLSv1.3"
    older = client()
    older.maximum_version = ssl.TLSVersion.TLSv1_2
    version, cipher = spoken(server, older)
    assert version == "TLSv1.2"
    assert cipher.startswith("ECDHE-")
    assert "GCM" in cipher or "CHACHA20" in cipher
    oldest = client()
    oldest.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        oldest.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError):
        spoken(server, oldest)
    plain = client()
    plain.maximum_version = ssl.TLSVersion.TLSv1_2
    plain.set_ciphers("AES128-SHA256:AES128-GCM-SHA256:ECDHE-ECDSA-AES128-SHA256")
    with pytest.raises(ssl.SSLError):
        spoken(server, plain)
    assert "ECDHE" in CIPHERS


def test_no_context_means_no_start() -> None:
    with pytest.raises(UnsafeSettingsError):
        narrow(None)


def test_signing_out_clears_what_the_browser_kept(town: Ground) -> None:
    """V14.3.1: pages and storage of the browser, too."""
    (answer,) = town.ask([("nobody", "POST", "/sign-out", {"headers": {
        "origin": town.wiring.settings.origin, "sec-fetch-site": "same-origin"}})])  # fmt: skip
    assert answer.status_code == 303
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
