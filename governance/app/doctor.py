"""What an operator must know today: keys, log, clock, mail, journal, room on the disk."""

import shutil
from collections.abc import Callable
from datetime import date, datetime, timedelta

from audit.alarms.watching import alarms
from audit.expiry.rules import going
from audit.review import EventFilter, events, waiting
from audit.types import Verdict
from audit.verify import verify_log
from governance.app.backups import (
    aside_finding,
    backup_finding,
    drill_finding,
    journal_finding,
    key_copy_finding,
)
from governance.app.breaches import breach_finding
from governance.app.client_keys import keys_finding
from governance.app.connected import connectors_of
from governance.app.examined import Examined
from governance.app.executing import confirmation_finding
from governance.app.forwarding import standing
from governance.app.guardian_findings import guardians_finding
from governance.app.hold_jobs import hold_finding
from governance.app.key_providers import made
from governance.app.log_life import period_of
from governance.app.looks import ended_finding, look_finding
from governance.app.my_number_jobs import my_number_finding
from governance.app.purged_jobs import purged_finding
from governance.app.purging import purge_finding
from governance.app.scanner import scanner_finding
from governance.app.secret_ages import secrets_finding
from governance.app.staff_findings import access_finding, training_finding
from governance.app.stamping import newest
from governance.app.ticks import SCHEDULES
from governance.app.wiring import Wiring
from governance.app.witnessing import last_seen
from governance.connectors.tasks import late
from governance.core.clock import JST
from governance.core.errors import GovernanceError
from governance.core.setting_kinds import KeyProviderKind, MailKind, Mode
from governance.core.settings import Settings
from governance.crypto.providers.switching import switching
from governance.crypto.providers.types import ProviderHealth
from governance.custody.clear import pending
from governance.gateway.glass.store import overdue
from governance.jobs.ledger import recent_runs
from governance.jobs.outbox import backlog
from governance.keys.epochs import status
from governance.keys.moving import remaining
from policies.admin.documents import shipped_documents
from policies.in_force import EntryKind, in_force
from retention import log_expiry

ALARMS = 100  # newest ones looked at
LOW_SPACE_MB = 500
MEGABYTE = 1_048_576
VERIFIED = (Verdict.VERIFIED_WITNESSED, Verdict.VERIFIED_SELF_SIGNED)


def examine(wiring: Wiring, *, at: datetime, stale: timedelta) -> tuple[Examined, ...]:
    """Every finding, in the order in which an operator would look."""
    looks: tuple[Callable[[Wiring, datetime, timedelta], Examined], ...] = (
        _provider,
        _keys,
        _clear,
        _policy,
        _audit,
        _months,
        _witness,
        _stamp,
        _forward,
        _alarms,
        _glass,
        _clock,
        journal_finding,
        _mail,
        scanner_finding,
        _outbox,
        _connectors,
        my_number_finding,
        purged_finding,
        confirmation_finding,
        _jobs,
        _storage,
        _durable,
        purge_finding,
        look_finding,
        ended_finding,
        hold_finding,
        keys_finding,
        secrets_finding,
        access_finding,
        training_finding,
        guardians_finding,
        breach_finding,
        backup_finding,
        key_copy_finding,
        drill_finding,
        aside_finding,
    )
    return tuple(look(wiring, at, stale) for look in looks)


def provider_finding(settings: Settings) -> Examined:
    """Whether who keeps the epoch keys answers, and what to do if not; needs no open keys."""
    for kind in (settings.key_provider, settings.key_provider_previous):
        if kind is None:
            continue
        try:
            health = made(settings, kind).health()
        except GovernanceError as error:  # a setting or a library is missing
            health = ProviderHealth(ok=False, reason=error.code)
        if not health.ok:
            return _provider_says("bad", f"doctor.provider_bad_{kind.value}", health.reason)
    if settings.key_provider is KeyProviderKind.ENVIRONMENT:
        state = "bad" if settings.mode is Mode.PRODUCTION else "attention"
        return _provider_says(state, "doctor.provider_undying", settings.key_provider.value)
    return _provider_says("good", "doctor.provider_good", settings.key_provider.value)


def _provider_says(state: str, key: str, reason: str) -> Examined:
    return Examined(check="provider", state=state, key=key, params={"reason": reason})


def _provider(wiring: Wiring, _at: datetime, _stale: timedelta) -> Examined:
    """The provider, and for how long the one before is still needed."""
    found = provider_finding(wiring.settings)
    days = wiring.settings.key_final_days
    left = remaining(switching(wiring.vault.ring.provider), keep_days=days)
    if found.state == "bad" or left is None:
        return found
    if left.needed_until is None:
        params = {"previous": left.provider}
        return Examined(
            check="provider", state="attention", key="doctor.provider_done", params=params
        )
    moving: dict[str, str | date] = {"previous": left.provider, "until": left.needed_until}
    return Examined(check="provider", state="good", key="doctor.provider_moving", params=moving)


