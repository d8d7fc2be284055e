"""Pages of what is written down once: settings, masking methods, files that can be taken in."""

import json
from collections.abc import Mapping
from datetime import date
from enum import Enum

from doc_pages.markdown import ROOT, both, page, table

MASKED = ROOT / "scripts" / "masking_examples.json"  # per method an invented value and the rule


def settings_page() -> str:
    """Every setting with its variable, default and meaning."""
    from governance.core.settings import Settings  # noqa: PLC0415
    from governance.core.settings_reading import FILE_NAME, PREFIX  # noqa: PLC0415

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
    return page("設定 / Settings", rule, table(head, rows), _unsafe())


def _unsafe() -> str:
    """What production refuses to start on."""
    from governance.core.unsafe_settings import UNSAFE  # noqa: PLC0415

    rows = [(f"`{row.setting}`", row.ja, row.en) for row in UNSAFE]
    told = (
        "## 本番で起動を断る設定 / Refused in production\n\n"
        '`mode = "production"` のとき、次のどれかに当たると起動しません（`settings_unsafe`、'
        "終了コード3）。このほか、知らない設定、取れない値、他人が読める秘密のファイル、"
        "より新しいデータベース、改ざんされた監査ログでも、どのモードでも起動しません。\n\n"
        'With `mode = "production"` each of these stops the start (`settings_unsafe`, exit 3). In '
        "every mode it is also stopped by an unknown setting, an impossible value, a secret file "
        "that others can read, a database of a newer version, or a log that was tampered with.\n"
    )
    return f"{told}\n{table(('setting', '日本語', 'English'), rows)}"


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
    return page("取り込めるファイル / Files that can be taken in", rule, *parts, _findings())


def _findings() -> str:
    """What is found in values, by themselves and together (ASVS V2.1.2)."""
    from governance.customers.types import ProblemKind  # noqa: PLC0415

    rows = [
        (f"`{kind.value}`", *both(f"customers.problem.{kind.value.lower()}"))
        for kind in ProblemKind
    ]
    told = (
        "## 値の検査 / What is found in values\n\n"
        "一つの値の形だけでなく、組み合わせ（日付の前後、住所と郵便番号、同じ番号の重複、"
        "行と列の数）も調べます。\n\n"
        "Values are looked at by themselves and together: orders of dates, an address and its "
        "postal code, a number that stands twice, the width of a row.\n"
    )
    return f"{told}\n{table(('code', '日本語', 'English'), rows)}"
