"""`sekisho keys provider | move | passphrase`: who keeps the epoch keys, and changing that."""

from pathlib import Path
from typing import Annotated

import typer

from governance.cli.errors import NoPassphraseError
from governance.cli.output import emit, line, say

app = typer.Typer(rich_markup_mode=None)


@app.command("provider", help=say("keys.provider"))
def provider() -> int:
    """Who keeps the epoch keys, whether they answer, what the one before still keeps."""
    from governance.cli.session import acting, opened
    from governance.crypto.providers.switching import switching
    from governance.keys.moving import remaining
    from policies.actions import Action
    from policies.api import ensure

    with opened() as wiring:
        ensure(acting(wiring), Action.KEY_READ, wiring.policies.current)
        switch = switching(wiring.vault.ring.provider)
        health = switch.health()
        left = remaining(switch, keep_days=wiring.settings.key_final_days)
    until = left.needed_until.isoformat() if left and left.needed_until else None
    shape = {
        "provider": switch.name,
        "answers": health.ok,
        "reason": health.reason,
        "destroys": switch.destroys,
        "ends_after_days": switch.ends_after.days,
        "previous": left.provider if left else None,
        "previous_epochs": list(left.epochs) if left else [],
        "previous_needed_until": until,
    }

    def words() -> None:
        state = "answers" if health.ok else "silent"
        line(say(f"keys.provider_{state}", provider=switch.name, reason=health.reason))
        if left is not None and until is not None:
            params = {"previous": left.provider, "count": len(left.epochs), "until": until}
            line(say("keys.previous_needed", **params))
        elif left is not None:
            line(say("keys.previous_done", previous=left.provider))

    emit(shape, words)
    return 0 if health.ok else 1


@app.command("move", help=say("keys.move"))
def move() -> int:
    """Today's epoch key lies with the provider that the settings name now."""
    from governance.cli.session import acting, opened
    from governance.crypto.providers.switching import switching
    from governance.custody.moving import move_today
    from governance.keys.moving import remaining
    from policies.actions import Action
    from policies.api import ensure

    with opened() as wiring:
        principal = ensure(acting(wiring), Action.KEY_ROTATE, wiring.policies.current)
        switch = switching(wiring.vault.ring.provider)
        done = move_today(wiring.ports, wiring.log_keys, principal.id, switch, at=wiring.clock())
        left = remaining(switch, keep_days=wiring.settings.key_final_days)
    until = left.needed_until.isoformat() if left and left.needed_until else None
    shape = {
        "epoch": done.epoch,
        "provider": done.provider,
        "moved": done.moved,
        "previous_needed_until": until,
    }

    def words() -> None:
        state = "moved" if done.moved else "not_moved"
        line(say(f"keys.{state}", epoch=done.epoch, provider=done.provider))
        if left is not None and until is not None:
            params = {"previous": left.provider, "count": len(left.epochs), "until": until}
            line(say("keys.previous_needed", **params))

    emit(shape, words)
    return 0


@app.command("passphrase", help=say("keys.passphrase"))
def passphrase(
    new_file: Annotated[Path, typer.Option("--new-file", help=say("keys.new_file"))],
) -> int:
    """Every epoch key lies under the new passphrase, and the file of the settings holds it."""
    from governance.app.key_providers import file_provider
    from governance.cli.session import acting, opened
    from governance.core.setting_kinds import KeyProviderKind
    from governance.crypto.secret_refs import read_secret, write_private
    from governance.custody.moving import change_passphrase
    from policies.actions import Action
    from policies.api import ensure

    new = f"file:{new_file}"
    with opened() as wiring:
        principal = ensure(acting(wiring), Action.KEY_ROTATE, wiring.policies.current)
        settings = wiring.settings
        if settings.key_provider is not KeyProviderKind.FILE:
            raise NoPassphraseError(provider=settings.key_provider.value)
        changed = change_passphrase(
            wiring.ports,
            wiring.log_keys,
            principal.id,
            file_provider(settings),
            new,
            at=wiring.clock(),
        )
    old = settings.key_passphrase_file
    if old is not None:
        write_private(old, read_secret(new))
    place = "keys.passphrase_set" if old is None else "keys.passphrase_changed"
    emit(
        {"changed": changed, "file": str(old or new_file)},
        lambda: line(say(place, count=changed, file=str(old or new_file))),
    )
    return 0
