"""Create the virtual environment from a hashed lock file; says in one sentence what is missing.

Runs on any Python 3, so that an old one gets a clear answer instead of a syntax error.
"""

import argparse
import os
import shutil
import subprocess
import sys

NEEDED = (3, 11)
INSTALL = ("install", "-q", "--no-compile")  # byte code of all packages would add 100 MB
USED = ("governance.cli.main", "governance.app.factory", "governance.pii.engine")  # compiled once


def fail(ja, en):
    """Say why in both languages and stop with nothing changed."""
    sys.stderr.write("エラー: " + ja + "\nError: " + en + "\n")
    raise SystemExit(2)


def require_python():
    """Stop on a Python that is too old or has no venv module."""
    if sys.version_info < NEEDED:
        fail(
            "Python 3.11以降が必要です（見つかった版は%d.%d）。PYTHON=python3.11 make demo のように指定できます。何も変更していません。"
            % sys.version_info[:2],
            "Python 3.11 or later is needed (found %d.%d). You can name one: PYTHON=python3.11 make demo. "
            "Nothing was changed." % sys.version_info[:2],
        )
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        fail(
            "Pythonのvenvモジュールがありません。Debian・Ubuntuでは apt install python3-venv で入ります。何も変更していません。",
            "Python's venv module is missing. On Debian and Ubuntu: apt install python3-venv. Nothing was changed.",
        )


def run(command):
    """Run a command; its failure is ours, told in one sentence."""
    environment = dict(os.environ, PIP_DISABLE_PIP_VERSION_CHECK="1")
    if subprocess.call(command, env=environment) != 0:
        fail(
            "環境を作れませんでした。上の表示を確かめ、もう一度実行してください（途中の環境は作り直されます）。",
            "The environment could not be made. See the lines above and run the command again; "
            "what was begun is made anew.",
        )


def main():
    """The environment exists, holds exactly the locked packages, and Sekisho itself."""
    parser = argparse.ArgumentParser()
    for name in ("--venv", "--lock", "--stamp"):
        parser.add_argument(name, required=True)
    options = parser.parse_args()
    require_python()
    python = os.path.join(options.venv, "bin", "python")
    if not os.path.exists(python):
        shutil.rmtree(options.venv, ignore_errors=True)
        run([sys.executable, "-m", "venv", options.venv])
    uv = shutil.which("uv")
    sys.stdout.write("Installing the locked packages into %s ...\n" % options.venv)
    sys.stdout.flush()
    if uv:
        run(
            [uv, "pip", "install", "-q", "--python", python, "--require-hashes", "-r", options.lock]
        )
    else:
        run([python, "-m", "pip", *INSTALL, "--require-hashes", "-r", options.lock])
    editable = ["--no-build-isolation", "--no-deps", "-e", root()]
    run(
        [uv, "pip", "install", "-q", "--python", python, *editable]
        if uv
        else [python, "-m", "pip", *INSTALL, *editable]
    )
    run([python, "-c", "import " + ", ".join(USED)])
    with open(options.stamp, "w") as stamp:
        stamp.write("made from " + options.lock + "\n")


def root():
    """The folder of the source tree."""
    return os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


if __name__ == "__main__":
    main()
