"""The command: verifier.pyz BUNDLE --key VKEY [--witness VKEY]; reads files, opens no connection.

Exit status: 0 verified, 1 not verified, 2 wrong use, 3 unreadable.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from audit.verifier.findings import (
    VERIFIED,
    Completeness,
    FormError,
    PackageReport,
    Report,
    StatementReport,
    Verdict,
)
from audit.verifier.note import Note, VerifierKey, parse_note, parse_vkey
from audit.verifier.package import MAGIC, verify_package
from audit.verifier.page import OPENING as PAGE
from audit.verifier.page import verify_page
from audit.verifier.statement import OPENING, verify_statement
from audit.verifier.trust import Evidence
from audit.verifier.verify import verify_bundle
from audit.verifier.words import LANGUAGES, text

PROGRAM = "verifier.pyz"
NOT_VERIFIED, WRONG_USE, UNREADABLE = 1, 2, 3
NOTE_BYTES = 1 << 20  # more than any checkpoint
FORM_BYTES = 64 << 20  # more than any file beside a statement
CHECKED = VERIFIED | {Verdict.UNPINNED}
STATED = {
    "consent_receipt": "stated.consent_receipt",
    "erasure_certificate": "stated.erasure_certificate",
    "decision": "stated.decision",
}


def run(argv: Sequence[str] | None = None) -> int:
    """The verdict is printed; the exit status says whether it is a verified one."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    asked = _parser(_language(arguments)).parse_args(arguments)
    lang: str = asked.lang
    try:
        evidence = Evidence(
            keys=_keys(asked.key), witnesses=_keys(asked.witness), held=_held(asked.checkpoint)
        )
    except FormError as error:
        _say(
            text("cli.bad_checkpoint" if error.part == "checkpoint" else "cli.bad_key", lang),
            to_error=True,
        )
        return WRONG_USE
    try:
        report = verified_file(asked.bundle, evidence)
    except OSError:
        report = Report()
    named = {name: _is_form(report, name) for name in asked.form}
    if asked.json:
        _say(json.dumps(report.as_json() | ({"forms": named} if named else {}), indent=1))
    else:
        for line in lines(report, lang):
            _say(line)
        for name, holds in named.items():
            _say(text("form.holds" if holds else "form.differs", lang, name=name))
    if report.verdict is Verdict.UNREADABLE:
        return UNREADABLE
    whole = report.verdict in VERIFIED and all(named.values())
    return 0 if whole else NOT_VERIFIED


def _is_form(report: "AnyReport", name: str) -> bool:
    """Whether the proven content names the digest of this file (`forms` of a receipt)."""
    content = report.content if isinstance(report, StatementReport) else None
    told = content.get("forms") if content else None
    try:
        with Path(name).open("rb") as stream:
            digest = sha256(stream.read(FORM_BYTES)).hexdigest()
    except OSError:
        return False
    return isinstance(told, dict) and told.get(Path(name).name) == digest


AnyReport = Report | PackageReport | StatementReport


def lines(report: AnyReport, lang: str) -> Iterator[str]:
    """The report for a person: the verdict, its ground, and how far it reaches."""
    verdict = text(f"verdict.{report.verdict.value}", lang)
    yield text("verdict", lang, text=f"{verdict} [{report.verdict.value}]")
    if report.finding is not None:
        yield text("finding", lang, text=text(f"finding.{report.finding.value}", lang))
    elif report.verdict is Verdict.UNREADABLE:
        yield text("cli.unreadable", lang)
    for name in ("part", "file", "at_seq", "expected", "found"):
        value = getattr(report, name, None)
        if value is not None:
            yield text(name, lang, **{name: value})
    if isinstance(report, PackageReport):
        yield from _package_lines(report, lang)
    elif isinstance(report, StatementReport):
        yield from _statement_lines(report, lang)
    elif report.origin is not None:
        yield from _bundle_lines(report, lang)


