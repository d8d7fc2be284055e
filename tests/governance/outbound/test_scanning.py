"""Files are judged by clamd or not at all: silence, nonsense and half answers take no file."""

import io
import shutil
import socket
import threading
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from governance.core.errors import GovernanceError
from governance.core.scanner_address import ScannerPlace, scanner_place
from governance.outbound.scan_reach import GOOD_FOR, PROVED_FROM, Reach, archive_with
from governance.outbound.scanning import (
    Clamd,
    NoScanner,
    ScanLimitError,
    ScannerSilentError,
    ScanResult,
    scanner_of,
)
from tests.governance.outbound.clamd import EICAR, Scans, clamd, clamd_like


@pytest.fixture
def scans(tmp_path: Path) -> Iterator[Scans]:
    with clamd_like(tmp_path / "s") as server:
        yield server


def client(place: object, seconds: float = 20) -> Clamd:
    return Clamd(place=ScannerPlace(path=str(place)), seconds=seconds)


def scanned(scanner: Clamd, content: bytes) -> tuple[str, str]:
    found = scanner.scan(io.BytesIO(content))
    return found.result.value, found.signature


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, 1_000_000])
def test_every_octet_is_sent_in_chunks(scans: Scans, size: int) -> None:
    content = bytes(range(256)) * (size // 256) + bytes(size % 256)
    assert scanned(client(scans.server_address), content) == ("clean", "")
    assert scans.seen == [content]


def test_what_is_found_has_a_name(scans: Scans) -> None:
    scanner = client(scans.server_address)
    assert scanned(scanner, b"a" + EICAR) == ("infected", "Eicar-Test-Signature")
    scans.answer = b"stream: Win.Test\xe3 (x)/<b> FOUND\x00"
    with pytest.raises(ScannerSilentError):
        scanned(scanner, b"a")
    scans.answer = b"stream: Win.Test (x)/<b> FOUND\x00"
    assert scanned(scanner, b"a") == ("infected", "Win.Test_x_b_")


@pytest.mark.parametrize(
    "answer",
    [
        b"", b"\x00", b"OK\x00", b"stream: OK", b"stream: ok\x00", b"stream: OK FOUND OK\x00",
        b"stream:  FOUND\x00", b"x" * 5_000, b"stream: lstat() failed. ERROR\x00",
        b"HTTP/1.1 200 OK\r\n\r\n", b"stream: OK\n\x00", b"UNKNOWN COMMAND\x00",
    ],
)  # fmt: skip
def test_what_is_no_verdict_takes_no_file(scans: Scans, answer: bytes) -> None:
    scans.answer = answer
    with pytest.raises(ScannerSilentError):
        scanned(client(scans.server_address), b"abc")


def test_clean_of_what_is_beyond_its_reach_takes_no_file(scans: Scans) -> None:
    """clamd says OK of a file that is larger than its MaxFileSize; a test file as large tells."""
    scanner = client(scans.server_address)
    for size in (3_000_000, 2_000_000):
        assert scanned(scanner, bytes(size)) == ("clean", "")
    assert [len(one) for one in scans.seen] == [3_000_000, 3_000_000, 2_000_000]  # proved once
    scans.looks = 2_500_000
    short = client(scans.server_address)
    assert scanned(short, bytes(2_400_000)) == ("clean", "")
    with pytest.raises(ScanLimitError):
        scanned(short, bytes(2_600_000))
    assert scanned(short, b"abc") == ("clean", "")
    assert (short.health().reason, short.health(largest=2_600_000).reason) == ("", "short")
    scans.answer = b"stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND\x00"
    with pytest.raises(ScanLimitError):  # larger than it looks, and nothing harmful
        scanned(short, b"abc")


def test_what_was_proved_is_proved_again_after_an_hour() -> None:
    reach = Reach()
    reach.note(2 * PROVED_FROM, at=0.0)
    assert reach.covers(2 * PROVED_FROM, at=GOOD_FOR - 1)
    assert not reach.covers(2 * PROVED_FROM + 1, at=1.0)
    assert not reach.covers(2 * PROVED_FROM, at=GOOD_FOR)
    with zipfile.ZipFile(io.BytesIO(archive_with(b"abc", 300_000).read())) as whole:
        assert [whole.read(one) for one in whole.infolist()] == [b"abc"]


def test_a_file_over_its_limit_is_said_to_be_so(scans: Scans) -> None:
    scans.limit = 100_000
    with pytest.raises(ScanLimitError):
        scanned(client(scans.server_address), bytes(8_000_000))


def test_whoever_does_not_answer_is_not_waited_for(tmp_path: Path) -> None:
    place = tmp_path / "s"
    with pytest.raises(ScannerSilentError) as gone:
        scanned(client(place), b"abc")
    assert gone.value.params == {"reason": "unreachable"}
    times = iter([0.0] * 4)
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(place))
        silent.listen()
        late = Clamd(
            place=ScannerPlace(path=str(place)), seconds=1, now=lambda: next(times, 2.0)
        )  # its second is over when the answer is waited for
        with pytest.raises(ScannerSilentError) as slow:
            scanned(late, b"abc")
    assert slow.value.params == {"reason": "late"}


