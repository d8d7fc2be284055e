"""`sekisho dsar package` to `verify`: the answer is made, handed over and checked."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from governance.cli.invocation import current
from governance.cli.output import emit, line, say, when
from governance.cli.requests import Which, request_of

app = typer.Typer(rich_markup_mode=None)


@app.command("missing", help=say("dsar.missing"))
def missing(request: Which) -> int:
    """What the registers lack for the answer's information page; 1 while anything does."""
    from dsar import packaging
    from governance.cli.session import acting, opened

    with opened() as wiring:
        principal, wanted = acting(wiring), request_of(wiring, request)
        lacking = packaging.missing(
            wiring.ports, principal, wanted, controller=wiring.settings, at=wiring.clock()
        )
    lang = current().lang
    shape = {"missing": [{"code": gap.code, "text": gap.sentence[lang]} for gap in lacking]}

    def words() -> None:
        for gap in lacking:
            line(f"{gap.code}: {gap.sentence[lang]}")
        if not lacking:
            line(say("dsar.nothing_missing"))

    emit(shape, words)
    return 1 if lacking else 0


@app.command("package", help=say("dsar.package"))
def package(
    request: Which,
    despite_gaps: Annotated[
        bool, typer.Option("--despite-gaps", help=say("dsar.despite_gaps"))
    ] = False,
) -> int:
    """The approved answer is packed, signed and sealed."""
    from dsar.packaging import build_package
    from dsar.results import newest_package
    from governance.cli.session import acting, opened

    with opened() as wiring:
        principal, wanted = acting(wiring), request_of(wiring, request)
        case = build_package(
            *(wiring.ports, principal, wanted),
            controller=wiring.settings,
            at=wiring.clock(),
            keep=timedelta(days=wiring.settings.answer_days),
            despite_gaps=despite_gaps,
        )
        with wiring.database.read() as tx:
            made = newest_package(tx, wanted)
    size, manifest = (made.size, made.manifest_hash) if made else (0, "")
    shape = {"id": case.id, "reference": case.reference, "bytes": size, "manifest": manifest}
    emit(
        shape,
        lambda: line(say("dsar.packed", reference=case.reference, size=size, hash=manifest)),
    )
    return 0


@app.command("deliver", help=say("dsar.deliver"))
def deliver(request: Which) -> int:
    """The answer is told: a code for one download is shown once."""
    from dsar import delivery
    from governance.cli.session import acting, opened

    with opened() as wiring:
        principal, wanted = acting(wiring), request_of(wiring, request)
        released = wiring.database.write(
            lambda tx: delivery.deliver(tx, wiring.ports, principal, wanted, at=wiring.clock())
        )
    shape = {
        "id": released.case.id,
        "reference": released.case.reference,
        "code": released.token,
        "expires_at": released.expires_at.isoformat(),
    }
    until = when(released.expires_at)

    def words() -> None:
        line(say("dsar.released", reference=released.case.reference, until=until))
        line(f"  {released.token}")

    emit(shape, words)
    return 0


@app.command("download", help=say("dsar.download"))
def download(
    output: Annotated[Path, typer.Option("--output", help=say("dsar.output"))],
    code: Annotated[str | None, typer.Option("--code", help=say("dsar.code"))] = None,
) -> int:
    """The package stands in a new file that only its owner can read; the code is used up."""
    from dsar import delivery
    from governance.cli.session import acting, opened
    from governance.cli.writing import new_file

    secret = code or typer.prompt(say("dsar.code"), hide_input=True)
    with opened() as wiring:
        principal = acting(wiring)
        with new_file(output) as stream:
            content = delivery.download(wiring.ports, principal, secret, at=wiring.clock())
            stream.write(content)
    shape = {"path": str(output), "bytes": len(content)}
    emit(shape, lambda: line(say("dsar.downloaded", path=output, size=len(content))))
    return 0


@app.command("verify", help=say("dsar.verify"))
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=say("dsar.verify_file"))],
    key: Annotated[list[str] | None, typer.Option("--key", help=say("dsar.verify_key"))] = None,
) -> int:
    """What a package or its page is worth under pinned keys, which need no installation."""
    from audit.verifier.findings import VERIFIED, FormError, Verdict
    from audit.verifier.main import UNREADABLE, lines, verified_file
    from audit.verifier.note import parse_vkey
    from audit.verifier.trust import Evidence
    from governance.cli.errors import VerifierKeyError
    from governance.customers.encodings import check_path

    check_path(file)
    try:
        keys = tuple(map(parse_vkey, key or _own_keys()))
    except FormError as error:
        raise VerifierKeyError from error
    report = verified_file(file, Evidence(keys=keys))
    lang = current().lang.value

    def words() -> None:
        for told in lines(report, lang):
            line(told)

    emit(report.as_json(), words)
    if report.verdict is Verdict.UNREADABLE:
        return UNREADABLE
    return 0 if report.verdict in VERIFIED else 1


def _own_keys() -> list[str]:
    """The keys of this installation, when none was given."""
    from dsar.package import answer_keys
    from governance.cli.session import opened

    with opened() as wiring:
        return [one.vkey for one in answer_keys(wiring.vault.ring)]
