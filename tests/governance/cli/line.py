"""Runs command lines against an installation of their own, in this process, as people would."""

import json
import shutil
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from governance.app.wiring import Wiring
from governance.cli.main import main
from governance.core.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Said:
    """How one command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def value(self) -> Any:
        """The result of a command that was asked for JSON."""
        return json.loads(self.out)

    @property
    def refusal(self) -> str:
        """The code of the error; warnings may stand before it."""
        return str(json.loads(self.err.splitlines()[-1])["code"])


@dataclass(frozen=True, kw_only=True)
class Line:
    """One installation and the people who work on it by the command line."""

    folder: Path

    def run(self, *words: str, by: str | None = None, as_json: bool = True) -> Said:
        """The end of one command, done by this login."""
        shared = ["--data", str(self.folder)]
        shared += ["--as", by] if by else []
        shared += ["--json"] if as_json else ["--lang", "en"]
        out, err = StringIO(), StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = main([*shared, *words])
        return Said(code=code, out=out.getvalue(), err=err.getvalue())

    def done(self, *words: str, by: str | None = None) -> Any:
        """The result of a command that must succeed."""
        said = self.run(*words, by=by)
        assert said.code == 0, said.err
        return said.value

    def refused(self, *words: str, by: str | None = None) -> str:
        """The error code of a command that must not succeed."""
        said = self.run(*words, by=by)
        assert said.code != 0, said.out
        return said.refusal

    def found(self) -> None:
        """The installation exists with an officer, an approver and an operator, all signed in."""
        shutil.copytree(_founded().name, self.folder)

    def _begin(self) -> None:
        words = ("init", "--officer", "hanako", "--officer", "taro", "--operator", "jiro")
        for code in self.done(*words)["codes"].values():
            self.done("login", "--code", code)

    def hire(self, login: str, role: str) -> None:
        """One more employee, signed in."""
        made = self.done("staff", "add", login, "--name", "架空", "--role", role, by="jiro")
        self.done("login", "--code", made["code"])

    def wiring(self) -> Wiring:
        """The installation, opened beside the commands."""
        return Wiring.open(Settings(data_dir=self.folder))


@cache
def _founded() -> "TemporaryDirectory[str]":
    """An installation just founded, made once a process, that others are copies of."""
    folder = TemporaryDirectory(prefix="sekisho-line-", ignore_cleanup_errors=True)
    Line(folder=Path(folder.name))._begin()  # the one place that runs the commands
    return folder
