"""What the trail says of an act, in words. Pure."""

from __future__ import annotations

from todoke.model.act import Deed
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
    Deed.RESENT: N_("sent a mail again"),
    Deed.CORRECTED: N_("sent a mail to another address"),
    Deed.ERASED: N_("erased"),
    Deed.ENDED_SESSION: N_("ended a session"),
    Deed.LIFTED: N_("lifted a suppression"),
    Deed.TESTED: N_("sent a test mail"),
}


def deed_words(deed: Deed, language: str) -> str:
    """What was done."""
    return say(_DEEDS[deed], language)
