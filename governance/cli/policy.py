"""`sekisho policy`: what a policy says, whether it holds, and its export."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.invocation import current
from governance.cli.output import emit, line, say, table
from governance.core.terms import Lang, PurposeId

if TYPE_CHECKING:
    from policies.check import Finding
    from policies.load import PolicyRefusedError
    from policies.reader import Fault

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
Which = Annotated[str | None, typer.Argument(metavar="POLICY", help=say("policy.which"))]


@app.command("check", help=say("policy.check"))
def check(policy: Which = None) -> int:
    """Everything doubtful about a policy and every property proved; 1 when it is refused."""
    from governance.cli.policy_choice import choose
    from policies.beside import check_beside
    from policies.check import check as look
    from policies.check import refuses
    from policies.load import PolicyRefusedError
    from policies.proofs import prove_all, try_tests

    lang = current().lang
    try:
        chosen = choose(policy)
    except PolicyRefusedError as refused:
        return _refused(refused)
    snapshot = chosen.snapshot
    findings = (*look(snapshot), *check_beside(snapshot, chosen.around))
    proofs, tests = prove_all(snapshot), try_tests(snapshot)
    shape = {
        "version": snapshot.version,
        "digest": snapshot.digest,
        "compared": snapshot.compared,
        "findings": [_finding(finding) for finding in findings],
        "properties": [
            {
                "id": proof.rule.id,
                "text_ja": proof.rule.because.ja,
                "text_en": proof.rule.because.en,
                "cases": proof.cases,
                "holds": proof.holds,
            }
            for proof in proofs
        ],
        "tests": {"run": len(tests), "failed": sum(not test.passed for test in tests)},
    }

    def words() -> None:
        for finding in findings:
            line(f"{say(f'policy.severity.{finding.severity.value}')}: {finding.sentence(lang)}")
        for proof in proofs:
            said = say("policy.proved" if proof.holds else "policy.refuted", cases=proof.cases)
            line(f"{proof.rule.id}: {proof.rule.because[lang]} ({said})")
        line(say("policy.compared", count=snapshot.compared))
        line(say("policy.checked", version=snapshot.version, count=len(findings)))

    emit(shape, words)
    return 1 if refuses(findings) else 0


def _refused(refused: "PolicyRefusedError") -> int:
    """A policy that cannot be read is told fault by fault; nothing of it was compiled."""
    faults, lang = refused.faults, current().lang
    shape = {"version": None, "findings": [_fault(fault) for fault in faults]}

    def words() -> None:
        for fault in faults:
            line(f"{say('policy.severity.error')}: {fault.sentence(lang)}")

    emit(shape, words)
    return 1


def _finding(finding: "Finding") -> dict[str, object]:
    place = finding.place
    return {
        "code": finding.code.value,
        "severity": finding.severity.value,
        "name": finding.name,
        "detail": finding.detail,
        "file": None if place is None else place.file,
        "line": None if place is None else place.line,
        "text_ja": finding.sentence(Lang.JA),
        "text_en": finding.sentence(Lang.EN),
    }


def _fault(fault: "Fault") -> dict[str, object]:
    return {
        "code": fault.code,
        "severity": "error",
        "name": fault.name,
        "detail": fault.allowed,
        "file": fault.place.file,
        "line": fault.place.line,
        "text_ja": fault.sentence(Lang.JA),
        "text_en": fault.sentence(Lang.EN),
    }


@app.command("test", help=say("policy.test"))
def tried(policy: Which = None) -> int:
    """Every test of a policy with its answer; 1 when one fails."""
    from governance.cli.policy_choice import choose
    from policies.proofs import try_tests

    snapshot = choose(policy).snapshot
    runs = try_tests(snapshot)
    shape = [
        {
            "id": one.test.id,
            "passed": one.passed,
            "expected": one.test.expect.value,
            "outcome": one.decision.outcome.value,
            "code": one.decision.code.value,
            "rule": one.decision.rule_id,
        }
        for one in runs
    ]
    failed = [one for one in runs if not one.passed]

    def words() -> None:
        for one in failed:
            line(
                say(
                    "policy.test_failed",
                    id=one.test.id,
                    expected=one.test.expect.value,
                    code=one.decision.code.value,
                    rule=one.decision.rule_id or "-",
                )
            )
        line(say("policy.tested", count=len(runs), failed=len(failed), version=snapshot.version))

    emit(shape, words)
    return 1 if failed else 0


@app.command("matrix", help=say("policy.matrix"))
def matrix(
    policy: Which = None,
    purpose: Annotated[str | None, typer.Option("--purpose", help=say("check.purpose"))] = None,
    role: Annotated[str | None, typer.Option("--role", help=say("policy.role"))] = None,
    action: Annotated[str, typer.Option("--action", help=say("policy.action"))] = "read",
    form: Annotated[str, typer.Option("--format", help=say("policy.format"))] = "table",
    output: Annotated[Path | None, typer.Option("--output", help=say("report.output"))] = None,
) -> int:
    """What each role does with each field for each purpose."""
    from governance.cli.choices import one_of
    from governance.cli.errors import OptionsTogetherError
    from governance.cli.policy_choice import choose
    from policies.admin.sheets import MatrixFormat, csv_text, html, rows, sheets, written
    from policies.matrix import matrix as cells_of

    wanted = MatrixFormat.JSON if current().json else one_of(MatrixFormat, form, "--format")
    snapshot = choose(policy).snapshot
    only = None if purpose is None else (PurposeId(purpose),)
    cells = [
        cell
        for cell in cells_of(snapshot, actions=(action,), purposes=only)
        if role is None or cell.role == role
    ]
    lang = current().lang
    if output is not None and wanted in {MatrixFormat.CSV, MatrixFormat.XLSX}:
        written(snapshot, cells, output, form=wanted, lang=lang)
        return 0
    match wanted:
        case MatrixFormat.JSON:
            emit([cell.as_json() for cell in cells], lambda: None)
        case MatrixFormat.XLSX:
            raise OptionsTogetherError(options="--format xlsx --output")
        case MatrixFormat.CSV:
            line(csv_text(rows(snapshot, cells, lang=lang)).rstrip("\n"))
        case MatrixFormat.HTML:
            content = html(snapshot, cells, lang=lang)
            if output is None:
                line(content)
            else:
                output.write_text(content, encoding="utf-8")
        case MatrixFormat.TABLE:
            for sheet in sheets(snapshot, cells, lang=lang):
                table(sheet.title, sheet.columns, sheet.rows)
            line(say("policy.legend"))
    return 0


@app.command("export", help=say("policy.export"))
def export(
    folder: Annotated[Path, typer.Option("--casbin", metavar="DIR", help=say("policy.casbin"))],
    policy: Which = None,
) -> int:
    """Casbin model, policy lines and digest of a policy stand as files in a folder."""
    from governance.cli.policy_choice import choose
    from governance.documents.files import whole_file

    snapshot = choose(policy).snapshot
    definition = snapshot.definition
    if definition is None:
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    files = {"model.conf": definition.model, "policy.csv": definition.lines}
    for name, content in files.items():
        with whole_file(folder / name) as part:
            part.write_text(content, encoding="utf-8")
    shape = {
        "folder": str(folder),
        "version": snapshot.version,
        "digest": snapshot.digest,
        "lines": definition.lines.count("\n"),
    }
    emit(shape, lambda: line(say("policy.exported", **shape)))
    return 0
