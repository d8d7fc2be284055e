"""What an installation demands of those who sign in, from its settings."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from governance.core.controller import Controller
from governance.core.identity_settings import IdentitySettings
from governance.core.setting_kinds import SecondFor
from governance.core.settings import Settings
from governance.identity.credentials.hashing import Cost
from governance.identity.credentials.passkeys import Site
from governance.identity.credentials.passwords import ALONE, WITH_SECOND, PasswordPolicy
from governance.identity.types import Limits

PRODUCT: Final = ("sekisho", "関所", "せきしょ", "セキショ")
DEVICE_LIFE: Final = timedelta(days=180)
STEP_LIFE: Final = timedelta(minutes=10)  # to take the telephone out and type the code
STEP_TRIES: Final = 5  # of 10**6 codes, three of which fit
RECOVERY_CODES: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The demands."""

    mfa: bool
    mfa_for: SecondFor
    lasting: timedelta
    policy: PasswordPolicy
    site: Site


def terms_of(settings: IdentitySettings, origin: str) -> Terms:
    """The demands of these settings, for the site that staff see at this origin."""
    shortest = WITH_SECOND if settings.officer_mfa else ALONE
    return Terms(
        mfa=settings.officer_mfa,
        mfa_for=settings.officer_mfa_for,
        lasting=timedelta(minutes=settings.session_minutes),
        policy=PasswordPolicy(
            shortest=shortest,
            breached=settings.breached_passwords_file,
            context=frozenset((*PRODUCT, *_names(settings), *_host(origin))),
        ),
        site=Site(origin=origin, name=settings.company_ja),
    )


def cost_of(settings: IdentitySettings) -> Cost:
    """What a hash takes, and how many may run."""
    return Cost(
        memory_kib=settings.argon2_memory_kib,
        passes=settings.argon2_passes,
        at_once=settings.argon2_at_once,
        waiting=settings.argon2_waiting,
    )


def limits_of(settings: Settings) -> Limits:
    """How long sessions, proofs and trainings hold."""
    return Limits(
        idle=timedelta(minutes=settings.session_idle_minutes),
        step_up=timedelta(minutes=settings.step_up_minutes),
        training=settings.training_grace,
        second=settings.officer_mfa_for if settings.officer_mfa else None,
    )


def _names(company: Controller) -> tuple[str, ...]:
    parts = (company.company_ja.replace("株式会社", ""), *company.company_en.split())
    return tuple(part.strip(".,") for part in parts)


def _host(origin: str) -> tuple[str, ...]:
    return tuple((urlsplit(origin).hostname or "").split("."))
