"""The verifier's texts: Japanese is the source, English the translation."""

from collections.abc import Mapping
from typing import Final

LANGUAGES: Final = ("ja", "en")

TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "verdict": ("判定: {text}", "Verdict: {text}"),
    "verdict.verified_witnessed": (
        "検証済み（第三者の立会人が連署）",
        "verified, cosigned by an outside witness",
    ),
    "verdict.verified_self_signed": (
        "検証済み（記録者自身の署名のみ）",
        "verified, signed by the log's keeper alone",
    ),
    "verdict.unpinned": (
        "署名者未確認（鍵が指定されていません）",
        "signer not established (no key was given)",
    ),
    "verdict.incomplete": ("不完全", "incomplete"),
    "verdict.tampered": ("改ざんの疑い", "tampered"),
    "verdict.unreadable": ("読み取り不能", "unreadable"),
    "finding": ("理由: {text}", "Reason: {text}"),
    "finding.form": ("書式どおりではありません", "it is not of its format"),
    "finding.truncated": ("途中で切れています", "it ends before its last line"),
    "finding.count": (
        "件数が、書かれている件数と一致しません",
        "it does not hold as many entries as it says",
    ),
    "finding.order": (
        "記録の順番が入れ替わっています",
        "events are not in the order of the log",
    ),
    "finding.missing": (
        "連続するはずの記録が欠けています",
        "an event of a range that should be whole is missing",
    ),
    "finding.filter": (
        "書かれている抽出条件に合わない記録があります",
        "an event does not meet the filter that is stated",
    ),
    "finding.leaf": (
        "記録が、署名された記録と一致しません",
        "an event is not the one that was signed",
    ),
    "finding.part": (
        "個人に関する部分が、記録時の約束値と一致しません",
        "a personal part does not match what was committed to",
    ),
    "finding.part_destroyed": (
        "個人に関する部分が、正当な消去記録なしに失われています",
        "a personal part is gone and no erasure names it",
    ),
    "finding.erasure_waiting": (
        "消去記録が、まだ署名された範囲に入っていません",
        "the erasure of a part is not in the signed tree yet",
    ),
    "finding.checkpoint": (
        "以前のチェックポイントが自身の署名文と一致しません",
        "an earlier checkpoint contradicts its own note",
    ),
    "finding.shard": (
        "月の区切りが、その記録が述べる木と一致しません",
        "a month opens, ends or goes on otherwise than its own entry says",
    ),
    "finding.restored": (
        "古いデータベースへの復旧が宣言されており、その間の記録は失われています",
        "an older database was put back, as an entry declares; what lay between is lost",
    ),
    "finding.held_lost": (
        "手元のチェックポイントは、失われたと宣言された範囲のものです",
        "the checkpoint that you hold lies in a range that was declared lost",
    ),
    "finding.forked": (
        "同じログのチェックポイント同士が矛盾しています",
        "two checkpoints of the log contradict each other",
    ),
    "finding.other_log": ("別のログのものです", "it is of another log"),
    "finding.held_ahead": (
        "手元のチェックポイントより古い状態です",
        "it is older than the checkpoint that you hold",
    ),
    "finding.held_unproven": (
        "手元のチェックポイントからの連続性の証明がありません",
        "it holds no proof from the checkpoint that you hold",
    ),
    "finding.signature": ("署名が成り立ちません", "a signature does not hold"),
    "finding.other_key": (
        "指定された鍵による署名がありません",
        "it is not signed by a key that you gave",
    ),
    "finding.key_missing": (
        "指定された種類の署名の一つがありません",
        "one of the kinds of signature that you gave keys for is missing",
    ),
    "finding.digest": (
        "書き出し時の内容から変わっています",
        "the bytes are not those that were exported",
    ),
    "finding.statement": (
        "記載された内容は、証拠とされる記録が裏づけていません",
        "the event does not vouch for what is stated",
    ),
    "finding.file": (
        "ファイルが欠けているか、変わっています",
        "a file is missing, changed or not listed",
    ),
    "part": ("箇所: {part}", "Where: {part}"),
    "file": ("ファイル: {file}", "File: {file}"),
    "at_seq": ("位置: {at_seq}", "Place: {at_seq}"),
    "expected": ("あるべき値: {expected}", "Expected: {expected}"),
    "found": ("実際の値: {found}", "Found: {found}"),
    "origin": ("ログ: {origin}", "Log: {origin}"),
    "tree": ("署名された木: {size} 件、根 {root}", "Signed tree: {size} entries, root {root}"),
    "signed": (
        "署名: {name} {key_id}（{kind}、{size} 件の木）{at}",
        "Signature: {name} {key_id} ({kind}, tree of {size}) {at}",
    ),
    "signed.unpinned": (
        "自称の鍵に合う署名: {name} {key_id}（{kind}、{size} 件の木）{at}",
        "Signature that fits a key it names itself: {name} {key_id} ({kind}, tree of {size}) {at}",
    ),
    "events": (
        "記録: {events} 件（位置 {first} から {last}）",
        "Events: {events} (places {first} to {last})",
    ),
    "parts": (
        "個人に関する部分: 開示 {opened}、非開示 {withheld}、消去済み {erased}",
        "Personal parts: {opened} opened, {withheld} withheld, {erased} erased",
    ),
    "proven": ("証明されたこと:", "Proven:"),
    "proven.events": (
        "{events} 件の記録は、{size} 件の木に記録されたまま変わっていません",
        "{events} events stand unchanged in the tree of {size} entries",
    ),
    "proven.signed": (
        "この木は、指定された鍵で署名されています",
        "the tree is signed under a key that you gave",
    ),
    "proven.whole_log": (
        "署名された木の全件がそろっています",
        "every event of the signed tree is here",
    ),
    "proven.whole_range": (
        "位置 {first} から {last} までの記録に欠けはありません",
        "no event from place {first} to {last} is missing",
    ),
    "proven.opened": (
        "開示された {opened} か所は、記録時の内容のとおりです",
        "the {opened} opened parts are what was recorded",
    ),
    "proven.erased": (
        "消去された {erased} か所は、木に入った消去記録が名指ししています",
        "each of the {erased} erased parts is named by an erasure in the tree",
    ),
    "proven.key_changes": (
        "署名の鍵は替わりましたが、指定された鍵がその交代に署名しています（{count} 鍵）",
        "the signing key changed, and the given key signed the change ({count} keys)",
    ),
    "proven.earlier": (
        "この木は、以前の木（{sizes} 件）をそのまま含みます",
        "the tree begins with the earlier trees of {sizes} entries",
    ),
    "proven.witness": (
        "立会人 {witness} が {size} 件までの木を連署しています {at}",
        "the witness {witness} cosigned the tree up to {size} entries {at}",
    ),
    "proven.expired": (
        "欠けている {expired} 件は、保存期間の満了を記した木の中の記録が名指ししています",
        "the {expired} events that are not here ended by their period, as entries of the tree say",
    ),
    "open.restored": (
        "位置 {size} から {lost} までに一度記録されたこと（{at} に失われたと宣言）",
        "what once stood at places {size} to {lost} (declared lost {at})",
    ),
    "open": ("証明されないこと:", "Not proven:"),
    "open.unpinned": (
        "誰が署名したか。記録者の鍵を別の経路で受け取り、--key で指定してください",
        "who signed. Get the log's key by another way and give it with --key",
    ),
    "open.self_signed": (
        "署名鍵を持つ者が、別の人に別のログを見せていないこと（立会人の連署がありません）",
        "that the holder of the signing key shows everyone the same log (no witness cosigned)",
    ),
    "open.witness_absent": (
        "指定された立会人は、この範囲を連署していません",
        "the witness that you named has not cosigned this range",
    ),
    "open.selection": (
        "条件に合う記録がすべて入っていること（書き出した者の申告です）",
        "that every event meeting the filter is here (it is the exporter's word)",
    ),
    "open.empty": (
        "条件に合う記録が一件もないこと（書き出した者の申告です）",
        "that no event meets the filter (it is the exporter's word)",
    ),
    "open.outside": (
        "位置 {first} より前、{last} より後の記録について",
        "anything of events before place {first} or after {last}",
    ),
    "open.newer": (
        "{size} 件より後に記録されたことについて",
        "anything recorded after the first {size} entries",
    ),
    "open.withheld": (
        "開示されなかった {withheld} か所の内容",
        "the content of the {withheld} parts that were withheld",
    ),
    "open.lost": (
        "プロセス {process_id} の番号 {numbers} 個に当たる記録（木に入る前に失われた疑い）",
        "{numbers} numbers of process {process_id}, whose events may be lost before their place",
    ),
    "open.truth": (
        "記録された内容が事実であること。時刻は記録者の申告です",
        "that what was recorded is true; times are as the log states them",
    ),
    "claims": ("書き出した者の申告（署名なし）:", "The exporter's word (unsigned):"),
    "claims.exported": (
        "{exported_at} に {exported_by} が書き出し",
        "exported {exported_at} by {exported_by}",
    ),
    "claims.filter": ("条件: {filter}", "filter: {filter}"),
    "claims.filter.none": ("条件: なし（全件）", "filter: none, every event"),
    "claims.places": (
        "対象の位置: {start} 以上 {stop} 未満",
        "places asked for: from {start}, below {stop}",
    ),
    "claims.key": ("名乗っている鍵: {key}", "key that it names: {key}"),
    "stated": ("{name}: {value}", "{name}: {value}"),
    "stated.consent_receipt": ("同意の控えの内容:", "The receipt of a choice says:"),
    "stated.erasure_certificate": ("消去証明書の内容:", "The certificate of erasure says:"),
    "stated.decision": ("利用可否の判定の内容:", "The decision was:"),
    "package.proven": (
        "受付番号 {reference} の {files} ファイルは、{name} の鍵で署名されたとおりです",
        "the {files} files of {reference} are those signed under the key {name}",
    ),
    "package.unpinned": (
        "受付番号 {reference} の {files} ファイルは互いに合っていますが、署名者は未確認です",
        "the {files} files of {reference} fit each other; who signed is not established",
    ),
    "cli.about": (
        (
            "監査ログの書き出し、請求への回答（一式・HTML）、同意の控え、消去証明書、判定の証明を、"
            "この一つのファイルだけで検証します。"
        ),
        (
            "Verifies an export of the audit log, the answer to a request (package or page), "
            "a receipt, a certificate of erasure or the proof of a decision, with this file "
            "alone."
        ),
    ),
    "cli.bundle": ("検証するファイル", "the file to verify"),
    "cli.key": (
        "信頼する記録者の鍵。@FILE で一行一鍵のファイル。繰り返し可",
        "a key of the log that you trust, or @FILE with one key a line; repeatable",
    ),
    "cli.witness": (
        "信頼する立会人の鍵。@FILE も可。繰り返し可",
        "a key of a witness that you trust, or @FILE; repeatable",
    ),
    "cli.checkpoint": (
        "以前に別の経路で受け取ったチェックポイントのファイル。繰り返し可",
        "a file with a checkpoint that you received earlier by another way; repeatable",
    ),
    "cli.form": (
        "受領書の束にある、ほかのファイル。証明された内容と一致するかを確かめます。繰り返し可",
        "another file of a receipt; checks that it is what the proven content names; repeatable",
    ),
    "form.holds": (
        "{name}: 証明された内容と一致します",
        "{name}: is what the proven content names",
    ),
    "form.differs": (
        "{name}: 証明された内容と一致しません",
        "{name}: is not what the proven content names",
    ),
    "cli.lang": ("表示言語", "language of the texts"),
    "cli.json": ("JSON で出力", "print JSON"),
    "cli.bad_key": ("鍵の書式が正しくありません", "this is not a key"),
    "cli.bad_checkpoint": (
        "チェックポイントとして読めません",
        "this is not a checkpoint",
    ),
    "cli.unreadable": ("ファイルを読めません", "the file cannot be read"),
    "cli.exit": (
        "終了コード: 0 検証済み、1 検証されず、2 使い方の誤り、3 読み取り不能",
        "exit status: 0 verified, 1 not verified, 2 wrong use, 3 unreadable",
    ),
}


def text(key: str, lang: str, /, **params: object) -> str:
    """The text in the language, with what comes from outside made safe to print."""
    found = TEXTS[key][LANGUAGES.index(lang)]
    return found.format(**{name: shown(value) for name, value in params.items()})


def shown(value: object) -> str:
    """The value without control or direction characters, which could forge lines on a screen."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in str(value))