def _keys(wiring: Wiring, at: datetime, stale: timedelta) -> Examined:
    try:
        found = status(wiring.vault.ring, day=at.astimezone(JST).date())
    except GovernanceError as error:
        return Examined(
            check="keys", state="bad", key="doctor.keys_provider", params={"reason": error.code}
        )
    if found.current_age_days > stale.days:
        params = {"days": found.current_age_days}
        return Examined(check="keys", state="attention", key="doctor.keys_old", params=params)
    return Examined(check="keys", state="good", key="doctor.keys_good")


def _clear(wiring: Wiring, _at: datetime, _stale: timedelta) -> Examined:
    """Columns that are declared sealed and still stand in clear."""
    with wiring.database.read() as tx:
        found = pending(tx)
    if found:
        params = {"fields": ", ".join(f"{item.field} ({item.count})" for item in found)}
        return Examined(check="clear", state="bad", key="doctor.clear_columns", params=params)
    return Examined(check="clear", state="good", key="doctor.clear_none")


def _policy(wiring: Wiring, _at: datetime, _stale: timedelta) -> Examined:
    """Whether the policy in force could be loaded, and whether a newer one is shipped."""
    holder = wiring.policies
    params: dict[str, str | int] = {"number": holder.number, "version": holder.current.version}
    if holder.current.table is None:
        return Examined(check="policy", state="bad", key="doctor.policy_bad", params=params)
    with wiring.database.read() as tx:
        now = in_force(tx)
    first = now is not None and now.kind is EntryKind.SHIPPED
    if first and now is not None and now.digest != shipped_documents().digest:
        return Examined(check="policy", state="attention", key="doctor.policy_newer", params=params)
    return Examined(check="policy", state="good", key="doctor.policy_good", params=params)


def _audit(wiring: Wiring, _at: datetime, _stale: timedelta) -> Examined:
    report = verify_log(
        wiring.database, keys=wiring.signing.every_key(), anchor=wiring.settings.checkpoint
    )
    if report.verdict not in VERIFIED:
        params = {"verdict": report.verdict.value, "at": report.at_seq or 0}
        return Examined(check="audit", state="bad", key="doctor.audit_bad", params=params)
    with wiring.database.read() as tx:
        params = {"size": report.size, "waiting": waiting(tx)}
    if report.finding is not None:  # a declared restore: verified, and never silent about it
        return Examined(
            check="audit", state="attention", key=f"doctor.audit_{report.finding.value}"
        )
    return Examined(check="audit", state="good", key="doctor.audit_good", params=params)


def _months(wiring: Wiring, at: datetime, _stale: timedelta) -> Examined:
    """Whether months of the log are over and wait for two persons."""
    with wiring.database.read() as tx:
        found = going(log_expiry.standings(tx, period_of(wiring), at=at))
    if found:
        params: dict[str, str | int] = {"months": len(found), "through": found[-1].shard.name}
        return Examined(check="months", state="attention", key="doctor.months_due", params=params)
    return Examined(check="months", state="good", key="doctor.months_good")


def _witness(wiring: Wiring, at: datetime, stale: timedelta) -> Examined:
    """Whether somebody outside has seen the log lately."""
    seen = last_seen(wiring)
    if not seen:
        return Examined(check="witness", state="attention", key="doctor.witness_none")
    behind = [name for name, one in seen.items() if one is None or at - one.at > stale]
    if behind:
        params = {"witnesses": ", ".join(behind)}
        return Examined(check="witness", state="bad", key="doctor.witness_behind", params=params)
    return Examined(check="witness", state="good", key="doctor.witness_good")


def _stamp(wiring: Wiring, at: datetime, stale: timedelta) -> Examined:
    """Whether an authority has stamped the log's head lately, where the settings name one."""
    if wiring.settings.stamp_url is None:
        return Examined(check="stamp", state="good", key="doctor.stamp_none")
    try:
        found = newest(wiring)
    except GovernanceError as error:
        params = {"reason": error.code}
        return Examined(check="stamp", state="bad", key="doctor.stamp_bad", params=params)
    if found is None or at - found.stamp.at > stale:
        return Examined(check="stamp", state="attention", key="doctor.stamp_old")
    return Examined(check="stamp", state="good", key="doctor.stamp_good")


def _forward(wiring: Wiring, at: datetime, stale: timedelta) -> Examined:
    """Whether the SIEM takes the log."""
    found = standing(wiring)
    if found is None:
        return Examined(check="forward", state="good", key="doctor.forward_none")
    params: dict[str, str | int] = {"behind": found.behind, "reason": found.reason or "-"}
    if found.failures:
        late = found.delivered_at is None or at - found.delivered_at > stale
        state = "bad" if late else "attention"
        return Examined(check="forward", state=state, key="doctor.forward_failing", params=params)
    return Examined(check="forward", state="good", key="doctor.forward_good", params=params)


