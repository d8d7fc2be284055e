"""Runs of imported files and saved sources, for those who may take files in."""

from collections.abc import Mapping
from dataclasses import dataclass

from governance.customers import imports
from governance.customers.ports import Ports
from governance.customers.sources import store as sources
from governance.customers.types import SourceKind
from governance.gateway.intake.service import may_take_in
from governance.http.principal import Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class RunListed:
    """One run with what became of its rows, and how many still wait."""

    run: str
    file: str
    kind: str
    state: str  # running, done
    source: str | None
    corrects: str | None
    counts: Mapping[str, int]
    waiting: int
    resolved: int

    def as_json(self) -> dict[str, object]:
        """The outside shape of `sekisho import runs`."""
        return {
            "run": self.run,
            "file": self.file,
            "kind": self.kind,
            "state": self.state,
            "source": self.source,
            "corrects": self.corrects,
            **self.counts,
            "waiting": self.waiting,
            "resolved": self.resolved,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceListed:
    """One saved source."""

    name: str
    kind: str
    columns: int
    ground: str | None
    rows: int

    def as_json(self) -> dict[str, object]:
        """The outside shape of `sekisho import sources`."""
        return {
            "name": self.name,
            "kind": self.kind,
            "columns": self.columns,
            "ground": self.ground,
            "rows": self.rows,
        }


def runs_of(ports: Ports, principal: Principal) -> tuple[RunListed, ...]:
    """Every run, newest first."""
    may_take_in(ports, principal, SourceKind.CUSTOMERS)
    with ports.database.read() as tx:
        made = []
        for run in imports.all_runs(tx):
            detail = sources.detail_of(tx, run.id)
            made.append(
                RunListed(
                    run=run.id,
                    file=run.file_name,
                    kind=run.kind,
                    state="done" if run.done else "running",
                    source=detail.source if detail else None,
                    corrects=detail.corrects if detail else None,
                    counts=run.counts,
                    waiting=imports.waiting_count(tx, run.id),
                    resolved=detail.resolved if detail else 0,
                )
            )
        return tuple(made)


def sources_of(ports: Ports, principal: Principal) -> tuple[SourceListed, ...]:
    """Every saved source by name."""
    may_take_in(ports, principal, SourceKind.CUSTOMERS)
    with ports.database.read() as tx:
        return tuple(
            SourceListed(
                name=saved.name,
                kind=saved.kind.value,
                columns=sum(bool(field) for field in saved.columns.values()),
                ground=saved.acquisition.ground.value if saved.acquisition.ground else None,
                rows=sources.rows_from(tx, saved.name),
            )
            for saved in sources.all_sources(tx)
        )
