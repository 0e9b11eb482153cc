"""How many silences are missed, and how often one is told that is none: `python -m tests.evaluation.silence`.

Reposts on Weibo, with the days on which their cascades began drawn anew: six days of a source that is never silent, in
which people sleep and crowd as they do. It is thinned to several rates, begun at several hours of the day, and looked
at every twenty minutes, half the time with outages whose posts the next look brings. False alarms are told of these
streams as they are; silences of five hours, in which sixty posts or more are lost, are put in at times drawn by the
seed.
"""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from monitor.signals.silence import Came, silence_of
from tests.data import data_path
from tests.evaluation.posts import read_records

LOOK = timedelta(minutes=20)
LOOKS_AN_HOUR = 3
DAYS = 6
CASCADES = 75
STREAMS = 10
RATES = (10, 30, 60, 120, 240)
BEGINS = (0, 6, 12, 18)
SILENCE = 5 * LOOKS_AN_HOUR
WORTH_TELLING = 60
AGES = ((4, 8), (8, 12), (12, 24), (24, 48), (48, 100))
"""Hours of a source before a silence begins."""

EPOCH = datetime(2026, 1, 5, tzinfo=UTC)

Rule = Callable[[Came, datetime], object]


class Figures(NamedTuple):
    """Stream-days and false alarms, silences and those that were missed, each by the age of the source."""

    days: Counter[str]
    alarms: Counter[str]
    silences: Counter[str]
    missed: Counter[str]


def measure(streams: Sequence[Sequence[int]], is_silent: Rule = silence_of) -> Figures:
    """Judge a rule on streams of what came between two looks."""
    found = Figures(Counter(), Counter(), Counter(), Counter())
    for number, full in enumerate(streams):
        for rate in RATES:
            for begin in BEGINS:
                dice = random.Random(f"{number} {rate} {begin}")
                came = thinned(full[begin * LOOKS_AN_HOUR :], rate, dice)
                for looks in (dict(enumerate(came)), with_outages(came, dice)):
                    _count_alarms(looks, is_silent, found)
                for ages in AGES:
                    _count_missed(came, ages, dice, is_silent, found)
    return found


def _count_alarms(looks: Mapping[int, int], is_silent: Rule, found: Figures) -> None:
    """Count alarms of a stream in which nobody is silent, each silence once."""
    known = _Known()
    for look, count in looks.items():
        known.add(look, count)
        age = "first two days" if look < 48 * LOOKS_AN_HOUR else "later"
        found.days[age] += 1
        if not count and not known.is_told and known.tells(look, is_silent):
            known.is_told = True
            found.alarms[age] += 1


def _count_missed(
    came: Sequence[int], ages: tuple[int, int], dice: random.Random, is_silent: Rule, found: Figures
) -> None:
    """Put a silence in, and count whether it is told before its end."""
    begin = dice.randrange(ages[0] * LOOKS_AN_HOUR, ages[1] * LOOKS_AN_HOUR)
    if sum(came[begin : begin + SILENCE]) < WORTH_TELLING:
        return
    known = _Known()
    for look in range(begin):
        known.add(look, came[look])
    age = f"{ages[0]} to {ages[1]} h"
    found.silences[age] += 1
    for look in range(begin, begin + SILENCE):
        known.add(look, 0)
        if known.tells(look, is_silent):
            return
    found.missed[age] += 1


class _Known:
    """What the product knows of a stream."""

    def __init__(self) -> None:
        self.hours: Counter[int] = Counter()
        self.last: datetime | None = None
        self.is_told = False

    def add(self, look: int, count: int) -> None:
        """Note a look."""
        at = EPOCH + (look + 1) * LOOK - timedelta(seconds=1)
        self.hours[int(at.timestamp() // 3600)] += count
        if count:
            self.last, self.is_told = at, False

    def tells(self, look: int, is_silent: Rule) -> bool:
        """Tell whether a rule calls it silent after a look."""
        return is_silent(Came(self.hours, self.last), EPOCH + (look + 1) * LOOK - timedelta(seconds=1)) is not None


def weibo(number: int) -> Iterator[list[int]]:
    """Yield streams of whole cascades, each begun on a day that is drawn, at its own time of the day."""
    cascades: dict[str, list[datetime]] = {}
    for row in read_records(data_path("posts/weibo_ced_reposts.jsonl.gz")):
        if row["date"][:1].isdecimal() and "-" in row["date"]:  # some have no year
            cascades.setdefault(row["root"], []).append(datetime.fromisoformat(row["date"]).replace(tzinfo=UTC))
    known = list(cascades.values())
    for seed in range(number):
        dice = random.Random(f"weibo {seed}")
        counts: Counter[int] = Counter()
        for times in dice.sample(known, CASCADES):
            midnight = min(times).replace(hour=0, minute=0, second=0, microsecond=0)
            day = dice.randrange(DAYS) * 24 * LOOKS_AN_HOUR
            counts.update(day + (time - midnight) // LOOK for time in times)
        yield [counts[look] for look in range(DAYS * 24 * LOOKS_AN_HOUR)]


def thinned(counts: Sequence[int], rate: float, dice: random.Random) -> list[int]:
    """Return a stream of so many posts an hour."""
    share = min(1.0, rate * len(counts) / LOOKS_AN_HOUR / sum(counts))
    return [sum(dice.random() < share for _ in range(count)) for count in counts]


def with_outages(counts: Sequence[int], dice: random.Random) -> dict[int, int]:
    """Return what looks brought when some were not taken, up to eight in a row: the next one brings it all."""
    looks, owed, away = {}, 0, 0
    for look, count in enumerate(counts):
        away = away - 1 if away else (dice.randrange(1, 9) if dice.random() < 0.03 else 0)
        owed += count
        if not away:
            looks[look], owed = owed, 0
    return looks


def main() -> None:
    """Print the figures."""
    found = measure(list(weibo(STREAMS)))
    days = {age: round(looks / 24 / LOOKS_AN_HOUR) for age, looks in found.days.items()}
    line = {"figure": "silence", "stream_days": days, "false_alarms": {age: found.alarms[age] for age in days}}
    line |= {"silences": dict(found.silences), "missed": {age: found.missed[age] for age in found.silences}}
    print(json.dumps(line | {"all": [sum(found.missed.values()), sum(found.silences.values())]}))


if __name__ == "__main__":
    main()
