"""The demo's files into the store, and who of them looks like one person."""

from collections import Counter
from functools import partial
from importlib.resources import as_file, files
from pathlib import Path
from threading import Event

from governance.app.demo.errors import DemoStepError
from governance.app.demo.stage import Outcome, Stage, Watch, words
from governance.app.duplicates import search_now
from governance.gateway.intake.service import take_in
from governance.gateway.intake.types import Counts, ImportOutcome, ImportRequest
from governance.jobs.runner import worker_of

DATA = files("governance.app.demo.data")
FILES = {  # file: its rows, so that the progress line knows its end
    "customers.csv": 3180,
    "customers_branch.xlsx": 415,
    "companies.csv": 200,
    "purchases.csv": 12000,
    "inquiries.csv": 2500,
    "deals.csv": 600,
    "consents.csv": 6000,
    "optin_web.csv": 800,
    "vendors.csv": 25,
    "contacts.csv": 60,
    "relations.csv": 30,
    "households.csv": 61,
    "subscriptions.csv": 120,
    "messages.csv": 120,
    "permissions.csv": 150,
    "preferences.csv": 80,
    "tags.csv": 80,
}
TOTAL = sum(FILES.values())
ACTORS = {"vendors.csv": "officer"}
SHOWN_PROBLEMS = 5  # kinds of problems told per file


def take_everything(stage: Stage, watch: Watch) -> Outcome:
    """Every row of every file is stored, merged, put aside or refused, and the counts add up."""
    whole, details = Counts(), []
    findings: Counter[str] = Counter()
    before = 0
    for name, rows in FILES.items():
        outcome = _take(stage, name, watch=partial(_watched, watch, before))
        before += rows
        if not outcome.counts.adds_up() or outcome.counts.read != rows:
            raise DemoStepError(step="import", found=f"{name}: {outcome.counts.read}")
        whole.add(outcome.counts)
        findings.update(outcome.findings)
        details.append(_told(stage, name, outcome))
    details.append(_found(stage, findings))
    return Outcome(
        sentence=words(
            stage,
            "import.done",
            files=len(FILES),
            read=whole.read,
            stored=whole.stored,
            merged=whole.merged,
            quarantined=whole.quarantined,
            refused=whole.refused,
            normalised=whole.normalised,
        ),
        details=tuple(details),
    )


def _watched(watch: Watch, before: int, rows: int) -> None:
    watch(before + rows, TOTAL)


def _take(stage: Stage, name: str, *, watch: partial[None]) -> ImportOutcome:
    with as_file(DATA.joinpath(name)) as path:
        return take_in(
            stage.wiring.ports,
            stage.who(ACTORS.get(name, "manager")),
            ImportRequest(path=Path(path)),
            at=stage.wiring.clock(),
            progress=watch,
        )


def _told(stage: Stage, name: str, outcome: ImportOutcome) -> str:
    counts = outcome.counts
    kinds = Counter(outcome.problems).most_common(SHOWN_PROBLEMS)
    return words(
        stage,
        "import.file",
        file=name,
        encoding=outcome.encoding,
        read=counts.read,
        stored=counts.stored,
        merged=counts.merged,
        quarantined=counts.quarantined,
        refused=counts.refused,
        problems=", ".join(f"{kind} {count}" for kind, count in kinds) or "-",
    )


def _found(stage: Stage, findings: Counter[str]) -> str:
    sensitive = sum(n for label, n in findings.items() if label.startswith("SENSITIVE"))
    return words(
        stage,
        "import.found",
        names=findings["PERSON"],
        third=findings["THIRD_PERSON"],
        contacts=findings["EMAIL"] + findings["PHONE"] + findings["ADDRESS"],
        sensitive=sensitive,
        numbers=findings["MY_NUMBER"],
        cards=findings["CREDIT_CARD"],
    )


def find_duplicates(stage: Stage, watch: Watch) -> Outcome:
    """Pairs of rows that look like one person or company wait for review, with their evidence."""
    worker = worker_of("demo", stage.wiring.clock, Event())
    found = search_now(stage.wiring, stage.who("manager"), worker, progress=watch)
    if not found.pairs:
        raise DemoStepError(step="duplicates", found="0")
    stage.facts["duplicates"] = found.pairs
    rows = found.persons + found.companies
    return Outcome(
        sentence=words(
            stage, "duplicates.done", rows=rows, pairs=found.pairs, companies=found.company_pairs
        )
    )
