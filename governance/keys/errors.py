"""Refusals of the key store; parameters are ids and names, never a value."""

from governance.core.errors import GovernanceError


class KeyUnknownError(GovernanceError):
    """A frame names a key that this key store never had; no other key is tried."""

    code, status = "key_unknown", 500


class KeyDestroyedError(GovernanceError):
    """A frame names a key that was destroyed; its value is gone for good."""

    code, status = "key_destroyed", 409


class SubjectErasedError(GovernanceError):
    """The person's key of this class was destroyed; only re-onboarding makes a new one."""

    code, status = "subject_erased", 409


class KeyStateError(GovernanceError):
    """The person's current key of this class is not in the state that the step starts from."""

    code, status = "key_state", 409


class WrongSubjectError(GovernanceError):
    """A cell is sealed under the key of another person."""

    code, status = "wrong_subject", 500


class KeyStoreMissingError(GovernanceError):
    """The database has no key store; `sekisho init` makes one."""

    code, status, exit_code = "key_store_missing", 503, 3


class KeyStoreNewerError(GovernanceError):
    """The key store was written by a newer Sekisho."""

    code, status, exit_code = "key_store_newer", 503, 3


class EpochBackwardsError(GovernanceError):
    """The day asked for is before the current epoch: a wrong clock, or an old copy."""

    code, status = "epoch_backwards", 409


class KeepDaysError(GovernanceError):
    """At least one day must lie between an epoch and its destruction."""

    code, status, exit_code = "keep_days", 400, 2


class EpochInUseError(GovernanceError):
    """The epoch still wraps living keys, or is the one that wraps new ones."""

    code, status = "epoch_in_use", 409


class IndexUnknownError(GovernanceError):
    """The field has no index of this version, or its key was destroyed."""

    code, status = "index_unknown", 404


class IndexBusyError(GovernanceError):
    """A new version of this index is being built already."""

    code, status = "index_busy", 409


class SigningKeyError(GovernanceError):
    """A stored signing key does not give the public key beside it."""

    code, status, exit_code = "signing_key", 503, 3
