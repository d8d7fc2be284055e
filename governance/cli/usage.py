"""What was wrong with a command line, as an error of ours: the parser speaks English alone."""

from typing import Any

from typer import TyperException

from governance.core.errors import GovernanceError, WrongUseError


class OptionUnknownError(WrongUseError):
    """The command has no such option."""

    code = "option_unknown"


class CommandUnknownError(WrongUseError):
    """There is no such command, or it takes no more arguments."""

    code = "command_unknown"


class ArgumentMissingError(WrongUseError):
    """Something that the command needs was not given."""

    code = "argument_missing"


class ArgumentValueError(WrongUseError):
    """An option or argument has a value it cannot have."""

    code = "argument_value"


ASKED_HELP = "NoArgsIsHelpError"
BY_NAME: dict[str, type[GovernanceError]] = {  # typer keeps its parser's classes private
    "NoSuchOption": OptionUnknownError,
    "BadOptionUsage": ArgumentValueError,
    "MissingParameter": ArgumentMissingError,
    "BadParameter": ArgumentValueError,
}


def mistake(error: TyperException) -> GovernanceError:
    """The refusal in our words: which option, and where its help stands; never the value."""
    found = BY_NAME.get(type(error).__name__, CommandUnknownError)
    context: Any = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "sekisho"
    if found is CommandUnknownError:
        return CommandUnknownError(command=command)
    return found(option=_option(error), command=command)


def _option(error: TyperException) -> str:
    """The option or argument as its help writes it."""
    name = getattr(error, "option_name", None)
    parameter: Any = getattr(error, "param", None)
    if name is not None or parameter is None:
        return str(name or "-")
    if parameter.param_type_name == "option":
        return str(max(parameter.opts, key=len))
    return str(parameter.metavar or parameter.name)
