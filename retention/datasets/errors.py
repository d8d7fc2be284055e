"""Refusals of data sets; parameters are ids, fields, counts and places."""

from governance.core.errors import ForbiddenError, GovernanceError, NotFoundError


class DatasetFormError(GovernanceError):
    """The request for a data set is not of its form; nothing was made."""

    code, status, exit_code = "dataset_form", 422, 2


class DatasetStandardError(GovernanceError):
    """An item of the standard is not met (`standard`, `fields`); nothing was made."""

    code, status = "dataset_standard", 422

    @property
    def text_key(self) -> str:
        """Catalogue key of the sentence that names the item in words."""
        standard = getattr(self, "params", {}).get("standard")  # the docs ask a bare instance
        return f"{super().text_key}.{standard}" if standard else super().text_key


class DatasetDatesError(GovernanceError):
    """A column holds dates finer than a month (`fields`); nothing was made."""

    code, status = "dataset_dates", 422


class DatasetTooRareError(GovernanceError):
    """Too many persons would have to be left out (`removed` of `persons`); nothing was made."""

    code, status = "dataset_too_rare", 422


class DatasetTooLargeError(GovernanceError):
    """More rows than a data set may have (`most`); nothing was made."""

    code, status = "dataset_too_large", 413


class DatasetUnknownError(NotFoundError):
    """No such data set."""

    code = "dataset_unknown"


class DatasetStateError(GovernanceError):
    """The data set does not stand where this can be done (`state`); nothing was changed."""

    code, status = "dataset_state", 409


class DatasetSamePersonError(ForbiddenError):
    """Who made a data set does not release it."""

    code = "dataset_same_person"


class DatasetProvisionError(GovernanceError):
    """Only anonymised, published data may be given to a third party (APPI 41(6), 43(4))."""

    code, status = "dataset_provision", 409
