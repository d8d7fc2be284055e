"""`sekisho audit witness`: run a witness of logs, and ask our own witnesses.

`begin`, `trust`, `show` and `serve` need no installation: a witness is a folder of its own, run
by somebody else. `ask` shows the newest checkpoint of this installation to its witnesses.
"""

from pathlib import Path
from typing import Annotated

import typer

from governance.cli.output import emit, line, say, table

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Folder = Annotated[Path, typer.Option("--folder", help=say("witness.folder"))]
LOCAL = "127.0.0.1"
PORT = 8444


@app.command("begin", help=say("witness.begin"))
def begin(
    folder: Folder,
    name: Annotated[str, typer.Option("--name", help=say("witness.name"))],
) -> int:
    """A new witness with a key of its own; prints the keys that auditors pin."""
    from audit.witness.keeping import Witness

    witness = Witness.create(folder, name)
    _show_keys(witness.name, witness.vkeys)
    return 0


@app.command("trust", help=say("witness.trust"))
def trust(
    folder: Folder,
    keys: Annotated[list[str], typer.Argument(metavar="VKEY...", help=say("witness.vkey"))],
) -> int:
    """The witness cosigns for the logs of these keys."""
    from audit.witness.keeping import Witness

    witness = Witness.open(folder)
    witness.trust(keys)
    logs = sorted(witness.logs())
    emit({"logs": logs}, lambda: line("\n".join(logs)))
    return 0


@app.command("accept", help=say("witness.accept"))
def accept(
    folder: Folder,
    checkpoint: Annotated[Path, typer.Option("--checkpoint", help=say("witness.checkpoint"))],
) -> int:
    """The witness follows a log that went back, and keeps the head that was lost as evidence."""
    from audit.errors import NoteFormError
    from audit.witness.keeping import Witness
    from governance.core.clock import utc_now

    try:
        text = checkpoint.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NoteFormError(part="checkpoint") from error
    before, head = Witness.open(folder).accept(text, at=utc_now())
    shape = {"log": head.origin, "before": 0 if before is None else before.size, "size": head.size}
    emit(shape, lambda: line(say("witness.accepted", **shape)))
    return 0


@app.command("show", help=say("witness.show"))
def show(folder: Folder) -> int:
    """The witness's keys, and the newest size that it cosigned of each log."""
    from audit.note import parse_checkpoint, parse_note
    from audit.witness.keeping import Witness

    witness = Witness.open(folder)
    logs: dict[str, int] = {}
    for origin in sorted(witness.logs()):
        note = witness.latest(origin)
        logs[origin] = 0 if note is None else parse_checkpoint(parse_note(note).text).size

    def words() -> None:
        for key in witness.vkeys:
            line(f"{say('audit.vkey')}: {key}")
        rows = [(origin, str(size)) for origin, size in logs.items()]
        table("", (say("witness.log"), say("witness.size")), rows)

    emit({"name": witness.name, "keys": list(witness.vkeys), "logs": logs}, words)
    return 0


@app.command("serve", help=say("witness.serve"))
def serve(
    folder: Folder,
    host: Annotated[str, typer.Option("--host", help=say("witness.host"))] = LOCAL,
    port: Annotated[int, typer.Option("--port", help=say("witness.port"))] = PORT,
) -> int:
    """The witness answers add-checkpoint until it is told to stop."""
    import uvicorn

    from audit.witness.application import WitnessApplication
    from audit.witness.keeping import Witness
    from governance.app.server import listen

    witness = Witness.open(folder)
    with listen(host, port) as listening:
        line(say("witness.listening", host=host, port=listening.getsockname()[1]))
        config = uvicorn.Config(
            WitnessApplication(witness), access_log=False, log_level="warning", server_header=False
        )
        uvicorn.Server(config).run(sockets=[listening])
    return 0


@app.command("ask", help=say("witness.ask"))
def ask() -> int:
    """The newest checkpoint was shown to every witness; 1 unless each has cosigned it."""
    from governance.app.audit_log import settle
    from governance.app.witnessing import ask_witnesses
    from governance.cli.session import acting, opened
    from policies.actions import Action
    from policies.api import ensure

    with opened() as wiring:
        ensure(acting(wiring), Action.AUDIT_VERIFY, wiring.policies.current)
        settle(wiring)
        found = ask_witnesses(wiring)
    shape = [{"witness": one.witness, "result": one.asked.value, "size": one.size} for one in found]
    rows = [(one.witness, say(f"witness.asked.{one.asked.value}"), str(one.size)) for one in found]
    columns = (say("witness.witness"), say("witness.result"), say("witness.size"))
    emit(shape, lambda: table("", columns, rows) if rows else line(say("witness.none")))
    return 0 if all(one.asked.value in {"cosigned", "known"} for one in found) else 1


def _show_keys(name: str, vkeys: tuple[str, ...]) -> None:
    def words() -> None:
        for key in vkeys:
            line(f"{say('audit.vkey')}: {key}")

    emit({"name": name, "keys": list(vkeys)}, words)
