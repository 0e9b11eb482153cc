"""What is new in a window: words that came up with it, and who was first."""

from datetime import datetime
from typing import Literal

import msgspec


class Phrase(msgspec.Struct, frozen=True, kw_only=True):
    """A word or two that are said more than before, as most people wrote them.

    `voices` counts who said it in the window, each wording once, then each account once, of `read` voices; `earlier`
    of `earlier_read` voices of the time before. `score` is G², how surprising the difference is. `is_sample`: not all
    voices of the window were read.
    """

    text: str
    voices: int
    read: int
    earlier: int
    earlier_read: int
    score: float
    is_sample: bool = False


Form = Literal["variant", "script", "link"]
"""What was first seen: a keyword as it was written, a language with its script, an address."""


class First(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """When and where a form was first seen, and in which language. Neither the post nor who wrote it is known here.

    `backfilled`: the post is older than our first look, so that earlier ones may well be unknown.
    """

    form: Form
    label: str
    time: datetime
    source: str
    language: str
    backfilled: bool = False
