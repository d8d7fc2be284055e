"""The only door to pyotp: codes of an authenticator application (RFC 6238), each step once."""

import hmac
from datetime import datetime
from io import BytesIO
from typing import Final

import pyotp
import segno

STEP_SECONDS: Final = 30
DIGITS: Final = 6
DRIFT: Final = 1  # steps before and after, for clocks that differ
SECRET_LENGTH: Final = 32  # base32 characters: 160 bits (RFC 4226, R6)


def new_secret() -> str:
    """A fresh secret in base32."""
    return pyotp.random_base32(SECRET_LENGTH)


def address(secret: str, *, login: str, issuer: str) -> str:
    """The otpauth:// address that an application takes in."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=issuer)


def secret_of(address: str) -> str:
    """The secret of such an address in groups of four, for whoever types it in."""
    secret = pyotp.parse_uri(address).secret
    return " ".join(secret[place : place + 4] for place in range(0, len(secret), 4))


def picture(content: str) -> str:
    """The address as an SVG drawing without styles or scripts; readable on a dark page too."""
    drawn = BytesIO()
    segno.make(content, error="m").save(
        drawn,
        kind="svg",
        scale=5,
        border=4,
        dark="#000",
        light="#fff",
        xmldecl=False,
        svgclass=None,
        lineclass=None,
        omitsize=False,
    )
    return drawn.getvalue().decode()


def fitting_step(secret: str, typed: str, *, after: int | None, at: datetime) -> int | None:
    """The step whose code was typed, later than the last that opened; None for none."""
    code = "".join(str(int(sign)) for sign in typed if sign.isdecimal())
    if len(code) != DIGITS:
        return None
    now = int(at.timestamp()) // STEP_SECONDS
    found: int | None = None
    for step in range(now - DRIFT, now + DRIFT + 1):
        right = pyotp.HOTP(secret).at(step)
        if hmac.compare_digest(right, code) and (after is None or step > after):
            found = step
    return found
