"""Pure rules of sign-in: what is still valid, what a secret and a login look like."""

import hashlib
import ipaddress
import re
from datetime import datetime, timedelta

from governance.http.principal import PrincipalKind
from governance.identity.types import AccountState, Level, Limits, OneTimeCode, Session, Staff

CODE_LIFE = timedelta(minutes=30)  # long enough to copy a link, short enough to forget it
INVITATION_LIFE = timedelta(hours=72)  # a letter is read after a weekend
ENROLLING_LIFE = timedelta(minutes=20)  # to set up a second factor
SEEN_EVERY = timedelta(minutes=1)  # signs of life are written down no oftener
LOGIN = re.compile(r"[a-z][a-z0-9._-]{1,31}")
NO_LIMITS = Limits()
TWO_FACTORS = frozenset({Level.MFA, Level.RECOVERED, Level.SIGNED_ON})  # the provider vouches
KEY_PREFIX_LENGTH = 12  # characters of a client key that may be shown and looked up


def digest(secret: str) -> bytes:
    """What is stored of a secret of 256 random bits; it needs no slow hash."""
    return hashlib.sha256(secret.encode()).digest()


def code_opens(code: OneTimeCode, *, at: datetime) -> bool:
    """A code opens once and before its end."""
    return code.used_at is None and at < code.expires_at


def session_holds(session: Session, *, at: datetime, limits: Limits = NO_LIMITS) -> bool:
    """A session holds until its end, its revocation, or too long a silence (ASVS 7.3)."""
    if session.revoked_at is not None or at >= session.expires_at:
        return False
    last = session.seen_at or session.created_at
    return limits.idle is None or at - last < limits.idle


def proof_is_stale(session: Session, *, at: datetime, limits: Limits) -> bool:
    """Whether a grave act needs a new proof; a session by a code alone has nothing to prove by."""
    if limits.step_up is None or session.level is Level.CODE:
        return False
    return at - (session.proved_at or session.created_at) > limits.step_up


def single_factor(session: Session, *, limits: Limits) -> bool:
    """Whether one factor opened a session where the installation demands two.

    Fails closed: a session that was opened before the demand, or in any other way, counts too.
    """
    if limits.second is None or session.kind is not PrincipalKind.STAFF:
        return False
    return session.level not in TWO_FACTORS


def training_lapsed(staff: Staff, *, at: datetime, limits: Limits) -> bool:
    """Whether the account may open personal data no more (APPI 24).

    Fails closed: without a training the grace counts from the day on which it was made.
    """
    since = staff.trained_until or staff.created_at
    return limits.training is not None and (since is None or at >= since + limits.training)


def sign_of_life_due(session: Session, *, at: datetime) -> bool:
    """Whether this use of the session is written down."""
    return at - (session.seen_at or session.created_at) >= SEEN_EVERY


def may_act(state: AccountState) -> bool:
    """Only an active account acts."""
    return state is AccountState.ACTIVE


def login_is_plain(login: str) -> bool:
    """Lower-case letters, digits, dot, dash, underscore; two to thirty-two of them."""
    return LOGIN.fullmatch(login) is not None


def truncate_network(address: str | None) -> str | None:
    """A caller's address as /24 (IPv4) or /48 (IPv6); None when it is no address."""
    if not address:
        return None
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    prefix = 24 if parsed.version == 4 else 48  # noqa: PLR2004 # version numbers of IP
    return str(ipaddress.ip_network((parsed, prefix), strict=False))
