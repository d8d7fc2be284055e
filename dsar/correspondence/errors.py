"""Refusals of letters; parameters are names of slots, ids and numbers, never words of a letter."""

from governance.core.errors import GovernanceError


class LetterUnknownError(GovernanceError):
    """No such letter, or this caller may not know of it."""

    code, status = "letter_unknown", 404


class LetterChangedError(GovernanceError):
    """Somebody else wrote or sent the letter meanwhile; nothing was changed."""

    code, status = "letter_changed", 409


class LetterClosedError(GovernanceError):
    """The letter has gone or was overtaken; its text is fixed."""

    code, status = "letter_closed", 409


class LetterNotDueError(GovernanceError):
    """The step that this letter tells of was not taken yet; it goes with that step."""

    code, status = "letter_not_due", 409


class LetterSlotError(GovernanceError):
    """The text names a slot that this letter does not have. Params: slot."""

    code, status, exit_code = "letter_slot", 422, 2


class LetterPartError(GovernanceError):
    """The text lacks a part that the law or the record needs. Params: slot."""

    code, status, exit_code = "letter_part", 422, 2


class LetterBlankError(GovernanceError):
    """A blank of the shipped text was not filled in; the letter was not sent."""

    code, status, exit_code = "letter_blank", 422, 2


class LetterTextError(GovernanceError):
    """The text is empty, too long, or holds signs that no letter has. Params: most."""

    code, status, exit_code = "letter_text", 422, 2


class EditionUnknownError(GovernanceError):
    """No such proposed text, or it was decided about already."""

    code, status = "edition_unknown", 404


class EditionSamePersonError(GovernanceError):
    """Whoever wrote a text of the company does not adopt it; nothing was changed."""

    code, status = "edition_same_person", 403
