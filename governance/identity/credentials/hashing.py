"""The only door to argon2: hashes in threads that give way to decisions, few at a time.

argon2id (RFC 9106) takes its memory once for each hash that runs, so a flood of sign-ins is held
to `at_once` hashes and a short queue; whoever comes beyond it is told to try again.
"""

import os
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final, TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import Argon2Error, InvalidHashError
from argon2.low_level import ARGON2_VERSION

from governance.identity.credentials.errors import BusyError
from governance.identity.credentials.passwords import LONGEST, normalised

HASH_LENGTH: Final = 32
SALT_LENGTH: Final = 16
NICE: Final = 10  # a hash gives way to whatever else this process does
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one hash takes, and how many may run and wait."""

    memory_kib: int = 65_536
    passes: int = 3
    lanes: int = 1
    at_once: int = 1
    waiting: int = 8


class Hasher:
    """Makes and compares hashes of passwords; bounded in memory whatever comes."""

    def __init__(self, cost: Cost) -> None:
        self._cost: Final = cost
        self._argon2: Final = PasswordHasher(
            time_cost=cost.passes,
            memory_cost=cost.memory_kib,
            parallelism=cost.lanes,
            hash_len=HASH_LENGTH,
            salt_len=SALT_LENGTH,
            type=Type.ID,
        )
        self._nobodys: Final = _nobodys(cost)
        self._running: Final = threading.BoundedSemaphore(cost.at_once)
        self._places: Final = threading.BoundedSemaphore(cost.at_once + cost.waiting)

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place in the queue, taken before anything is looked at; raises BusyError when full."""
        if not self._places.acquire(blocking=False):
            raise BusyError  # fails closed: nobody is let in unchecked, and no memory grows
        try:
            yield
        finally:
            self._places.release()

    def hash(self, password: str) -> str:
        """The hash to store."""
        secret = _octets(password)
        return self._apart(lambda: self._argon2.hash(secret))

    def fits(self, stored: str | None, password: str) -> bool:
        """Whether the password is the one of the hash; for no hash the same work is done."""
        secret = _octets(password)
        return self._apart(lambda: self._fits(stored, secret))

    def outdated(self, stored: str) -> bool:
        """Whether the hash was made at another cost than today's."""
        return self._argon2.check_needs_rehash(stored)

    def _fits(self, stored: str | None, secret: bytes) -> bool:
        try:
            return self._argon2.verify(stored or self._nobodys, secret)
        except (Argon2Error, InvalidHashError):
            return False

    def _apart(self, work: Callable[[], T]) -> T:
        """What the work comes to, done by a thread of low priority when its turn has come."""
        done: list[T] = []

        def run() -> None:
            with suppress(OSError, AttributeError):  # Linux alone knows a thread's own priority
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
            done.append(work())

        with self._running:
            thread = threading.Thread(target=run, name="argon2")
            thread.start()
            thread.join()
        return done[0]


def _nobodys(cost: Cost) -> str:
    """A hash of this cost that no password has: its digest is all zero."""
    salt, digest = (
        b64encode(bytes(length)).decode().rstrip("=") for length in (SALT_LENGTH, HASH_LENGTH)
    )
    at = f"m={cost.memory_kib},t={cost.passes},p={cost.lanes}"
    return f"$argon2id$v={ARGON2_VERSION}${at}${salt}${digest}"


def _octets(password: str) -> bytes:
    """What is hashed; a text beyond the longest password is none and costs no more than one."""
    return normalised(password[: LONGEST * 2]).encode("utf-8", "replace")
