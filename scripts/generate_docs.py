"""Write the pages of docs/ that the code itself tells: settings, commands, codes, masking.

`--check` writes nothing and ends with 1 when a page is out of date.
"""

import argparse
import importlib
import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
OPERATIONS = "operations.md"
BEGIN, END = "<!-- errors: generated -->", "<!-- /errors -->"
MADE = "<!-- Made by scripts/generate_docs.py. Change the code, then run it again. -->"
PACKAGES = ("governance", "policies", "consent", "retention", "audit", "dsar")
MASKED = ROOT / "scripts" / "masking_examples.json"  # per method an invented value and the rule
REQUEST_LIFE = (
    "請求は法令ごとに一つの表で進みます。表にない手続はできず、理由が文で示されます。"
    "「(2)」は、決定した人とは別の人が行う手続です。"
    "時計が止まるのは、GDPRでは本人確認と範囲の特定の間、個人情報保護法では保留の理由が"
    "法令データの `pausable` にあるときだけです。保留には理由と終了日が要り、その日を過ぎると"
    "時計は自動で動き出します。GDPRの1か月は保留で止まりません。"
    "両方の法令が適用される請求は両方の表を進み、早いほうの日までに回答します。\n\n"
    "A request goes by one table under each law. What is not in it is refused with a sentence. "
    '"(2)" marks what another person must do than the one who decided. A clock stands while '
    "identity or scope is asked for (GDPR), or while a request is on hold for a ground that the "
    "law data calls `pausable` (APPI). A hold has a reason and a last day, after which the clock "
    "runs again by itself; it never stops the month of the GDPR. Under both laws a request goes "
    "by both tables and is answered by the earlier day. Every stop is a row and an event.\n"
)
ERROR = re.compile(r"^class \w+Error\(", re.MULTILINE)
TREE = "--tree"

Row = Sequence[str]
Tree = list[dict[str, Any]]


def cell(words: str) -> str:
    """The words as one cell of a table."""
    return " ".join(words.replace("|", "\\|").replace("<", "&lt;").split()) or " "


