"""Run every test suite and say at the end which of them did not run, and why.

With SEKISHO_TESTS_ALL=1 a suite that did not run is a failure.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
BROWSER = ("chromium", "fonts-noto-cjk")
NO_BROWSER = "browser (needs Chromium: apt install " + " ".join(BROWSER) + ")"
HSM = "softhsm2"  # the security module of the key provider PKCS#11, in software
AGE = "age"  # opens what is sealed for a medium, as a person's own tool does
PROVIDER = ROOT / "tests" / "signon" / "provider"  # an OpenID provider under Node.js
NOTHING_COLLECTED = 5  # pytest's exit code when no test matched
WORKERS = "4"  # many tests wait for a disk, a server or a browser: two a core keep the cores busy
NEEDS = "needs "  # how the reason begins when this machine lacks something; others are by design


def chromium() -> str | None:
    """The browser's path, if there is one."""
    return next((path for name in CHROMIUM if (path := shutil.which(name))), None)


def install_missing() -> None:
    """Ask apt for what the suites need beyond Python, where that is permitted."""
    wanted = [] if chromium() else [*BROWSER]
    wanted += [] if shutil.which("softhsm2-util") else [HSM]
    wanted += [] if shutil.which(AGE) else [AGE]
    if not wanted or os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    print(f"Installing {', '.join(wanted)} with apt ...", flush=True)
    install = ("apt-get", "install", "-y", "-qq", "--no-install-recommends", *wanted)
    for command in (("apt-get", "update", "-qq"), install):
        subprocess.run(
            command,
            check=False,
            env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


def install_provider() -> None:
    """Ask npm for the OpenID provider of the tests, where it is there and its modules are not."""
    npm = shutil.which("npm")
    if npm is None or (PROVIDER / "node_modules").is_dir():
        return
    print("Installing the OpenID provider of the tests with npm ...", flush=True)
    subprocess.run((npm, "ci", "--no-audit", "--no-fund", "--silent"), cwd=PROVIDER, check=False)


def with_byte_code(folder: Path) -> dict[str, str]:
    """The variables with which processes keep their byte code, in this folder if nowhere else.

    Where Python is told to write none, each of the run's processes would compile every module.
    """
    kept = dict(os.environ)
    if kept.pop("PYTHONDONTWRITEBYTECODE", ""):
        kept["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")
    return kept


def compile_tests(kept: dict[str, str]) -> None:
    """Every test file is compiled, as pytest has it, before all workers would do so at once."""
    words = (sys.executable, "-m", "pytest", "--collect-only", "-qq")
    subprocess.run(words, cwd=ROOT, env=kept, check=False, stdout=subprocess.DEVNULL)


def command(report: Path, *arguments: str) -> list[str]:
    """One pytest run."""
    return [sys.executable, "-m", "pytest", f"--junitxml={report}", *arguments]


def skipped(report: Path) -> list[str]:
    """Suites in which tests were skipped for something that this machine lacks."""
    if not report.is_file():
        return ["a whole run (it ended before its report)"]
    found: Counter[tuple[str, str]] = Counter()
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 # written by the run above
        for item in case.findall("skipped"):
            why = item.get("message") or ""
            if why.startswith(NEEDS):
                suite = ".".join((case.get("classname") or "?").split(".")[:3])
                found[suite, why] += 1
    return [f"{suite}: {count} ({why})" for (suite, why), count in sorted(found.items())]


def main(extra: list[str]) -> int:
    """0 when every suite that can run here has passed."""
    install_missing()
    install_provider()
    without = [] if chromium() else [NO_BROWSER]
    marks = "not fresh and not browser" if without else "not fresh"
    with tempfile.TemporaryDirectory() as folder:
        reports = [Path(folder) / name for name in ("most.xml", "fresh.xml")]
        parallel = ("-n", WORKERS, "--dist", "loadfile", "--no-loadscope-reorder", "-m", marks)
        kept = with_byte_code(Path(folder))
        last = command(reports[1], "-m", "fresh", "tests/fresh", *extra)
        with (Path(folder) / "fresh.out").open("w+") as said:  # it waits for downloads and disks:
            fresh = subprocess.Popen(last, cwd=ROOT, env=kept, stdout=said, stderr=said)
            if not extra:
                compile_tests(kept)
            most = subprocess.call(command(reports[0], *parallel, *extra), cwd=ROOT, env=kept)
            codes = (most, fresh.wait())
            said.seek(0)
            print(said.read(), end="", flush=True)
        without += [line for report in reports for line in skipped(report)]
    print("Suites that did not run here: " + ("; ".join(without) or "none"))
    if without and os.environ.get("SEKISHO_TESTS_ALL"):
        return 1
    return 0 if all(code in (0, NOTHING_COLLECTED) for code in codes) else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
