"""`sekisho audit reviews`, `sign-off`: the officers' sign-offs of the log (運用の確認)."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.invocation import current
from governance.cli.output import emit, line, say, table, when
from governance.i18n.catalogue import text

if TYPE_CHECKING:
    from audit.reviewing.signing import ReviewWords, Unreviewed

app = typer.Typer()
NEWEST = 20


@app.command("reviews", help=say("review.reviews"))
def listed(
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=1000, help=say("review.limit"))
    ] = NEWEST,
) -> int:
    """Sign-offs with their words, and what nobody has signed off; 1 when that is overdue."""
    from audit.reviewing.shapes import review_shape, unreviewed_shape
    from audit.reviewing.signing import reviews_in_words, unreviewed
    from governance.cli.session import opened, reviewing
    from policies.actions import Action

    with opened() as wiring:
        by = reviewing(wiring, Action.AUDIT_READ)
        within = timedelta(days=wiring.settings.review_days)
        found = wiring.database.write(
            lambda tx: reviews_in_words(
                tx, wiring.audit, by, open_part=wiring.vault.open_part, limit=limit
            )
        )
        with wiring.database.read() as tx:
            left = unreviewed(tx, within=within, at=by.at)
    shape = {
        "reviews": [review_shape(one.review, comment=one.comment) for one in found],
        "open": unreviewed_shape(left),
    }
    emit(shape, lambda: _told(found, left))
    return 1 if left.overdue else 0


@app.command("sign-off", help=say("review.sign_off"))
def sign_off(
    comment: Annotated[str, typer.Option("--comment", help=say("review.comment"))],
    below: Annotated[int | None, typer.Option("--below", min=1, help=say("review.below"))] = None,
) -> int:
    """The events since the last sign-off were looked at; the words are sealed in the log."""
    from audit.reviewing.shapes import review_shape
    from audit.reviewing.signing import sign_off as signed
    from governance.cli.session import opened, reviewing
    from policies.actions import Action

    with opened() as wiring:
        by = reviewing(wiring, Action.AUDIT_REVIEW)
        verdict = wiring.log_watch.latest(at=by.at).report.verdict
        done = wiring.database.write(
            lambda tx: signed(tx, wiring.audit, by, below=below, comment=comment, verdict=verdict)
        )
    words = say(
        "review.signed",
        first=done.first_seq,
        last=done.below_seq - 1,
        verdict=text(f"audit.verdict.{verdict.value}", current().lang),
        event=done.event,
    )
    emit(review_shape(done), lambda: line(words))
    return 0


def _told(found: "tuple[ReviewWords, ...]", left: "Unreviewed") -> None:
    heads = ("at", "range", "reviewer", "comment")
    rows = [_row(one) for one in found]
    if rows:
        table("", [say(f"review.column.{name}") for name in heads], rows, tight=True)
    if left.oldest is None or left.due_at is None:
        line(say("review.all_signed"))
        return
    line(
        say(
            "review.overdue" if left.overdue else "review.open",
            first=left.first_seq,
            last=left.below_seq - 1,
            events=f"{left.events:,}",
            oldest=when(left.oldest),
            due=when(left.due_at),
            below=left.below_seq,
        )
    )


def _row(one: "ReviewWords") -> tuple[str, ...]:
    return (
        when(one.review.reviewed_at),
        f"{one.review.first_seq}–{one.review.below_seq - 1}",
        one.review.reviewer,
        f"{one.comment or say('review.comment_gone')}\n({one.review.verdict.value})",
    )
