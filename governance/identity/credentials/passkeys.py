"""The only door to webauthn: challenges for passkeys and what their answers prove (WebAuthn 3).

The user is verified by the device (a finger, a face, a PIN), so a passkey is two factors in one.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from governance.identity.credentials.errors import FactorRefusedError
from governance.identity.credentials.types import Passkey

MOST_ANSWER: Final = 16_384  # characters; an answer of a device has about two thousand
TIMEOUT_MS: Final = 120_000
DEEPEST: Final = 8  # levels of an answer; it has two


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """For which site passkeys are made: they work nowhere else, which makes phishing useless."""

    origin: str
    name: str

    @property
    def host(self) -> str:
        """The relying party's id."""
        return urlsplit(self.origin).hostname or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A new passkey as its device made it."""

    credential_id: bytes = field(repr=False)
    public_key: bytes = field(repr=False)
    sign_count: int


def options_to_add(
    site: Site, *, login: str, handle: bytes, known: Iterable[Passkey], challenge: bytes
) -> dict[str, Any]:
    """What the browser needs to make a passkey; devices that have one already say so."""
    made = generate_registration_options(
        rp_id=site.host,
        rp_name=site.name,
        user_name=login,
        user_id=handle,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one.credential_id) for one in known],
    )
    found: dict[str, Any] = json.loads(options_to_json(made))
    return found


def options_to_enter(site: Site, *, challenge: bytes) -> dict[str, Any]:
    """What the browser needs to ask for a passkey; it names no account, so it tells of none."""
    made = generate_authentication_options(
        rp_id=site.host,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    found: dict[str, Any] = json.loads(options_to_json(made))
    return found


def added(site: Site, answer: str, *, challenge: bytes) -> Made:
    """The passkey that the answer proves was made for this challenge; raises FactorRefusedError."""
    try:
        found = verify_registration_response(
            credential=_parsed(answer),
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError, AttributeError):
        raise FactorRefusedError from None  # fails closed; a device's answer is foreign input
    return Made(
        credential_id=found.credential_id,
        public_key=found.credential_public_key,
        sign_count=found.sign_count,
    )


def credential_of(answer: str) -> bytes:
    """Which passkey the answer says it comes from."""
    try:
        return base64url_to_bytes(str(_parsed(answer)["rawId"]))
    except (ValueError, KeyError):
        raise FactorRefusedError from None


def entered(site: Site, answer: str, passkey: Passkey, *, challenge: bytes) -> int:
    """The sign count after an answer of this passkey to this challenge; raises FactorRefusedError.

    A count that does not rise is refused: the passkey may have been copied (7.2, step 22).
    """
    try:
        found = verify_authentication_response(
            credential=_parsed(answer),
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError, AttributeError):
        raise FactorRefusedError from None  # fails closed; a device's answer is foreign input
    return found.new_sign_count


def _parsed(answer: str) -> dict[str, Any]:
    if len(answer) > MOST_ANSWER or answer.count("{") + answer.count("[") > DEEPEST:
        raise FactorRefusedError
    try:
        found = json.loads(answer)
    except ValueError:
        raise FactorRefusedError from None
    if not isinstance(found, dict):
        raise FactorRefusedError
    return found
