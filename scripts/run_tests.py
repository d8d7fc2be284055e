"""Run every test suite and say at the end which of them did not run, and why.

With SEKISHO_TESTS_ALL=1 a suite that did not run is a failure.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
APT = ("chromium", "fonts-noto-cjk")


def chromium() -> str | None:
    """The browser's path, if there is one."""
    return next((path for name in CHROMIUM if (path := shutil.which(name))), None)


def install_browser() -> None:
    """Ask apt for Chromium and Japanese fonts where that is permitted."""
    if chromium() or os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    print("Installing Chromium and Japanese fonts with apt ...", flush=True)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=False, env=environment, **quiet)
    subprocess.run(
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *APT],
        check=False,
        env=environment,
        **quiet,
    )


def pytest(*arguments: str) -> int:
    """The exit code of one pytest run."""
    return subprocess.call([sys.executable, "-m", "pytest", *arguments], cwd=ROOT)


def main(extra: list[str]) -> int:
    """0 when every suite that can run here has passed."""
    install_browser()
    missing = [] if chromium() else ["browser"]
    skipped = "".join(f" and not {name}" for name in missing)
    failures = pytest("-n", "2", "--dist", "loadfile", "-m", f"not fresh{skipped}", *extra)
    failures |= pytest("-m", "fresh", "tests/fresh", *extra)
    if missing:
        print("Suites that did not run here: " + ", ".join(missing) + " (needs Chromium)")
    if failures == 0 and missing and os.environ.get("SEKISHO_TESTS_ALL"):
        return 1
    return failures


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