def test_whoever_hangs_up_takes_no_file(tmp_path: Path) -> None:
    place = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(place))
        server.listen()

        def hang_up() -> None:
            line, _ = server.accept()
            line.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        with pytest.raises(ScannerSilentError):
            scanned(client(place), bytes(8_000_000))
        thread.join()


def test_health_says_whether_it_sees(scans: Scans) -> None:
    scanner = client(scans.server_address)
    found = scanner.health()
    assert (found.reason, found.version) == ("", "1.4.6")
    assert found.signatures_at == datetime(2026, 11, 26, 9, tzinfo=UTC)
    scans.version = b"ClamAV 1.4.6\x00"
    assert scanner.health().signatures_at is None
    scans.answer = b"stream: OK\x00"
    assert scanner.health().reason == "blind"
    scans.answer = b"?\x00"
    assert scanner.health().reason == "answer"
    assert client("/nowhere/s").health().reason == "unreachable"


def test_without_a_scanner_the_record_says_so() -> None:
    for named in (None, "none"):
        scanner = scanner_of(named, seconds=1)
        assert isinstance(scanner, NoScanner)
        assert scanner.scan(io.BytesIO(EICAR)).result is ScanResult.UNSCANNED
        assert scanner.health() is None


@pytest.mark.parametrize(
    ("named", "place"),
    [
        ("unix:/run/clamav/clamd.ctl", ScannerPlace(path="/run/clamav/clamd.ctl")),
        ("tcp:127.0.0.1:3310", ScannerPlace(host="127.0.0.1", port=3310)),
        ("tcp:[::1]:3310", ScannerPlace(host="::1", port=3310)),
        ("tcp:localhost:3310", ScannerPlace(host="127.0.0.1", port=3310)),
        ("tcp:10.0.0.9:3310", ScannerPlace(host="10.0.0.9", port=3310)),
        ("unix:clamd.ctl", None),
        ("tcp:clamav.example.com:3310", None),  # a name server would decide
        ("tcp:0.0.0.0:3310", None),
        ("tcp:127.0.0.1", None),
        ("tcp:127.0.0.1:0", None),
        ("tcp:127.0.0.1:99999", None),
        ("http://127.0.0.1:3310", None),
        ("unix:/a\n", None),
        ("", None),
    ],
)
def test_the_address_is_a_socket_or_a_number(named: str, place: ScannerPlace | None) -> None:
    assert scanner_place(named) == place
    assert place is None or place.here == (place.host != "10.0.0.9")


@pytest.mark.skipif(shutil.which("clamd") is None, reason="clamd is not installed")
def test_the_real_clamd_judges(tmp_path: Path) -> None:
    with clamd(tmp_path) as place:
        scanner = client(place)
        assert scanned(scanner, b"abc") == ("clean", "")
        result, name = scanned(scanner, EICAR)
        assert (result, name.startswith("Eicar-Test-Signature")) == ("infected", True)
        with pytest.raises(ScanLimitError):
            scanned(scanner, bytes(8_000_000))
        assert scanner.health().reason == ""
        assert scanner.health(largest=1_100_000).reason == "short"
    with pytest.raises(GovernanceError):
        scanned(scanner, b"abc")
