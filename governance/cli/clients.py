"""`sekisho client ...`: keys, scopes, purposes, limit and certificate of a system."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from governance.cli.accounts import Name, written
from governance.cli.output import emit, line, say, table, when

if TYPE_CHECKING:
    from collections.abc import Callable

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
None_ = Annotated[bool, typer.Option("--none", help=say("client.none"))]


def _done(name: str, use_case: "Callable[..., Any]", *given: Any, **named: Any) -> Any:
    """What the use case gives, done as who is signed in."""
    done, _ = written(
        lambda tx, wiring, by: use_case(
            tx, wiring.ports, by, name, *given, **named, at=wiring.clock()
        )
    )
    return done


def _changed(name: str) -> int:
    emit({"actor": f"svc:{name}"}, lambda: line(say("client.changed", name=name)))
    return 0


@app.command("show", help=say("client.show"))
def show(name: Name) -> int:
    """What the system may do, its limit and its keys; never a secret."""
    from governance.cli.session import acting, opened
    from governance.identity.clients.service import account

    with opened() as wiring:
        principal = acting(wiring)
        with wiring.database.read() as tx:
            found = account(tx, wiring.ports, principal, name)
    client, rate = found.client, found.client.rate
    keys: list[dict[str, str | None]] = [
        {
            "prefix": key.prefix,
            "created_at": key.created_at.isoformat(),
            "expires_at": key.expires_at.isoformat() if key.expires_at else None,
            "last_used_on": key.last_used_on.isoformat() if key.last_used_on else None,
            "ended_at": key.ended_at.isoformat() if key.ended_at else None,
        }
        for key in found.keys
    ]
    shape = {
        "name": client.name,
        "state": client.state.value,
        "roles": sorted(client.roles),
        "purposes": sorted(client.purposes),
        "scopes": None if client.scopes is None else sorted(client.scopes),
        "rate": rate and {"per_second": rate.per_second, "burst": rate.burst},
        "certificate": client.certificate,
        "public_keys": client.public_keys is not None,
        "keys": keys,
    }

    listed = (("roles", client.roles), ("purposes", client.purposes), ("scopes", client.scopes))

    def words() -> None:
        for word, names in listed:
            told = say("client.all") if names is None else ", ".join(sorted(names)) or "-"
            line(f"{say(f'client.fact.{word}')}: {told}")
        told = say("client.setting") if rate is None else f"{rate.per_second} ({rate.burst})"
        line(f"{say('client.fact.rate')}: {told}")
        line(f"{say('client.fact.certificate')}: {client.certificate or '-'}")
        facts = ("prefix", "created_at", "expires_at", "last_used_on", "ended_at")
        columns = tuple(say(f"client.keys.{one}") for one in facts)
        rows = [(f"{key['prefix']}", *(when(key[one]) for one in facts[1:])) for key in keys]
        table("", columns, rows)

    emit(shape, words)
    return 0


@app.command("rotate", help=say("client.rotate"))
def rotate(
    name: Name,
    days: Annotated[int | None, typer.Option(min=1, max=3650, help=say("client.days"))] = None,
) -> int:
    """A new key, shown this once; the one before opens until the overlap has passed."""
    from datetime import timedelta

    from governance.identity.clients.service import rotate_key

    lasting = None if days is None else timedelta(days=days)
    key, _ = written(
        lambda tx, wiring, by: rotate_key(
            tx,
            wiring.ports,
            by,
            name,
            overlap=timedelta(days=wiring.settings.client_overlap_days),
            lasting=lasting,
            at=wiring.clock(),
        )
    )

    def words() -> None:
        line(say("client.key", actor=f"svc:{name}"))
        line(f"  {key}")

    emit({"actor": f"svc:{name}", "key": key}, words)
    return 0


@app.command("end-key", help=say("client.end_key"))
def end_key(
    name: Name, prefix: Annotated[str, typer.Argument(metavar="PREFIX", help=say("client.prefix"))]
) -> int:
    """The key that begins so opens nothing any more."""
    from governance.identity.clients.service import end_key as end

    _done(name, end, prefix)
    return _changed(name)


@app.command("end-tokens", help=say("client.end_tokens"))
def end_tokens(name: Name) -> int:
    """No access token of the system opens any more."""
    from governance.identity.clients.service import end_tokens as end

    _done(name, end)
    return _changed(name)


@app.command("scopes", help=say("client.scopes"))
def scopes(
    name: Name,
    scope: Annotated[
        list[str] | None, typer.Argument(metavar="SCOPE...", help=say("client.scope"))
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help=say("client.scopes_all"))] = False,
) -> int:
    """The system may do these of its role's actions and no other."""
    from governance.cli.errors import OptionsTogetherError
    from governance.identity.clients.service import set_scopes

    if everything is bool(scope):
        raise OptionsTogetherError(options="SCOPE | --all")
    _done(name, set_scopes, None if everything else scope)
    return _changed(name)


@app.command("purposes", help=say("client.purposes"))
def purposes(
    name: Name,
    purpose: Annotated[
        list[str] | None, typer.Argument(metavar="PURPOSE...", help=say("client.purpose"))
    ] = None,
) -> int:
    """The system may claim these purposes and no other."""
    from governance.identity.clients.service import set_purposes

    _done(name, set_purposes, purpose or [])
    return _changed(name)


@app.command("limit", help=say("client.limit"))
def limit(
    name: Name,
    rate: Annotated[
        int | None, typer.Argument(metavar="RATE", min=0, help=say("client.rate"))
    ] = None,
    burst: Annotated[int | None, typer.Option("--burst", min=1, help=say("client.burst"))] = None,
) -> int:
    """The system may come so often a second; without a rate, as often as the settings say."""
    from governance.identity.clients.service import set_rate
    from governance.identity.clients.types import rate_of

    _done(name, set_rate, rate_of(rate, burst))
    return _changed(name)


@app.command("certificate", help=say("client.certificate"))
def certificate(
    name: Name,
    thumbprint: Annotated[
        str | None, typer.Argument(metavar="SHA256", help=say("client.sha256"))
    ] = None,
    none: None_ = False,
) -> int:
    """The system's keys and tokens open with this certificate alone."""
    from governance.cli.errors import OptionsTogetherError
    from governance.identity.clients.service import set_certificate

    if none is (thumbprint is not None):
        raise OptionsTogetherError(options="SHA256 | --none")
    _done(name, set_certificate, thumbprint)
    return _changed(name)


@app.command("public-keys", help=say("client.public_keys"))
def public_keys(
    name: Name,
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help=say("client.file"))] = None,
    none: None_ = False,
) -> int:
    """The system's assertions are verified by these keys (JWK set)."""
    from governance.cli.errors import OptionsTogetherError
    from governance.cli.reading import text_of_file
    from governance.identity.clients.service import set_public_keys

    if none is (file is not None):
        raise OptionsTogetherError(options="FILE | --none")
    _done(name, set_public_keys, None if file is None else text_of_file(file))
    return _changed(name)
