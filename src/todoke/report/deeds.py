"""What the trail says of an act, in words. Pure."""

from __future__ import annotations

from todoke.model.act import BY_TIME, Act, Deed
from todoke.model.language import N_
from todoke.report.words import say

_DEEDS = {
    Deed.ENTERED: N_("entered"),
    Deed.LEFT: N_("left"),
    Deed.SAW: N_("looked at a submission"),
    Deed.FILE_TAKEN: N_("took a file"),
    Deed.EXPORTED: N_("exported"),
    Deed.IMPORTED: N_("imported a backup"),
    Deed.NOTED: N_("marked a submission"),
    Deed.JUDGED: N_("said whether it is spam"),
    Deed.RESENT: N_("sent a mail again"),
    Deed.CORRECTED: N_("sent a mail to another address"),
    Deed.ERASED: N_("erased"),
    Deed.ENDED_SESSION: N_("ended a session"),
    Deed.LIFTED: N_("lifted a suppression"),
    Deed.TESTED: N_("sent a test mail"),
}


_ENDED = N_("Submissions whose retention ended: %(n)s")


def detail_words(act: Act, language: str) -> str:
    """What is said of it besides: what it holds, or words where nobody did it."""
    if act.by == BY_TIME:
        return say(_ENDED, language).replace("%(n)s", act.detail)
    return act.detail


def deed_words(deed: Deed, language: str) -> str:
    """What was done."""
    return say(_DEEDS[deed], language)
