"""What a page says of what was just done there: a word in its address chooses one of these sentences."""

from __future__ import annotations

from dataclasses import dataclass

from todoke.model.language import N_
from todoke.report.words import Tone


@dataclass(frozen=True, slots=True)
class DoneWords:
    """A sentence, in English, and how it is meant; whether it `goes_on`, so that it is worth to look again."""

    text: str
    tone: Tone = Tone.GOOD
    goes_on: bool = False
    is_under_way: bool = False
    """Whether another look at the page will say more."""


_TOLD = {
    "read-now": DoneWords(N_("The list was read just now.")),
    "read-lately": DoneWords(N_("It was asked for within the last minute."), Tone.HANDED),
    "read-not": DoneWords(
        N_("The mail service did not give its list. What is shown was read before."), Tone.BAD
    ),
    "read-asked": DoneWords(
        N_("The mail service is being asked for its list."), Tone.HANDED, is_under_way=True
    ),
    "lifted": DoneWords(N_("It is lifted: the mail service sends to this address again.")),
    "lift-asked": DoneWords(
        N_("The mail service is being asked to lift it."), Tone.HANDED, is_under_way=True
    ),
    "lift-not": DoneWords(N_("It was not lifted. The entry says why."), Tone.BAD),
    "lift-gone": DoneWords(N_("This address is not on the list any more."), Tone.HANDED),
    "lift-later": DoneWords(
        N_("You had many addresses lifted just now. Please wait some minutes."), Tone.LATE
    ),
    "not-carried": DoneWords(
        N_("This could not be handed on just now. Please try again in a moment."), Tone.BAD
    ),
    "test-later": DoneWords(
        N_("You have sent yourself some already. Please wait some minutes."), Tone.LATE
    ),
    "done": DoneWords(N_("Marked as done.")),
    "open": DoneWords(N_("Open again.")),
    "star": DoneWords(N_("It has a star now.")),
    "unstar": DoneWords(N_("The star is taken off.")),
    "read": DoneWords(N_("Marked as read.")),
    "unread": DoneWords(N_("Marked as unread.")),
    "none": DoneWords(N_("Nothing is chosen, so nothing was done."), Tone.HANDED),
    "assign": DoneWords(N_("Assigned.")),
    "unassign": DoneWords(N_("Nobody has it now.")),
    "taken": DoneWords(
        N_("Somebody else took it on meanwhile, as you see below. Nothing was changed."), Tone.LATE
    ),
    "spam": DoneWords(
        N_("Kept as spam. No mail about it leaves, and the guard has learned from it.")
    ),
    "honest": DoneWords(N_("It is no spam. The guard has learned from it.")),
    "released": DoneWords(
        N_(
            "It is no spam. Its mails are handed over in a moment. This page shows what becomes of them."
        ),
        goes_on=True,
    ),
    "note": DoneWords(N_("The note is saved.")),
    "unnote": DoneWords(N_("The note is deleted.")),
    "resent": DoneWords(
        N_("The mail is handed over again in a moment. This page shows what becomes of it."),
        goes_on=True,
    ),
    "moved": DoneWords(N_("The confirmation goes to the new address in a moment."), goes_on=True),
    "resent-later": DoneWords(
        N_("You sent many mails again just now. Please wait some minutes."), Tone.LATE
    ),
    "no-more": DoneWords(
        N_(
            "The address of this confirmation was changed as often as it may be. It was not sent again."
        ),
        Tone.BAD,
    ),
}


def told_of(word: str) -> DoneWords | None:
    """What to say, None for a word of nobody's."""
    return _TOLD.get(word)