def _package_lines(report: PackageReport, lang: str) -> Iterator[str]:
    if report.verdict in CHECKED:
        key = "package.unpinned" if report.signed_by is None else "package.proven"
        yield text(key, lang, reference=report.reference, files=report.files, name=report.signed_by)
        if report.signed_by is None:
            yield "- " + text("open.unpinned", lang)


def _statement_lines(report: StatementReport, lang: str) -> Iterator[str]:
    """What is stated, member by member, and the log behind it."""
    if report.verdict in CHECKED:
        yield text(STATED[report.form or ""], lang)
        yield from ("- " + text("stated", lang, name=n, value=v) for n, v in _flat(report.content))
    if report.log.origin is not None:
        yield from _bundle_lines(report.log, lang)


def _flat(content: object, name: str = "") -> Iterator[tuple[str, object]]:
    """The members of a content by their paths."""
    match content:
        case dict():
            for key in sorted(content):
                yield from _flat(content[key], f"{name}.{key}" if name else str(key))
        case list():
            for number, one in enumerate(content):
                yield from _flat(one, f"{name}[{number}]")
        case None:
            return
        case _:
            yield name, content


def _bundle_lines(report: Report, lang: str) -> Iterator[str]:
    root = "" if report.root is None else report.root.hex()
    yield text("origin", lang, origin=report.origin)
    yield text("tree", lang, size=report.size, root=root)
    for one in report.signed_by:
        yield "  " + text(
            "signed" if report.pinned else "signed.unpinned",
            lang,
            name=one.name,
            key_id=one.key_id,
            kind=one.kind,
            size=one.size,
            at="" if one.at is None else one.at.isoformat(),
        )
    first = "-" if report.first_seq is None else report.first_seq
    last = "-" if report.last_seq is None else report.last_seq
    yield text("events", lang, events=report.events, first=first, last=last)
    if report.verdict in CHECKED:
        yield text(
            "parts",
            lang,
            opened=report.opened,
            withheld=report.withheld,
            erased=report.erased,
        )
        yield text("proven", lang)
        yield from ("- " + line for line in _proven(report, lang))
        yield text("open", lang)
        yield from ("- " + line for line in _unproven(report, lang))
    yield text("claims", lang)
    yield from ("- " + line for line in _claims(report, lang))


def _proven(report: Report, lang: str) -> Iterator[str]:
    yield text("proven.events", lang, events=report.events, size=report.size)
    if report.pinned:
        yield text("proven.signed", lang)
    if report.key_changes:
        yield text("proven.key_changes", lang, count=report.key_changes)
    if report.completeness is Completeness.WHOLE_LOG:
        yield text("proven.whole_log", lang)
    elif report.completeness is Completeness.WHOLE_RANGE:
        yield text("proven.whole_range", lang, first=report.first_seq, last=report.last_seq)
    if report.expired:
        yield text("proven.expired", lang, expired=report.expired)
    if report.opened:
        yield text("proven.opened", lang, opened=report.opened)
    if report.erased:
        yield text("proven.erased", lang, erased=report.erased)
    if report.earlier:
        yield text("proven.earlier", lang, sizes=", ".join(map(str, report.earlier)))
    if report.witness is not None:
        yield text(
            "proven.witness",
            lang,
            witness=report.witness,
            size=report.witnessed_size,
            at="" if report.witnessed_at is None else report.witnessed_at.isoformat(),
        )


def _unproven(report: Report, lang: str) -> Iterator[str]:
    if not report.pinned:
        yield text("open.unpinned", lang)
    if report.verdict is Verdict.VERIFIED_SELF_SIGNED:
        yield text("open.self_signed", lang)
        if report.witness_pinned:
            yield text("open.witness_absent", lang)
    if report.completeness is Completeness.SELECTION:
        yield text("open.selection", lang)
    elif report.completeness is Completeness.EMPTY:
        yield text("open.empty", lang)
    elif report.completeness is Completeness.WHOLE_RANGE:
        yield text("open.outside", lang, first=report.first_seq, last=report.last_seq)
    for lost in report.restored:
        yield text(
            "open.restored", lang, size=lost.size, lost=lost.lost - 1, at=lost.at.isoformat()
        )
    yield text("open.newer", lang, size=report.size)
    if report.withheld:
        yield text("open.withheld", lang, withheld=report.withheld)
    for one in report.lost:
        yield text("open.lost", lang, process_id=one.process_id, numbers=one.numbers)
    yield text("open.truth", lang)


