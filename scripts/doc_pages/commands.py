"""The page of the commands, from the command tree in each language."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from doc_pages.markdown import both, page, table

SCRIPT = Path(__file__).resolve().parents[1] / "generate_docs.py"
TREE = "--tree"
Tree = list[dict[str, Any]]


def walk(command: Any, path: str) -> Iterator[dict[str, Any]]:
    """Every command below a group, with its parameters."""
    if hasattr(command, "commands"):
        for name, inner in command.commands.items():
            yield from walk(inner, f"{path} {name}")
        return
    parameters = []
    for item in command.params:
        flags = list(item.opts) + list(item.secondary_opts)
        if "--help" in flags:
            continue
        option = item.param_type_name == "option"
        default = item.default if isinstance(item.default, str | int | float) else None
        parameters.append(
            {
                "name": ", ".join(flags) if option else (item.metavar or item.name.upper()),
                "required": bool(item.required),
                "default": None if default is None or default is False else str(default),
                "help": getattr(item, "help", None) or "",
            }
        )
    told = (command.callback.__doc__ or "").strip().splitlines()
    yield {"name": path, "help": command.help or "", "params": parameters, "told": told[:1]}


def tree_here() -> Tree:
    """The command tree in the language of this process; its texts are read at import."""
    import typer  # noqa: PLC0415 # only this call needs it

    from governance.cli.commands import application_  # noqa: PLC0415 # the same

    return list(walk(typer.main.get_command(application_), "sekisho"))


def tree_in(lang: str) -> Tree:
    """The command tree in a language, from a process of its own."""
    command = [sys.executable, str(SCRIPT), TREE]
    environment = os.environ | {"SEKISHO_LANG": lang}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    found: Tree = json.loads(done.stdout)
    return found


def commands_page() -> str:
    """Every command with its options, in both languages, and what its exit code says."""
    codes = table(
        ("exit", "日本語", "English"),
        (
            ("0", "正常。", "Fine."),
            ("1", "見つかったものがある、または拒否した。", "A finding, or a refusal."),
            ("2", "使い方が正しくない。何も変更していない。", "Wrong use; nothing was changed."),
            ("3", "必要な部分が応答しない。", "A part that must answer cannot."),
        ),
    )
    shared = both("cli.options")
    parts = [f"{shared[0]}\n\n{shared[1]}\n", codes]
    for ja, en in zip(tree_in("ja"), tree_in("en"), strict=True):
        words = [ja["name"]]
        words += [p["name"] for p in ja["params"] if not p["name"].startswith("-")]
        parts.append(f"## `{' '.join(words)}`\n\n{ja['help']}\n\n{en['help']}\n")
        if ja["told"]:
            parts.append(f"Result: {ja['told'][0]}\n")
        rows = [
            (
                f"`{one['name']}`" + (" (required)" if one["required"] else ""),
                f"`{one['default']}`" if one["default"] else "",
                one["help"],
                other["help"],
            )
            for one, other in zip(ja["params"], en["params"], strict=True)
        ]
        if rows:
            parts.append(table(("parameter", "default", "日本語", "English"), rows))
    return page("コマンド / Commands", *parts)
