"""A small server that speaks clamd's protocol, and the real one where it is installed."""

import shutil
import socketserver
import struct
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from governance.outbound.scanning import TEST_FILE

EICAR = "".join(TEST_FILE).encode()
INFECTED = b"stream: Eicar-Test-Signature FOUND\x00"


class Scans(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """What was sent to it, and what it answers; `answer` None: what clamd would say."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, path: Path) -> None:
        super().__init__(str(path), Conversation)
        self.seen: list[bytes] = []
        self.answer: bytes | None = None
        self.limit = 25 * 1024 * 1024
        self.looks = self.limit  # MaxFileSize: what is larger is "OK" unseen
        self.version = b"ClamAV 1.4.6/27825/Thu Nov 26 09:00:00 2026\x00"

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever hangs up in the middle is the other side's matter."""


class Conversation(socketserver.StreamRequestHandler):
    server: Scans

    def handle(self) -> None:
        command = b""
        while not command.endswith(b"\x00"):
            command += self.rfile.read(1)
        if command == b"zVERSION\x00":
            self.wfile.write(self.server.version)
            return
        assert command == b"zINSTREAM\x00"
        self.wfile.write(self._verdict())

    def _verdict(self) -> bytes:
        sent = bytearray()
        while size := struct.unpack(">I", self.rfile.read(4))[0]:
            sent += self.rfile.read(size)
            if len(sent) > self.server.limit:
                return b"INSTREAM size limit exceeded. ERROR\x00"
        self.server.seen.append(bytes(sent))
        if self.server.answer is not None:
            return self.server.answer
        return INFECTED if EICAR in sent and len(sent) <= self.server.looks else b"stream: OK\x00"


@contextmanager
def clamd_like(path: Path) -> Iterator[Scans]:
    """The small server at this socket."""
    server = Scans(path)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        path.unlink(missing_ok=True)


@contextmanager
def clamd(folder: Path) -> Iterator[Path]:
    """The real one with one signature of ours (EICAR's); at the path of its socket."""
    program = shutil.which("clamd")
    assert program is not None
    database, place, config = folder / "db", folder / "clamd.sock", folder / "clamd.conf"
    database.mkdir()
    (database / "test.ndb").write_text(f"Eicar-Test-Signature:0:*:{EICAR.hex()}\n")
    config.write_text(
        f"DatabaseDirectory {database}\nLocalSocket {place}\nForeground yes\n"
        f"StreamMaxLength 1M\nLogFile {folder}/clamd.log\nLogClean no\n"
    )
    with subprocess.Popen(
        [program, "-c", str(config)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as running:
        try:
            with suppress(ValueError):
                _until_it_listens(running)
            yield place
        finally:
            running.terminate()
            running.communicate()


def _until_it_listens(running: subprocess.Popen[bytes]) -> None:
    assert running.stdout is not None
    for line in running.stdout:
        if b"Self checking" in line:
            return
    raise AssertionError("clamd ended")