def _claims(report: Report, lang: str) -> Iterator[str]:
    claims = report.claims
    yield text(
        "claims.exported",
        lang,
        exported_at=claims["exported_at"],
        exported_by=claims["exported_by"],
    )
    asked, places, keys = claims["filter"], claims["places"], claims["keys"]
    if isinstance(asked, dict) and asked:
        spelled = ", ".join(f"{name}={value}" for name, value in asked.items())
        yield text("claims.filter", lang, filter=spelled)
    else:
        yield text("claims.filter.none", lang)
    if isinstance(places, list):
        yield text("claims.places", lang, start=places[0], stop=places[1])
    if isinstance(keys, list):
        yield from (text("claims.key", lang, key=key) for key in keys)


def verified_file(path: Path, evidence: Evidence) -> AnyReport:
    """The report of a file, whatever of ours it is; raises OSError."""
    with path.open("rb") as stream:
        if stream.read(len(MAGIC)) == MAGIC:
            stream.seek(0)
            return verify_package(stream.read(), evidence.keys)
        stream.seek(0)
        if stream.read(len(PAGE)) == PAGE:
            stream.seek(0)
            return verify_page(stream.read(), evidence.keys)
        stream.seek(0)
        stated = stream.read(len(OPENING)) == OPENING
        stream.seek(0)
        return verify_statement(stream, evidence) if stated else verify_bundle(stream, evidence)


def _keys(texts: Sequence[str]) -> tuple[VerifierKey, ...]:
    """The keys given as text, or one a line in a file that @ names."""
    found: list[VerifierKey] = []
    for given in texts:
        if not given.startswith("@"):
            found.append(parse_vkey(given))
            continue
        listed = [line for line in _file(given[1:], "key").splitlines() if line.strip()]
        if not listed:
            raise FormError("key")
        found += [parse_vkey(line) for line in listed]
    return tuple(found)


def _held(paths: Sequence[str]) -> tuple[Note, ...]:
    try:
        return tuple(parse_note(_file(path, "checkpoint")) for path in paths)
    except FormError as error:
        raise FormError("checkpoint") from error


def _file(name: str, part: str) -> str:
    try:
        with Path(name).open("rb") as stream:
            return stream.read(NOTE_BYTES).decode()
    except (OSError, ValueError) as error:
        raise FormError(part) from error


def _language(arguments: Sequence[str]) -> str:
    """The language asked for, before anything else is read."""
    for at, argument in enumerate(arguments):
        given = argument.partition("=")[2] or (arguments[at + 1 : at + 2] or [""])[0]
        if argument.partition("=")[0] == "--lang" and given in LANGUAGES:
            return given
    return LANGUAGES[0]


def _parser(lang: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description=text("cli.about", lang),
        epilog=text("cli.exit", lang),
        allow_abbrev=False,
    )
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help=text("cli.bundle", lang))
    for name, metavar in (
        ("key", "VKEY"),
        ("witness", "VKEY"),
        ("checkpoint", "FILE"),
        ("form", "FILE"),
    ):
        parser.add_argument(
            f"--{name}",
            action="append",
            default=[],
            metavar=metavar,
            help=text(f"cli.{name}", lang),
        )
    parser.add_argument(
        "--lang", choices=LANGUAGES, default=LANGUAGES[0], help=text("cli.lang", lang)
    )
    parser.add_argument("--json", action="store_true", help=text("cli.json", lang))
    return parser


def _say(line: str, *, to_error: bool = False) -> None:
    (sys.stderr if to_error else sys.stdout).write(line + "\n")
