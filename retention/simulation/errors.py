"""Refusals of simulations; parameters are ids and codes."""

from governance.core.errors import GovernanceError, NotFoundError


class SimulationUnknownError(NotFoundError):
    """No such simulation, or one that is long over."""

    code = "simulation_unknown"


class SimulationNotPlannableError(GovernanceError):
    """No plan can be made of this simulation (`reason`); nothing was changed."""

    code, status = "simulation_not_plannable", 409


class SimulationDayError(GovernanceError):
    """The day of a simulation lies before today or too far ahead."""

    code, status = "simulation_day", 422
