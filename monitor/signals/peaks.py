"""The hours of a window that stood out most against the usual of their time of day, and how it went on.

mentions ─by hour─► voices of 1, 3 and 6 hours ─beside the usual─► surprise ─the highest, if a burst─► Burst, arithmetic
"""

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple
from zoneinfo import ZoneInfo

from monitor.models import Mention, Window
from monitor.nouns.burst import Burst
from monitor.nouns.ordinary import Ordinary
from monitor.signals.accounts import count_accounts
from monitor.signals.arithmetic import explained
from monitor.signals.baseline import HOUR, WHOLE, Hours, Usual, usual_at
from monitor.signals.coverage import covered
from monitor.signals.phases import BURST, UNUSUAL, Scored, phase_of
from monitor.signals.surprise import surprise
from monitor.signals.voices import Said, count_voices, firsts, firsts_of_all, said, spread

FEWEST_VOICES = 3
"""Voices below which nothing is a burst, however quiet it usually is: two people are a conversation."""

LENGTHS = (HOUR, 3 * HOUR, 6 * HOUR)
"""Windows that are looked at, each where the one before is no burst: what rises slowly stands out in longer ones."""


class Earlier(NamedTuple):
    """What a window is compared with: counts of whole hours, the times that were read, merged, and the topic's zone."""

    hours: Hours
    read: Sequence[Window]
    zone: ZoneInfo


class Finding(NamedTuple):
    """What stood out and the sentences that explain its numbers; None and none where nothing did.

    `ordinary` says what is usual in each hour of the window.
    """

    burst: Burst | None = None
    sentences: tuple[str, ...] = ()
    ordinary: tuple[Ordinary | None, ...] = ()


class _Stretch(NamedTuple):
    window: Window
    hours: range
    usual: Usual | None
    surprise: float


def judged(voices: int, usual: Usual | None) -> float:
    """Return how surprising voices are; 0 for a few, and where too little was read to say."""
    if usual is None or voices < FEWEST_VOICES:
        return 0.0
    return surprise(voices, usual.mean, usual.variance)


def find_burst(
    window: Window, by_hour: Sequence[Sequence[Mention]], earlier: Earlier, unread: Sequence[int] = ()
) -> Finding:
    """Return what stood out most in a window, from the mentions of its hours, which are cut from its begin on.

    `unread` says how many posts more a platform counted in each hour. They are taken for as many voices each as the
    posts of the window that were read.

    Hours that were not read whole, or follow such an hour, are passed over: what was written in a gap and read after it
    may look like one hour's. So are back-filled posts and those without a time of their own, which have the time at
    which we looked.
    """
    talk = _Talk(window, by_hour, unread)
    endings = [_ending(talk, n, earlier) for n in range(len(talk.by_hour))]
    read = [ending for ending in endings if ending]
    best = [max(ending, key=lambda each: each.surprise) for ending in read]
    top = max((each for each in best if each.surprise >= BURST), key=_strength, default=None)
    ordinary = tuple(_ordinary(talk, n, ending, earlier) for n, ending in enumerate(endings))
    if top is None or top.usual is None:
        return Finding(ordinary=ordinary)
    hours = [
        Scored(talk.voices(hour.hours), hour.surprise, highest.surprise)
        for (hour, *_), highest in zip(read, best, strict=True)
    ]
    burst = _burst(talk, top, top.usual, hours, earlier.hours.read)
    return Finding(burst, explained(burst, top.usual, earlier.zone), ordinary)


