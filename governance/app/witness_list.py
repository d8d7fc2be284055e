"""The witnesses of the settings' list, and the keys by which their cosignatures are believed."""

from audit.note import VerifierKey
from audit.witness.asking import KnownWitness, parse_witnesses
from governance.core.settings import Settings, SettingsError


def witnesses_of(settings: Settings) -> tuple[KnownWitness, ...]:
    """The witnesses of the settings' list; raises SettingsError or WitnessListError."""
    if settings.witness_file is None:
        return ()
    try:
        return parse_witnesses(settings.witness_file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(setting="witness_file") from error


def witness_keys(settings: Settings) -> tuple[VerifierKey, ...]:
    """Every key of every witness of the settings."""
    return tuple(key for one in witnesses_of(settings) for key in one.keys)
