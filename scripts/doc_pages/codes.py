"""Pages of what is coded: events, reasons, errors."""

import importlib
import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from doc_pages.markdown import ROOT, both, page, table

PACKAGES = ("governance", "policies", "consent", "retention", "audit", "dsar")
ERROR = re.compile(r"^class \w+Error\(", re.MULTILINE)


def import_errors() -> None:
    """Every module that defines an error is loaded, so that the error has registered itself."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if ERROR.search(path.read_text(encoding="utf-8")):
                importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))


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
