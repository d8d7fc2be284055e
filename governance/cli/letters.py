"""`sekisho dsar letters`: letters of requests: list, show, write, edit, send, print, own texts."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.output import emit, line, say, table, when
from governance.cli.requests import Which, chosen, request_of

if TYPE_CHECKING:
    from dsar.correspondence.editions import Edition
    from dsar.correspondence.types import LetterRecord, Source

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
Letter = Annotated[str, typer.Argument(metavar="LETTER", help=say("letters.id"))]
Template = Annotated[str, typer.Option("--letter", help=say("letters.template"))]
File = Annotated[Path, typer.Option("--file", help=say("letters.file"))]
Version = Annotated[int | None, typer.Option("--version", min=1, help=say("letters.version"))]


def _shape(one: "LetterRecord") -> dict[str, str | int | bool | None]:
    return {
        "id": one.id,
        "request": one.request,
        "letter": one.template.value,
        "lang": one.lang.value,
        "state": one.state.value,
        "version": one.version,
        "edition": one.edition,
        "send_by": one.send_by.isoformat() if one.send_by else None,
        "sent_at": one.sent_at.isoformat() if one.sent_at else None,
        "mailed": one.mailed,
        "read_at": one.read_at.isoformat() if one.read_at else None,
        "digest": one.digest,
    }


def _stands(one: "LetterRecord") -> int:
    day = when(one.send_by)
    told = say(f"letters.state.{one.state}")
    emit(_shape(one), lambda: line(f"{one.id}  {one.template}  {told}  {day}"))
    return 0


def _text_of(path: Path) -> "Source":
    """The first line of the file is the title, what follows after an empty line the text."""
    from dsar.correspondence.types import Source
    from governance.customers.encodings import detect, open_text

    with open_text(path, detect(path)) as stream:
        title, _, body = stream.read(200_000).replace("\r\n", "\n").partition("\n")
    return Source(title=title, body=body.strip("\n"))


@app.command("list", help=say("letters.list"))
def list_(request: Which) -> int:
    """Every letter of the request, oldest first; no word of them."""
    from dsar.correspondence.service import list_letters
    from governance.cli.session import acting, opened

    with opened() as wiring:
        principal, wanted = acting(wiring), request_of(wiring, request)
        with wiring.database.read() as tx:
            found = list_letters(tx, wiring.ports, principal, wanted)
    shape = [_shape(one) for one in found]
    names = ("id", "letter", "state", "send_by", "sent_at", "read_at")
    columns = tuple(say(f"letters.column.{name}") for name in names)
    rows = [tuple(str(one[name] or "-") for name in names) for one in shape]
    emit(shape, lambda: table("", columns, rows))
    return 0


@app.command("show", help=say("letters.show"))
def show(letter: Letter) -> int:
    """The letter as the person reads it, or would if it went now."""
    from dsar.correspondence.service import preview
    from governance.cli.session import acting, opened
    from governance.core.terms import RowId

    with opened() as wiring:
        opened_, written = preview(wiring.ports, acting(wiring), RowId(letter), at=wiring.clock())
    said = {"title": written.title, "body": written.body}
    text = {"title": opened_.source.title, "body": opened_.source.body}
    shape = {**_shape(opened_.record), "text": said, "source": text}
    emit(shape, lambda: line(f"{written.title}\n\n{written.body}"))
    return 0


@app.command("write", help=say("letters.write"))
def write(request: Which, template: Template) -> int:
    """A letter of one's own, or the text that a later step will send."""
    from dsar.correspondence import types
    from dsar.correspondence.service import compose
    from governance.cli.session import acting, opened

    wanted = chosen(types.Template, template, option="--letter")
    with opened() as wiring:
        principal, case = acting(wiring), request_of(wiring, request)
        made = compose(wiring.ports, principal, case, wanted, at=wiring.clock())
    return _stands(made)


@app.command("edit", help=say("letters.edit"))
def edit(letter: Letter, file: File, version: Version = None) -> int:
    """The open letter reads as the file says; a fault of its slots changes nothing."""
    from dsar.correspondence import service
    from governance.cli.session import acting, opened
    from governance.core.terms import RowId

    source = _text_of(file)
    with opened() as wiring:
        base = (wiring.ports, acting(wiring), RowId(letter))
        known = version or service.preview(*base, at=wiring.clock())[0].record.version
        made = service.edit(*base, source, version=known, at=wiring.clock())
    return _stands(made)