def table(head: Row, rows: Iterable[Row]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cell(words) for words in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def page(title: str, *parts: str) -> str:
    """A whole page with its mark."""
    return "\n".join([f"# {title}\n", MADE + "\n", *parts])


def both(key: str) -> tuple[str, str]:
    """The raw text of a key in Japanese and English, placeholders left open."""
    from governance.core.terms import Lang  # noqa: PLC0415 # after the tree call, which needs none
    from governance.i18n.catalogue import domain  # noqa: PLC0415 # the same

    name = key.partition(".")[0]
    return domain(name, Lang.JA)[key], domain(name, Lang.EN)[key]


def import_errors() -> None:
    """Every module that defines an error is loaded, so that the error has registered itself."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if ERROR.search(path.read_text(encoding="utf-8")):
                importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))


def settings_page() -> str:
    """Every setting with its variable, default and meaning."""
    from governance.core.settings import FILE_NAME, PREFIX, Settings  # noqa: PLC0415

    rows = []
    for name, field in Settings.model_fields.items():
        kind = field.annotation
        words = isinstance(kind, type) and issubclass(kind, Enum)
        closed = " / ".join(f"`{item.value}`" for item in kind) if words else ""
        extra = field.json_schema_extra
        ja = str(extra["ja"]) if isinstance(extra, dict) else ""
        default = field.default.value if isinstance(field.default, Enum) else field.default
        shown = "" if default is None else f"`{default}`"
        meaning = f"{field.description or ''} {f'One of {closed}.' if closed else ''}"
        rows.append((f"`{name}`", f"`{PREFIX}{name.upper()}`", shown, ja, meaning))
    rule = (
        f"設定は `{FILE_NAME}` と `{PREFIX}*` の環境変数から一度だけ読みます。"
        "コマンドラインの指定が最優先で、次に環境変数、ファイル、既定値の順です。"
        "知らない名前がファイルにあると起動しません。"
        "秘密そのものは設定に書かず、秘密を書いたファイル（0600）を指します。\n\n"
        f"Settings are read once from `{FILE_NAME}` and `{PREFIX}*` variables. The command line "
        "goes first, then the environment, the file, the default. An unknown name in the file "
        "stops the start. Secrets stand in files (0600) that a setting names, never in a setting.\n"
    )
    head = ("setting", "variable", "default", "日本語", "English")
    return page("設定 / Settings", rule, table(head, rows))


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
    command = [sys.executable, str(Path(__file__).resolve()), TREE]
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


def event_codes_page() -> str:
    """Every action that an audit event may name."""
    from audit.actions import EventCode, text_key  # noqa: PLC0415

    rows = [(f"`{code.value}`", *both(text_key(code))) for code in EventCode]
    rule = (
        "監査ログが記録できる行為はこの一覧で閉じています。符号は変えず、使い回しません。\n\n"
        "What the audit log can say happened. The list is closed; a code is never reused.\n"
    )
    head = ("code", "日本語", "English")
    return page("監査ログの行為 / Event codes", rule, table(head, rows))


def reason_codes_page() -> str:
    """Every reason of a gate, for the three kinds of readers."""
    from policies.reasons import Audience, ReasonCode  # noqa: PLC0415

    rows = []
    for code in ReasonCode:
        for audience in Audience:
            texts = both(f"policies.reason.{code.value}.{audience.value}")
            rows.append((f"`{code.value}`", audience.value, *texts))
    rule = (
        "関所の答えの理由です。`denied.*` は拒否、`unavailable.*` は判断できなかったことを示し、"
        "どちらも許可ではありません。`explain:subject` の権限がない呼び出し元には、"
        "`denied.subject.*` はすべて `denied.subject` と見えます。\n\n"
        "Why the gate answered as it did. `denied.*` is a refusal, `unavailable.*` means that "
        "nothing was decided; neither is a permit. A caller without the grant `explain:subject` "
        "sees `denied.subject` in place of every `denied.subject.*`.\n"
    )
    head = ("code", "for", "日本語", "English")
    return page("理由の符号 / Reason codes", rule, table(head, rows))


def errors_by_domain() -> Mapping[str, list[type[Any]]]:
    """Every error of ours by its catalogue domain; one that a test defines is none of ours."""
    from governance.core.errors import GovernanceError  # noqa: PLC0415

    found: dict[str, list[type[Any]]] = defaultdict(list)
    for error in GovernanceError.registry.values():
        if error.__module__.partition(".")[0] in PACKAGES:
            found[text_key(error).partition(".")[0]].append(error)
    return {name: sorted(found[name], key=lambda error: error.code) for name in sorted(found)}


def text_key(error: type[Any]) -> str:
    """Catalogue key of an error's sentence; it depends on the class alone."""
    key: str = error.__new__(error).text_key
    return key


def error_codes_page() -> str:
    """Every error with its HTTP status, exit code and sentences."""
    rule = (
        "符号は外部との約束で、変えず、使い回しません。`{...}` には番号や名前が入り、"
        "個人の値は入りません。HTTP では `code` として（[api.md](api.md)）、"
        "コマンドでは終了コードとして現れます。\n\n"
        "Codes are API and never reused. `{...}` takes ids and names, never a person's value. "
        "Over HTTP the code stands in `code` ([api.md](api.md)); a command ends with the exit "
        "code.\n"
    )
    parts = [rule]
    for domain, errors in errors_by_domain().items():
        rows = [
            (f"`{error.code}`", str(error.status), str(error.exit_code), *both(text_key(error)))
            for error in errors
        ]
        head = ("code", "HTTP", "exit", "日本語", "English")
        parts.append(f"## {domain}\n\n{table(head, rows)}")
    return page("エラーの符号 / Error codes", *parts)


def errors_by_exit() -> str:
    """Codes by exit code, for the troubleshooting table of operations.md."""
    found: dict[int, list[str]] = defaultdict(list)
    for errors in errors_by_domain().values():
        for error in errors:
            found[error.exit_code].append(error.code)
    meaning = {
        1: "refused, or something was found",
        2: "wrong use; nothing was changed",
        3: "a part that must answer cannot",
    }
    rows = [
        (str(number), meaning[number], ", ".join(f"`{code}`" for code in sorted(codes)))
        for number, codes in sorted(found.items(), reverse=True)
    ]
    return table(("exit", "meaning", "codes"), rows)


def masked_examples() -> Mapping[str, tuple[str, str, str, str]]:
    """Per method an invented value, what is shown of it, and the rule in both languages."""
    from policies.masking import Masking, MaskMethod, Span, mask  # noqa: PLC0415

    spans = (Span(start=0, end=4, label="PERSON"),)
    names, day = {"PERSON": "氏名"}, date(2026, 4, 1)
    return {
        name: (
            said["value"],
            mask(
                said["value"],
                Masking(method=MaskMethod(name)),
                on=day,
                spans=spans,
                names=names,
                tokens=lambda _: "q3VbT0x9Zr1KpLm2",
            ),
            said["ja"],
            said["en"],
        )
        for name, said in json.loads(MASKED.read_text(encoding="utf-8")).items()
    }


def masking_page() -> str:
    """Every masking method with an example."""
    from policies.masking import MaskMethod  # noqa: PLC0415
    from policies.words import VALUES  # noqa: PLC0415

    japanese = {canonical: written for written, canonical in VALUES.items()}
    examples = masked_examples()
    rows = []
    for method in MaskMethod:
        value, shown, ja, en = examples[method.value]
        word = japanese.get(method.value, "")
        rows.append((f"`{method.value}`", word, value, shown, ja, en))
    rule = (
        "方針の規則が `method` に書ける伏せ方です（日本語の語でも書けます）。例は架空の値で、"
        "年齢は2026年4月1日に数えています。空の値は空のまま、読めない値は隠します。\n\n"
        "What a policy rule can name as `method` (the Japanese word is accepted too). The values "
        "are invented; ages are counted on 1 April 2026. An empty value stays empty, an unreadable "
        "one is hidden.\n"
    )
    head = ("method", "方針での語", "value", "shown", "日本語", "English")
    return page("伏せ方 / Masking methods", rule, table(head, rows))


def import_files_page() -> str:
    """Every kind of file with its columns, the headers they are known by, the words they take."""
    from governance.customers.columns import columns_of  # noqa: PLC0415
    from governance.customers.types import SourceKind  # noqa: PLC0415

    parts = []
    for kind in SourceKind:
        rows = [
            (f"`{column.name}`" + (" (required)" if column.required else ""), column.kind.value,
             " / ".join(column.headers), " / ".join(column.words))
            for column in columns_of(kind)
        ]  # fmt: skip
        title = " / ".join(both(f"customers.kind.{kind.value}"))
        head = table(("column", "form", "headers", "words"), rows)
        parts.append(f"## `{kind.value}` {title}\n\n{head}")
    rule = (
        "`sekisho import` が読むファイルの種類です。見出しは幅・空白・大文字小文字を"
        "問いません。\n\n"
        "The kinds of files that `sekisho import` reads. Headers are compared without width, "
        "spaces and case; a column of another name is mapped with `--map`.\n"
    )
    return page("取り込めるファイル / Files that can be taken in", rule, *parts)


def request_life_page() -> str:
    """Both machines of requests and that of complaints, step by step."""
    from dsar.complaints.rules import TABLE  # noqa: PLC0415
    from dsar.machine import STATES, tables  # noqa: PLC0415
    from dsar.types import Event  # noqa: PLC0415

    def said(group: str, value: str) -> str:
        return " / ".join(both(f"dsar.{group}.{value}"))

    order = list(Event)
    parts = [REQUEST_LIFE]
    for law, steps in tables().items():
        states = list(STATES[law].values())
        rows = [
            (
                said(f"status.{law.value}", step.source.value),
                f"`{step.event.value}` {said('event', step.event.value)}",
                said(f"status.{law.value}", step.target.value) if step.moves else "-",
                said("party", step.party.value) + (" (2)" if step.two_persons else ""),
                ", ".join(said("clock", kind.value) for kind in step.clocks) or "-",
                f"`{step.letter.value}`" if step.letter else "-",
                step.said or "-",
            )
            for step in sorted(
                steps.values(),
                key=lambda step: (states.index(step.source), order.index(step.event)),
            )
        ]
        head = ("状態 / status", "手続 / step", "次の状態 / next", "行う人 / who", "時計 / clock")
        head = (*head, "通知 / letter", "law book")
        parts.append(f"## {' / '.join(both(f'consent.law.{law.value}'))}\n\n{table(head, rows)}")
    rows = [
        (
            said("complaint.status", source.value),
            f"`{event.value}` {said('complaint.event', event.value)}",
            said("complaint.status", step.target.value),
            said("party", step.party.value) + (" (2)" if step.other_person else ""),
            f"`{step.letter.value}`" if step.letter else "-",
        )
        for (source, event), step in TABLE.items()
    ]
    head = ("状態 / status", "手続 / step", "次の状態 / next", "行う人 / who", "通知 / letter")
    parts.append(f"## 苦情 / Complaints\n\n{table(head, rows)}")
    return page("請求の一生 / The life of a request", *parts)


def operations_page() -> str:
    """docs/operations.md with its table of error codes made anew; the rest is written by hand."""
    written = (DOCS / OPERATIONS).read_text(encoding="utf-8")
    before, _, rest = written.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{errors_by_exit()}{END}{after}"


def pages() -> dict[str, str]:
    """Every generated page by its file name."""
    import_errors()
    return {
        "settings.md": settings_page(),
        "commands.md": commands_page(),
        "event-codes.md": event_codes_page(),
        "reason-codes.md": reason_codes_page(),
        "error-codes.md": error_codes_page(),
        "masking.md": masking_page(),
        "import-files.md": import_files_page(),
        "request-life.md": request_life_page(),
        OPERATIONS: operations_page(),
    }


def out_of_date(made: Mapping[str, str]) -> list[str]:
    """Names of the pages that differ from their file."""
    return [
        name
        for name, words in made.items()
        if not (DOCS / name).is_file() or (DOCS / name).read_text(encoding="utf-8") != words
    ]


def main() -> int:
    """0 when every page is as the code says, after writing it unless only asked to check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say which pages are out of date")
    parser.add_argument(TREE, action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.tree:
        print(json.dumps(tree_here(), ensure_ascii=False))
        return 0
    made = pages()
    late = out_of_date(made)
    for name in late:
        if options.check:
            print(f"docs/{name} is out of date: run scripts/generate_docs.py")
        else:
            (DOCS / name).write_text(made[name], encoding="utf-8")
            print(f"docs/{name} written")
    return 1 if options.check and late else 0


if __name__ == "__main__":
    raise SystemExit(main())
