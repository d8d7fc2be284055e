"""`sekisho keys`: the state of the key store, and the daily roll by hand."""

import typer

from governance.cli.output import emit, line, say, table

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("status", help=say("keys.status"))
def status() -> int:
    """Epochs, keys by class, what is overdue; never a key."""
    from governance.cli.session import acting, opened
    from governance.core.clock import JST
    from governance.keys.epochs import status as look
    from policies.actions import Action
    from policies.api import ensure

    with opened() as wiring:
        ensure(acting(wiring), Action.KEY_READ, wiring.policies.current)
        day = wiring.clock().astimezone(JST).date()
        found = look(wiring.vault.ring, day=day, keep_days=wiring.settings.key_final_days)
    shape = {
        "provider": found.provider,
        "current": found.current,
        "age_days": found.current_age_days,
        "behind": found.behind,
        "overdue": list(found.overdue),
        "keys": [
            {"class": kind.value, "state": state.value, "count": count}
            for kind, state, count in found.keys
        ],
        "epochs": [
            {
                "epoch": epoch.epoch,
                "stage": epoch.stage.value,
                "live_keys": epoch.live_keys,
                "final_at": epoch.final_at.isoformat() if epoch.final_at else None,
            }
            for epoch in found.epochs
        ],
    }

    def words() -> None:
        line(say("keys.current", epoch=found.current, provider=found.provider))
        columns = (say("keys.class"), say("keys.state"), say("keys.count"))
        rows = [(kind.value, state.value, str(count)) for kind, state, count in found.keys]
        table("", columns, rows)

    emit(shape, words)
    return 1 if found.overdue else 0


@app.command("rotate", help=say("keys.rotate"))
def rotate() -> int:
    """Today's epoch wraps every living key; epochs older than the final days have ended."""
    from governance.cli.session import acting, opened
    from governance.custody.rolling import roll_today
    from policies.actions import Action
    from policies.api import ensure

    with opened() as wiring:
        principal = ensure(acting(wiring), Action.KEY_ROTATE, wiring.policies.current)
        report = roll_today(
            wiring.ports,
            wiring.log_keys,
            principal.id,
            keep_days=wiring.settings.key_final_days,
            at=wiring.clock(),
        )
    shape = {
        "epoch": report.epoch,
        "rewrapped": report.rewrapped,
        "ended": [end.epoch for end in report.ended],
        "stuck": len(report.stuck),
    }
    emit(shape, lambda: line(say("keys.rotated", epoch=report.epoch, count=report.rewrapped)))
    return 1 if report.stuck else 0
