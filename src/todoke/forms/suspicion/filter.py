"""A naive Bayes filter of one site: how much the words of a text were spam's, by what people said of others.

It knows words as keyed hashes alone. A word is what stands between blanks and signs, of a text in Japanese or Chinese
each two characters that follow one another, of a link its host.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import log

import msgspec

from todoke.model.lesson import Lesson

MOST_WORDS = 128
"""Of one submission."""
LEAST_LESSONS = 10
"""Of spam and of what is none, each, before anything is concluded."""
TELLING = 15
"""So many words decide, the ones that tell most: a long text is no better proof than a short one."""
CERTAIN = log(100)
"""A hundred to one."""

_HOST = re.compile(r"https?://(?:www\.)?([a-z0-9.-]+)\S*", re.IGNORECASE | re.ASCII)
_PIECE = re.compile(
    r"(?P<east>[\u3041-\u30ff\u3400-\u9fff\uf900-\ufaffー々]+)"
    r"|[^\W\u3041-\u30ff\u3400-\u9fff\uf900-\ufaffー々]{2,30}"
)


def words_of(texts: Iterable[str]) -> tuple[str, ...]:
    """The words of these texts, each once, MOST_WORDS at most, in the order in which they come first."""
    found: dict[str, None] = {}
    for text in texts:
        for host in _HOST.findall(text):
            found[f"//{host.lower()}"] = None
        for piece in _PIECE.finditer(_HOST.sub(" ", text).lower()):
            if piece["east"]:
                found.update(dict.fromkeys(map("".join, zip(piece[0], piece[0][1:], strict=False))))
            else:
                found[piece[0]] = None
            if len(found) >= MOST_WORDS:
                return tuple(found)[:MOST_WORDS]
    return tuple(found)[:MOST_WORDS]


class WordFilter(msgspec.Struct, frozen=True):
    """How often each word was spam's and how often it was not, and of how many submissions."""

    spam: Mapping[str, int] = {}
    honest: Mapping[str, int] = {}
    spams: int = 0
    honests: int = 0

    @property
    def knows_enough(self) -> bool:
        """Whether it may conclude anything."""
        return min(self.spams, self.honests) >= LEAST_LESSONS

    def tells(self, word: str) -> float:
        """How much a word, as its hash, speaks for spam: the logarithm of how many times likelier it is there."""
        in_spam, in_honest = self.spam.get(word, 0), self.honest.get(word, 0)
        if not in_spam + in_honest:
            return 0.0
        return log((in_spam + 0.5) / (self.spams + 1)) - log((in_honest + 0.5) / (self.honests + 1))

    def is_spam(self, words: Iterable[str]) -> bool:
        """Whether these words, as their hashes, speak for spam by a hundred to one."""
        if not self.knows_enough:
            return False
        told = sorted(map(self.tells, words), key=abs, reverse=True)
        return sum(told[:TELLING]) > CERTAIN


EMPTY_FILTER = WordFilter()


def filter_of(lessons: Sequence[Lesson]) -> WordFilter:
    """What these lessons teach."""
    kinds = [[one for one in lessons if one.is_spam is is_spam] for is_spam in (True, False)]
    spam, honest = (Counter(word for one in some for word in one.words) for some in kinds)
    return WordFilter(spam, honest, *map(len, kinds))
