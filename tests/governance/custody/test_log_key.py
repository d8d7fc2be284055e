"""The log's key changes with the log at work, and whoever pinned the old one is led along."""

from pathlib import Path

import pytest

from audit.types import Verdict
from audit.verify import verify_log
from governance.app.audit_log import settle
from governance.app.wiring import Wiring
from governance.core.terms import ActorId
from governance.custody import log_key
from governance.custody.log_key import change_log_key
from governance.keys.errors import SigningKeyError
from governance.keys.signers import promote
from tests.installation import AT, create

BY = ActorId("u:hanako")


@pytest.fixture
def wiring(tmp_path: Path) -> Wiring:
    made = create(tmp_path)
    settle(made)
    return made


def change(wiring: Wiring) -> None:
    change_log_key(wiring.ports, wiring.log_keys, BY, os_user="root", at=AT)


def test_every_process_signs_with_the_new_key_at_once(wiring: Wiring) -> None:
    before = wiring.log_keys.verifier_keys
    other = Wiring.open(wiring.settings)
    assert other.log_keys.verifier_keys == before
    change(wiring)
    assert wiring.log_keys.verifier_keys == other.log_keys.verifier_keys != before
    settle(other)
    every = wiring.signing.every_key()
    report = verify_log(
        wiring.database, keys=before, successors=every, anchor=wiring.settings.checkpoint
    )
    assert report.verdict is Verdict.VERIFIED_SELF_SIGNED
    assert len(every) == 4
    assert set(before) < set(every)
    assert wiring.log_watch.latest(at=AT).report.verdict is Verdict.VERIFIED_SELF_SIGNED
    other.close()


def test_a_change_that_stopped_halfway_is_taken_up(
    wiring: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = wiring.log_keys.verifier_keys

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(log_key, "promote", dies)
        with pytest.raises(KeyboardInterrupt):
            change(wiring)
    assert wiring.log_keys.verifier_keys == before
    prepared = set(wiring.signing.every_key()) - set(before)
    change(wiring)
    assert set(wiring.log_keys.verifier_keys) == prepared


def test_nothing_is_promoted_that_was_not_prepared(wiring: Wiring) -> None:
    before = wiring.log_keys.verifier_keys
    with pytest.raises(SigningKeyError):
        promote(wiring.vault.ring, log_key.LOG_KEY)
    assert wiring.log_keys.verifier_keys == before
