"""The code flow with PKCE (RFC 7636): everything is derived from one secret of the browser.

The browser's cookie holds 256 random bits. `state`, `nonce` and the verifier are its images, so
that the server keeps a digest alone, and whoever has no cookie has none of the three.
"""

import hmac
import secrets
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Final

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from governance.signon.types import Provider

BYTES: Final = 32
CALLBACK: Final = "/sign-on/{provider}/callback"


def new_secret() -> str:
    """A fresh secret for a browser that is sent to a provider."""
    return secrets.token_urlsafe(BYTES)


def derived(secret: str, what: str) -> str:
    """One of the images of the secret; none leads to another."""
    image = hmac.new(secret.encode(), b"sekisho/sign-on/1/" + what.encode(), sha256)
    return urlsafe_b64encode(image.digest()).rstrip(b"=").decode()


def callback_of(origin: str, provider: Provider) -> str:
    """The address to which the provider sends the browser back."""
    return origin.rstrip("/") + CALLBACK.format(provider=provider.id)


def authorization_url(provider: Provider, endpoint: str, secret: str, *, origin: str) -> str:
    """Where the browser is sent to (OpenID Connect Core 1.0, 3.1.2.1)."""
    more = {
        "state": derived(secret, "state"),
        "nonce": derived(secret, "nonce"),
        "code_challenge": create_s256_code_challenge(derived(secret, "verifier")),
        "code_challenge_method": "S256",
    }
    wanted = provider.second_factor
    if wanted is not None and wanted.acr:
        more["acr_values"] = " ".join(sorted(wanted.acr))
    uri: str = prepare_grant_uri(
        endpoint,
        provider.client_id,
        "code",
        redirect_uri=callback_of(origin, provider),
        scope=" ".join(provider.scopes),
        **more,
    )
    return uri


def same_state(secret: str, said: str) -> bool:
    """Whether the state that came back is the one of this browser."""
    return hmac.compare_digest(derived(secret, "state").encode(), said.encode())
