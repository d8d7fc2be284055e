"""Refusals of the command line itself."""

from governance.core.errors import UnavailableError, WrongUseError


class EventFormError(WrongUseError):
    """`--event` is not of the form NAME=WHEN."""

    code = "event_form"


class KindError(WrongUseError):
    """`--kind` names no kind of file."""

    code = "kind"


class ChoiceError(WrongUseError):
    """An option has a value that is none of its words."""

    code = "option_choice"


class OptionsTogetherError(WrongUseError):
    """Options that belong together, or exclude one another, were not given so."""

    code = "options_together"


class WithholdFormError(WrongUseError):
    """`--withhold` is not of the form FIELD=GROUND[,GROUND]."""

    code = "withhold_form"


class OutputExistsError(WrongUseError):
    """The file to write is there already; it is never replaced."""

    code = "output_exists"


class PolicyFolderError(WrongUseError):
    """The named place is no folder, so that no policy can lie in it."""

    code = "policy_folder"


class PeriodFormError(WrongUseError):
    """A length of time is not of the form 30d, 12h or 45m."""

    code = "period_form"


class CatalogueFolderError(WrongUseError):
    """The named place is no folder, so that no fields can be declared in it."""

    code = "catalogue_folder"


class EventNameError(WrongUseError):
    """The step of a request has another name."""

    code = "event_name"


class FigureError(WrongUseError):
    """`sekisho bench` knows no figure of this name."""

    code = "figure"


class FileTroubleError(UnavailableError):
    """The operating system refused a file that the command names."""

    code = "file_trouble"


class VerifierKeyError(WrongUseError):
    """`--key` or `--witness` is no verifier key."""

    code = "verifier_key"


class NoAuthorityError(WrongUseError):
    """The settings name no time-stamping authority."""

    code = "no_stamp_authority"


class NoPassphraseError(WrongUseError):
    """Only the provider `file` lies under a passphrase."""

    code = "no_passphrase"
