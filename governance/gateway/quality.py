"""Quality and overview figures of the store from counts alone; no value is opened."""

from sqlalchemy import Connection, func, select

from governance.customers import imports, store
from governance.customers.subjects import SubjectState
from governance.customers.upkeep import candidates, reviews
from governance.registers.store import PROBLEM as RECIPIENT_PROBLEM


def figures(tx: Connection) -> dict[str, int]:
    """How many rows, problems, findings and candidate duplicates there are."""
    counts = {table: store.count_rows(tx, table) for table in store.TABLES}
    problems = imports.problem_counts(tx)
    findings = imports.finding_counts(tx)
    held = select(func.count()).select_from(store.HOLD).where(store.HOLD.c.released_at.is_(None))
    restricted = (
        select(func.count())
        .select_from(store.SUBJECT)
        .where(store.SUBJECT.c.state == SubjectState.RESTRICTED.value)
    )
    runs = imports.all_runs(tx)
    return {
        "persons": counts["person"],
        "companies": counts["company"],
        "purchases": counts["purchase"],
        "inquiries": counts["inquiry"],
        "deals": counts["deal"],
        "problems": sum(problems.values()),
        "normalised": sum(run.counts["normalised"] for run in runs),
        "quarantined": sum(run.counts["quarantined"] for run in runs),
        "duplicates": candidates.open_duplicates(tx),
        "reviews": len(reviews.tasks(tx)),
        "third_persons": findings.get(("THIRD_PERSON", ""), 0),
        "sensitive": sum(n for (entity, _), n in findings.items() if entity == "SENSITIVE"),
        "numbers_masked": sum(
            n for (entity, _), n in findings.items() if entity in ("MY_NUMBER", "CREDIT_CARD")
        ),
        "held": int(tx.execute(held).scalar_one()),
        "restricted": int(tx.execute(restricted).scalar_one()),
        "recipient_problems": int(
            tx.execute(select(func.count()).select_from(RECIPIENT_PROBLEM)).scalar_one()
        ),
    }
