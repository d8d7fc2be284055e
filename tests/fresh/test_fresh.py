"""A fresh clone, an empty environment, and the README's own command; nothing else is there before.

The environment is installed from the package index that pip or uv of this machine uses.
"""

import http.client
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.demo_run import environment

pytestmark = [pytest.mark.fresh, pytest.mark.timeout(2400)]
ROOT = Path(__file__).parents[2]
LARGEST_MB = 750
MEGABYTE = 1_048_576
INSTALL_SECONDS = 1800
SYSTEM = Path("/usr/bin/python3")


def open_to_others(path: Path) -> bool:
    """Whether a user without rights can reach this program."""
    return all(place.stat().st_mode & 0o001 for place in (path, *path.parents))


def base() -> str:
    """A Python to begin with: this one's base, or the system's when only root reaches that."""
    own = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    if open_to_others(own) or not SYSTEM.exists():
        return str(own)
    probe = "import sys, ensurepip, venv; raise SystemExit(sys.version_info < (3, 11))"
    found = subprocess.run([str(SYSTEM), "-c", probe], check=False, capture_output=True)
    return str(SYSTEM if found.returncode == 0 else own)


@dataclass(frozen=True, kw_only=True)
class Fresh:
    """A clone with its environment, made by `make demo`."""

    clone: Path
    said: str
    seconds: float


def run(*words: str, cwd: Path, seconds: int = INSTALL_SECONDS) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words, cwd=cwd, capture_output=True, text=True, check=False, timeout=seconds,
        env=plain(),
    )  # fmt: skip


def plain() -> dict[str, str]:
    """The environment of a terminal in which nothing of ours is active."""
    left_out = ("VIRTUAL_ENV", "PYTHONPATH", "MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PYTHONWARNINGS")
    return {k: v for k, v in environment().items() if k not in left_out}


def require_index(folder: Path) -> None:
    """Skips, with the reason, where no package index can be reached."""
    probe = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-cache-dir"]
    if shutil.which("uv"):
        probe = ["uv", "pip", "install", "-q", "--no-deps", "--no-cache", "--target"]
        done = run(*probe, str(folder / "probe"), "idna", cwd=folder, seconds=120)
    else:
        done = run(*probe, "--dest", str(folder / "probe"), "idna", cwd=folder, seconds=120)
    if done.returncode != 0:
        pytest.skip("needs a package index")


@pytest.fixture(scope="module")
def fresh() -> Iterator[Fresh]:
    folder = Path(tempfile.mkdtemp(prefix="sekisho-fresh-"))
    folder.chmod(0o755)
    try:
        require_index(folder)
        clone = folder / "clone"
        made = run("git", "clone", "-q", f"file://{ROOT}", str(clone), cwd=folder)
        assert made.returncode == 0, made.stderr
        began = time.monotonic()
        done = run("make", "demo", f"PYTHON={base()}", "ARGS=--no-serve", cwd=clone)
        seconds = time.monotonic() - began
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        yield Fresh(clone=clone, said=done.stdout, seconds=seconds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def octets(folder: Path) -> int:
    """Disk that a folder takes; hard links are counted once."""
    seen: set[tuple[int, int]] = set()
    total = 0
    for path in folder.rglob("*"):
        found = path.lstat()
        if (found.st_dev, found.st_ino) not in seen:
            seen.add((found.st_dev, found.st_ino))
            total += found.st_blocks * 512
    return total


def test_the_first_command_does_everything(
    fresh: Fresh, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        print(f"\n  installation and demo: {fresh.seconds:.0f} s")  # noqa: T201 # a figure to read
        print("  " + fresh.said.strip().splitlines()[-1])  # noqa: T201 # the same
    assert (fresh.clone / "sekisho-demo" / "sekisho.db").is_file()
    changed = run("git", "status", "--porcelain", cwd=fresh.clone)
    assert changed.stdout == ""


def test_the_environment_is_small(fresh: Fresh, capsys: pytest.CaptureFixture[str]) -> None:
    venv = fresh.clone / ".venv"
    megabytes = octets(venv) / MEGABYTE
    count = len(list(venv.glob("lib/python*/site-packages/*.dist-info")))
    with capsys.disabled():
        print(f"\n  environment: {megabytes:.0f} MB, {count} distributions")  # noqa: T201 # a figure
    assert megabytes <= LARGEST_MB


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def first_page(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/", headers={"accept": "text/html"})
        answer = connection.getresponse()
        return answer.status == http.client.OK and b"<html" in answer.read()
    except OSError:
        return False
    finally:
        connection.close()


def test_the_first_page_is_there_while_the_job_runs_in_another_folder(
    fresh: Fresh, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    port = free_port()
    began = time.monotonic()
    process = subprocess.Popen(
        [
            *("make", "-s", "-C", str(fresh.clone), "demo", f"PORT={port}"),
            f"ARGS=--data {tmp_path / 'demo'}",
        ],
        cwd=tmp_path,
        env=plain(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while not first_page(port):
            assert process.poll() is None
            time.sleep(0.1)
        seconds = time.monotonic() - began
    finally:
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    with capsys.disabled():
        print(f"\n  first page after {seconds:.1f} s")  # noqa: T201 # a figure to read


def test_another_user_without_rights_runs_it_too(fresh: Fresh) -> None:
    if os.geteuid() != 0:
        pytest.skip("this user has no rights: shown already")
    if not open_to_others((fresh.clone / ".venv" / "bin" / "python").resolve()):
        pytest.skip("needs a Python that other users can run")
    other = pwd.getpwnam("nobody")
    home = Path(tempfile.mkdtemp(prefix="sekisho-home-"))
    os.chown(home, other.pw_uid, other.pw_gid)
    try:
        done = subprocess.run(
            [str(fresh.clone / ".venv" / "bin" / "sekisho"), "demo", "--no-serve"],
            cwd=home,
            env=plain() | {"HOME": str(home)},
            user=other.pw_uid,
            group=other.pw_gid,
            extra_groups=[],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        assert (home / "sekisho-demo").stat().st_uid == other.pw_uid
    finally:
        shutil.rmtree(home, ignore_errors=True)


def test_the_second_command_adds_what_it_needs_and_names_what_did_not_run(fresh: Fresh) -> None:
    """After the first one; that it makes the whole environment is how each run of `.ci/run` begins.

    The last test of this file: the environment holds the developers' tools from here on.
    """
    words = (
        "make",
        "test",
        f"PYTHON={base()}",
        "ARGS=tests/house/test_house_rules.py -k test_house_rules",
    )
    done = run(*words, cwd=fresh.clone)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
    assert done.stdout.strip().splitlines()[-1].startswith("Suites that did not run here: ")
    assert (fresh.clone / ".venv" / "bin" / "ruff").is_file()