def _alarms(wiring: Wiring, at: datetime, stale: timedelta) -> Examined:
    """What the watch over the log said lately."""
    with wiring.database.read() as tx:
        recent = [one for one in alarms(tx, limit=ALARMS) if at - one.start <= stale]
    if recent:
        return Examined(
            check="alarms", state="attention", key="doctor.alarms", params={"count": len(recent)}
        )
    return Examined(check="alarms", state="good", key="doctor.alarms_none")


def _glass(wiring: Wiring, at: datetime, _stale: timedelta) -> Examined:
    """Whether emergency accesses wait for their review longer than they may."""
    with wiring.database.read() as tx:
        late = overdue(tx, on=at.astimezone(JST).date())
    if late:
        params = {"count": late}
        return Examined(check="glass", state="bad", key="doctor.glass_overdue", params=params)
    return Examined(check="glass", state="good", key="doctor.glass_good")


def _clock(wiring: Wiring, at: datetime, _stale: timedelta) -> Examined:
    with wiring.database.read() as tx:
        newest = events(tx, EventFilter(), limit=1)
    behind = newest[0].recorded_at - at if newest else timedelta(0)
    if behind > timedelta(seconds=1):
        params = {"seconds": int(behind.total_seconds())}
        return Examined(check="clock", state="bad", key="doctor.clock_back", params=params)
    return Examined(check="clock", state="good", key="doctor.clock_good")


def _mail(wiring: Wiring, _at: datetime, _stale: timedelta) -> Examined:
    settings = wiring.settings
    if settings.mail is MailKind.FOLDER:  # meant for a trial; customers of a real shop wait for it
        state = "attention" if settings.mode is Mode.PRODUCTION else "good"
        return Examined(check="mail", state=state, key="doctor.mail_folder")
    params = {"host": settings.smtp_host}
    return Examined(check="mail", state="good", key="doctor.mail_good", params=params)


def _outbox(wiring: Wiring, at: datetime, stale: timedelta) -> Examined:
    """What waits to leave, since when, and what was given up."""
    with wiring.database.read() as tx:
        found = backlog(tx)
    minutes = int((at - found.oldest) / timedelta(minutes=1)) if found.oldest is not None else 0
    late = timedelta(minutes=minutes) > stale
    params = {"pending": found.pending, "dead": found.dead, "minutes": max(minutes, 0)}
    state = "attention" if found.dead or late else "good"
    return Examined(check="outbox", state=state, key="doctor.outbox", params=params)


def _connectors(wiring: Wiring, at: datetime, _stale: timedelta) -> Examined:
    """Whether every connected system answers, and no colleague owes an answer too long."""
    connectors = connectors_of(wiring)
    silent = [one.name for one in connectors if not one.health(at=at)]
    with wiring.database.read() as tx:
        owed = late(tx, on=at.astimezone(JST).date())
    if owed:
        params: dict[str, str | int] = {"count": owed}
        return Examined(
            check="connectors", state="attention", key="doctor.connectors_late", params=params
        )
    if silent:
        params = {"names": ", ".join(silent)}
        return Examined(
            check="connectors", state="attention", key="doctor.connectors_bad", params=params
        )
    key = "doctor.connectors_good" if connectors else "doctor.connectors_none"
    return Examined(check="connectors", state="good", key=key, params={"count": len(connectors)})


def _jobs(wiring: Wiring, _at: datetime, _stale: timedelta) -> Examined:
    """Whether the newest run of each job of the clock went through."""
    with wiring.database.read() as tx:
        newest = [run for job in SCHEDULES for run in recent_runs(tx, job=job, limit=1)]
    failing = [run for run in newest if run.failures]
    if failing:
        params = {"jobs": ", ".join(f"{run.job} ({run.error_code})" for run in failing)}
        return Examined(check="jobs", state="attention", key="doctor.jobs_failing", params=params)
    return Examined(check="jobs", state="good", key="doctor.jobs_good")


def _storage(wiring: Wiring, _at: datetime, _stale: timedelta) -> Examined:
    free = shutil.disk_usage(wiring.settings.data_dir).free // MEGABYTE
    state, key = ("good", "storage_good") if free >= LOW_SPACE_MB else ("bad", "storage_low")
    return Examined(check="storage", state=state, key=f"doctor.{key}", params={"free": f"{free:,}"})


def _durable(wiring: Wiring, _at: datetime, _stale: timedelta) -> Examined:
    if risks := wiring.database.risks():
        params = {"settings": ", ".join(risks)}
        return Examined(check="durable", state="bad", key="doctor.durable_off", params=params)
    return Examined(check="durable", state="good", key="doctor.durable_good")
