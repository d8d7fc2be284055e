"""`sekisho demo`: the main job on the demo data, one line a step, then the server is left running.

The server is a process of its own, so that the first page is there within seconds and the job
does not swell the serving process.
"""

import json
import sys
import time
from pathlib import Path
from threading import Thread

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from governance.app.demo import folder
from governance.app.demo.access import links
from governance.app.demo.desk import receive
from governance.app.demo.gates import check_uses, read_as_roles
from governance.app.demo.intake import find_duplicates, take_everything
from governance.app.demo.people import invite
from governance.app.demo.proof import tamper, verify
from governance.app.demo.provision import provide
from governance.app.demo.purge import purge
from governance.app.demo.request import disclose
from governance.app.demo.served import Served
from governance.app.demo.stage import Outcome, Stage, Step
from governance.app.server import listen
from governance.app.wiring import Wiring
from governance.core.settings_reading import load
from governance.core.terms import Lang
from governance.i18n.catalogue import text

FILE_COLUMNS = 120  # a file has no width of its own
STEPS = (
    Step(name="people", run=invite),
    Step(name="import", run=take_everything),
    Step(name="duplicates", run=find_duplicates),
    Step(name="check", run=check_uses),
    Step(name="read", run=read_as_roles),
    Step(name="provide", run=provide),
    Step(name="request", run=disclose),
    Step(name="desk", run=receive),
    Step(name="purge", run=purge),
    Step(name="verify", run=verify),
    Step(name="tamper", run=tamper),
)


def run(place: Path, *, port: int, served: Served | None, lang: Lang) -> int:
    """0 when every step held; the first step that does not hold ends the run with its reason."""
    if served is not None:
        listen("127.0.0.1", port).close()  # raises PortInUseError before anything else
    began = time.monotonic()
    wide = None if sys.stdout.isatty() else FILE_COLUMNS
    console = Console(highlight=False, width=wide)
    with folder.held(place) as removed:
        console.print(text("app.demo.banner", lang))
        if removed:
            console.print(text("app.demo.anew", lang, path=str(place)))
        stage = _created(place, port=port, lang=lang, console=console)
        if served is not None:
            served.show(place, port=port)
        try:
            outcomes = _walk(stage, console, served=served, began=began)
            _close(stage, console, outcomes, began=began)
            if served is not None:
                links(stage, console, port=port)
                stage.wiring.close()
                served.wait()
        finally:
            stage.wiring.close()
            if served is not None:
                served.stop()  # before another demo may have the folder
    return 0


def _created(place: Path, *, port: int, lang: Lang, console: Console) -> Stage:
    settings = load(
        environment={},
        config=_config(place, port=port),
        overrides={"data_dir": place},
    )
    stage = Stage(wiring=Wiring.create(settings), lang=lang)
    console.print(f"  ✓ {text('app.demo.created', lang, path=str(place))}")
    Thread(target=stage.wiring.worker.start, daemon=True).start()  # it loads beside the first steps
    return stage


def _config(place: Path, *, port: int) -> Path:
    """The settings file of the demo: this machine alone, demo mode."""
    path = place / folder.CONFIG
    path.write_text(
        "# Settings of the demo. Invented data only.\n"
        'mode = "demo"\nhost = "127.0.0.1"\n'
        f'port = {port}\norigin = "http://127.0.0.1:{port}"\n'
        f"data_dir = {json.dumps(str(place), ensure_ascii=False)}\n",  # TOML reads it too
        encoding="utf-8",
    )
    return path


def _walk(
    stage: Stage, console: Console, *, served: Served | None, began: float
) -> list[tuple[Step, Outcome, float]]:
    """Every step in order, each with a line that moves."""
    outcomes = []
    with Progress(
        SpinnerColumn(finished_text="[green]✓[/green]"),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        console=console,
        transient=False,
    ) as progress:
        for step in STEPS:
            task = progress.add_task(text(f"app.demo.step.{step.name}", stage.lang), total=1)
            start = time.monotonic()

            def moved(done: int, total: int, /, task: TaskID = task) -> None:
                progress.update(task, completed=done, total=max(total, 1))
                if served is not None and (seconds := served.first_page(began)) is not None:
                    progress.console.print(
                        text("app.demo.first_page", stage.lang, seconds=f"{seconds:.1f}")
                    )

            outcome = step.run(stage, moved)
            moved(1, 1)
            outcomes.append((step, outcome, time.monotonic() - start))
    return outcomes


def _close(
    stage: Stage,
    console: Console,
    outcomes: list[tuple[Step, Outcome, float]],
    *,
    began: float,
) -> None:
    """What every step came to, its details, and how long the whole took."""
    for step, outcome, _ in outcomes:
        if outcome.details:
            console.print(f"\n[bold]{text(f'app.demo.step.{step.name}', stage.lang)}[/bold]")
            for line in outcome.details:
                console.print(f"  {line}", markup=False)
    table = Table(title=text("app.demo.closing", stage.lang), title_justify="left", expand=True)
    for name in ("step", "result", "seconds"):
        table.add_column(
            text(f"app.demo.column.{name}", stage.lang),
            justify="right" if name == "seconds" else "left",
            overflow="fold",
        )
    for step, outcome, seconds in outcomes:
        table.add_row(
            text(f"app.demo.step.{step.name}", stage.lang), outcome.sentence, f"{seconds:.1f}"
        )
    console.print()
    console.print(table)
    console.print(text("app.demo.done", stage.lang, seconds=f"{time.monotonic() - began:.1f}"))
