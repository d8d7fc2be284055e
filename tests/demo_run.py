"""One run of `sekisho demo` for all workers of a test run; everybody works on a copy of it."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

DEMO_SECONDS = 300  # on a machine that does much else
SHARED = "sekisho-demo-"


@dataclass(frozen=True, kw_only=True)
class Done:
    """A finished demo: what it left and what it said."""

    folder: Path
    code: int
    out: str
    err: str


def environment(**more: str) -> dict[str, str]:
    """The variables of a process that has no setting of ours but these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEKISHO_")}
    return kept | {"COLUMNS": "200", "SEKISHO_LANG": "ja", "PYTHONWARNINGS": "default"} | more


def command(*arguments: str | Path) -> list[str]:
    """A command line of this environment's `sekisho`."""
    return [sys.executable, "-P", "-m", "governance", *map(str, arguments)]


def demo(
    folder: Path, *more: str, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """One whole run without a server."""
    return subprocess.run(
        command("demo", "--no-serve", "--data", folder, *more),
        capture_output=True,
        text=True,
        check=False,
        timeout=DEMO_SECONDS,
        cwd=folder.parent,
        env=environment(**(variables or {})),
    )


@contextmanager
def shared_demo() -> Iterator[Done]:
    """The one demo of this test run: the first worker makes it, the last one removes it."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    place = Path(tempfile.gettempdir()) / (SHARED + (run or f"alone-{os.getpid()}"))
    place.mkdir(mode=0o700, exist_ok=True)
    use = (place / "use").open("w")
    try:
        with (place / "make").open("w") as making:
            fcntl.flock(making, fcntl.LOCK_EX)
            fcntl.flock(use, fcntl.LOCK_SH)
            _make(place)
        said = json.loads((place / "said").read_text(encoding="utf-8"))
        yield Done(folder=place / "demo", **said)
    finally:
        _leave(place, use.fileno())
        use.close()


def _make(place: Path) -> None:
    """The demo has run in this place, by us or by another worker."""
    if (place / "said").exists():
        return
    done = demo(place / "demo")
    said = {"code": done.returncode, "out": done.stdout, "err": done.stderr}
    (place / "said").write_text(json.dumps(said), encoding="utf-8")


def _leave(place: Path, use: int) -> None:
    """The place is gone when nobody uses it any more."""
    try:
        fcntl.flock(use, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    shutil.rmtree(place, ignore_errors=True)


def copy_of(done: Done, folder: Path) -> Path:
    """A copy of the finished demo to work on."""
    assert done.code == 0, done.err
    shutil.copytree(done.folder, folder)
    return folder


def joined(words: Sequence[str]) -> str:
    """Words of a wrapped table without its breaks, so that a sentence can be looked for."""
    return "".join("".join(words).split())