class _Talk:
    """The mentions of a window by hour, and what was said first in each; nobody asks for most of it."""

    def __init__(self, window: Window, by_hour: Sequence[Sequence[Mention]], unread: Sequence[int] = ()) -> None:
        self.start = window.start
        self._unread = unread
        self.by_hour = [list(filter(_has_hour, mentions)) for mentions in by_hour[: window.length // HOUR]]
        self._firsts: dict[int, dict[str, Said]] = {}
        self._voices: dict[range, int] = {}

    def mentions(self, hours: range) -> list[Mention]:
        """Return the mentions of some hours."""
        return list(chain.from_iterable(self.by_hour[hour] for hour in hours))

    def posts(self, hours: range) -> int:
        """Return how many mentions some hours have."""
        return sum(len(self.by_hour[hour]) for hour in hours) + self.unread(hours)

    def unread(self, hours: range) -> int:
        """Return how many posts of some hours were counted and not read."""
        return sum(self._unread[hours.start : hours.stop])

    def voices(self, hours: range) -> int:
        """Return the voices of some hours."""
        if hours not in self._voices:
            self._voices[hours] = self._voices_read(hours) + self._voices_unread(hours)
        return self._voices[hours]

    def _voices_read(self, hours: range) -> int:
        return count_voices(firsts_of_all([self._first_said(hour) for hour in hours]))

    def _voices_unread(self, hours: range) -> int:
        unread = self.unread(hours)
        everything = range(len(self.by_hour))
        posts = len(self.mentions(everything)) if unread else 0
        return round(unread * self._voices_read(everything) / posts) if posts else unread

    def _first_said(self, hour: int) -> dict[str, Said]:
        if hour not in self._firsts:
            self._firsts[hour] = firsts(map(said, self.by_hour[hour]))
        return self._firsts[hour]


def _has_hour(mention: Mention) -> bool:
    """Tell whether it is known in which hour a post was written, and whether that hour was compared with others."""
    return mention.post.created_at is not None and not mention.backfilled


def _ending(talk: _Talk, last: int, earlier: Earlier) -> list[_Stretch]:
    """Return the stretches of each length that end with an hour, the hour itself first, of those that were read."""
    end = talk.start + (last + 1) * HOUR
    found = []
    for length in LENGTHS:
        window, hours = Window(end - length, end), range(last + 1 - length // HOUR, last + 1)
        if hours.start < 0 or not _is_whole(window, earlier.read):
            break
        usual = usual_at(earlier.hours, window, earlier.zone)
        score = judged(talk.posts(hours), usual)
        # There are no more voices than posts: what is usual as posts needs no look at who said what.
        score = score if score < UNUSUAL else judged(talk.voices(hours), usual)
        found.append(_Stretch(window, hours, usual, score))
        if score >= BURST:
            break
    return found


def _ordinary(talk: _Talk, hour: int, ending: Sequence[_Stretch], earlier: Earlier) -> Ordinary | None:
    """Return what is usual in an hour, also in one that was not read itself."""
    start = talk.start + hour * HOUR
    usual = ending[0].usual if ending else usual_at(earlier.hours, Window(start, start + HOUR), earlier.zone)
    return None if usual is None else Ordinary(usual.mean, usual.high)


def _strength(stretch: _Stretch) -> tuple[int, float]:
    """Order bursts: the shorter says more exactly when, then the more surprising."""
    return -len(stretch.hours), stretch.surprise


def _is_whole(window: Window, read: Sequence[Window]) -> bool:
    """Tell whether each hour of a window was read, and the one before it."""
    first = window.start - HOUR
    hours = (Window(first + n * HOUR, first + (n + 1) * HOUR) for n in range(window.length // HOUR + 1))
    return all(covered(hour, read) >= WHOLE * HOUR for hour in hours)


def _burst(talk: _Talk, top: _Stretch, usual: Usual, hours: Sequence[Scored], sampled_hours: int) -> Burst:
    phase = phase_of(hours)
    assert phase is not None, "where something stands out there is a burst"
    mentions = talk.mentions(top.hours)
    length = len(top.hours)
    before = range(top.hours.start - length, top.hours.start)
    return Burst(
        start=top.window.start,
        end=top.window.end,
        posts=talk.posts(top.hours),
        accounts=count_accounts(mentions),
        voices=talk.voices(top.hours),
        platforms=len({each.post.key.source for each in mentions}),
        expected=usual.mean,
        surprise=top.surprise,
        before=talk.voices(before) if before.start >= 0 else None,
        latest=hours[-1].voices,
        phase=phase,
        sampled_hours=sampled_hours,
        platform_spread=spread(each.post.key.source for each in mentions),
        script_spread=spread(each.script or each.language for each in mentions),
    )
