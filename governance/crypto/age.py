"""Files for media and mail in the age format (age-encryption.org/v1), which anybody can open.

To a passphrase (scrypt) that is told by another way, or to a public key that the person gave.
"""

import secrets
from threading import Lock
from typing import Final

import pyrage  # type: ignore[import-untyped] # the wheel brings no types

from governance.core.errors import GovernanceError

SIGNS: Final = "23456789abcdefghjkmnpqrstvwxyz"  # none that is read for another
GROUPS: Final = 5
GROUP: Final = 5  # 25 signs of 30: 122 bits, read over the telephone in five breaths
_ONE: Final = Lock()
KEY_LENGTH: Final = 4096  # characters; a post-quantum recipient has about 2000


class AgeRecipientError(GovernanceError):
    """What was given is no public key of age (age1...); nothing was written."""

    code, status, exit_code = "age_recipient", 422, 2


def new_passphrase() -> str:
    """A passphrase that nobody guesses, in groups that can be said."""
    return "-".join("".join(secrets.choice(SIGNS) for _ in range(GROUP)) for _ in range(GROUPS))


def to_passphrase(content: bytes, passphrase: str) -> bytes:
    """The age file that this passphrase opens; one at a time: scrypt takes half a gigabyte."""
    with _ONE:
        return bytes(pyrage.passphrase.encrypt(content, passphrase))


def to_recipient(content: bytes, recipient: str) -> bytes:
    """The age file that only the holder of this public key opens; raises AgeRecipientError."""
    if len(recipient) > KEY_LENGTH:
        raise AgeRecipientError
    try:
        key = pyrage.x25519.Recipient.from_str(recipient.strip())
    except pyrage.RecipientError:
        raise AgeRecipientError from None
    return bytes(pyrage.encrypt(content, [key]))
