"""`sekisho staff link`, `unlink`: by which person of a provider an account can come."""

from typing import Annotated

import typer

from governance.cli.accounts import Login, written
from governance.cli.output import emit, line, say

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
Provider = Annotated[str, typer.Option("--provider", help=say("sign_on.provider"))]


@app.command("link", help=say("sign_on.link"))
def link(
    login: Login,
    provider: Provider,
    sub: Annotated[str, typer.Option("--sub", help=say("sign_on.sub"))],
) -> int:
    """The account belongs to this person of the provider."""
    from governance.signon.reading import provider_of
    from governance.signon.service import link as linked

    actor, _ = written(
        lambda tx, wiring, by: linked(
            tx,
            wiring.ports,
            by,
            login,
            provider_of(wiring.settings, provider),
            sub,
            at=wiring.clock(),
        )
    )
    shape = {"actor": actor, "provider": provider}
    emit(shape, lambda: line(say("sign_on.linked", login=login, provider=provider)))
    return 0


@app.command("unlink", help=say("sign_on.unlink"))
def unlink(login: Login, provider: Provider) -> int:
    """The account comes by this provider no more; its sessions have ended."""
    from governance.signon.reading import provider_of
    from governance.signon.service import unlink as unlinked

    gone, _ = written(
        lambda tx, wiring, by: unlinked(
            tx, wiring.ports, by, login, provider_of(wiring.settings, provider), at=wiring.clock()
        )
    )
    shape = {"actor": f"u:{login}", "provider": provider, "links": gone}
    emit(shape, lambda: line(say("sign_on.unlinked", login=login, provider=provider)))
    return 0