@app.command("send", help=say("letters.send"))
def send(letter: Letter, version: Version = None) -> int:
    """The letter has gone, once."""
    from dsar.correspondence import service
    from governance.cli.session import acting, opened
    from governance.core.terms import RowId

    with opened() as wiring:
        base = (wiring.ports, acting(wiring), RowId(letter))
        known = version or service.preview(*base, at=wiring.clock())[0].record.version
        made = service.send(*base, version=known, at=wiring.clock())
    return _stands(made)


@app.command("print", help=say("letters.print"))
def print_(
    letter: Letter,
    out: Annotated[Path, typer.Option("--out", help=say("letters.out"))],
    to: Annotated[list[str] | None, typer.Option("--to", help=say("letters.to"))] = None,
) -> int:
    """The letter that went, as a tagged PDF in a new file that its owner alone reads."""
    from dsar.correspondence.printing import printed
    from governance.cli.session import acting, opened
    from governance.cli.writing import new_file
    from governance.core.terms import RowId
    from governance.documents.typesetting import Template as PaperTemplate
    from governance.documents.typesetting import pdf

    with opened() as wiring:
        record, sheet = printed(
            wiring.ports, acting(wiring), RowId(letter), "\n".join(to or ()), at=wiring.clock()
        )
        at: datetime = record.sent_at or record.changed_at
        content = pdf(PaperTemplate.PAPER, sheet.as_json(), record.lang, at=at)
    with new_file(out) as file:
        file.write(content)
    emit({**_shape(record), "file": str(out)}, lambda: line(say("letters.printed", file=out)))
    return 0


def _edition(one: "Edition") -> dict[str, str | int]:
    return {
        "id": one.id,
        "letter": one.template.value,
        "lang": one.lang.value,
        "number": one.number,
        "state": one.state,
        "by": one.created_by,
    }


@app.command("texts", help=say("letters.texts"))
def texts() -> int:
    """The company's own texts, newest first."""
    from dsar.correspondence.editions import editions
    from governance.cli.session import acting, opened

    with opened() as wiring, wiring.database.read() as tx:
        shape = [_edition(one) for one in editions(tx, wiring.ports, acting(wiring))]
    names = ("id", "letter", "lang", "number", "state", "by")
    columns = tuple(say(f"letters.column.{name}") for name in names)
    rows = [tuple(str(one[name]) for name in names) for one in shape]
    emit(shape, lambda: table("", columns, rows))
    return 0


@app.command("propose", help=say("letters.propose"))
def propose(
    template: Template,
    file: File,
    text_lang: Annotated[str, typer.Option("--text-lang", help=say("letters.lang"))] = "ja",
) -> int:
    """A text of the company waits for a second person."""
    from dsar.correspondence import editions, types
    from governance.cli.session import acting, opened
    from governance.core.terms import Lang

    wanted = chosen(types.Template, template, option="--letter")
    lang, source = chosen(Lang, text_lang, option="--text-lang"), _text_of(file)
    with opened() as wiring:
        principal = acting(wiring)
        made = wiring.database.write(
            lambda tx: editions.propose(
                *(tx, wiring.ports, principal, wanted, lang, source), at=wiring.clock()
            )
        )
    emit(_edition(made), lambda: line(f"{made.id}  {made.template}  {made.number}  {made.state}"))
    return 0


@app.command("adopt", help=say("letters.adopt"))
def adopt(
    text: Annotated[str, typer.Argument(metavar="TEXT", help=say("letters.text_id"))],
    drop: Annotated[bool, typer.Option("--drop", help=say("letters.drop"))] = False,
) -> int:
    """The proposed text is in use, or dropped; whoever wrote it never adopts it."""
    from dsar.correspondence import editions
    from governance.cli.session import acting, opened
    from governance.core.terms import RowId

    with opened() as wiring:
        principal = acting(wiring)
        made = wiring.database.write(
            lambda tx: editions.decide(
                *(tx, wiring.ports, principal, RowId(text)), adopt=not drop, at=wiring.clock()
            )
        )
    state = editions.ENDED if drop else editions.ADOPTED
    emit({**_edition(made), "state": state}, lambda: line(f"{made.id}  {made.template}  {state}"))
    return 0
