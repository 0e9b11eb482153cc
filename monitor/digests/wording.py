"""The product's words: times, numbers, tags of languages, and other people's words made fit for a line of ours."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo

from monitor.models import Mention, Window
from monitor.saying import phrase, say, say_many
from monitor.signals.accounts import written_in

WEEKDAYS = (phrase("Mon"), phrase("Tue"), phrase("Wed"), phrase("Thu"), phrase("Fri"), phrase("Sat"), phrase("Sun"))
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
TAGS = {"zh-Hans": "简", "zh-Hant": "繁", "zh": "中", "yue": "粵", "yue-Hans": "粤", "hi-Latn": "HI-Latn", "und": ""}

QUOTES = ("“”", "「」", "『』", "«»")
FSI, PDI = "\u2068", "\u2069"
"""First strong isolate, pop directional isolate (UAX #9): a right-to-left text between them leaves our line alone."""

MOST_MARKS = 3
"""Combining marks kept on one letter: enough for every living script, too few for a tower."""

_HIDDEN = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))


def many(count: int, noun: str) -> str:
    """Word a number of things in English: "1 post", "1,240 posts". Readers are told `posts`, `accounts` and so on."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def few(number: float) -> str:
    """Word a mean: with one decimal below ten, "1.5"; "9" and "133" without."""
    rounded = f"{number:.1f}".removesuffix(".0")
    return f"{number:,.0f}" if number >= 10 else rounded


def posts(count: int) -> str:
    """Word a number of posts."""
    return say_many("{count} post", "{count} posts", count)


def accounts(count: int) -> str:
    """Word a number of accounts."""
    return say_many("{count} account", "{count} accounts", count)


def listed(words: Sequence[str]) -> str:
    """Put the names of things side by side."""
    return say("{one}, {another}", one="", another="").join(words)


def sentences(*said: str) -> str:
    """Put sentences one after the other, as the language does."""
    return say("{first} {second}", first="", second="").join(each for each in said if each)


def left_out(count: int) -> str:
    """Word how many posts mean something else: "12 posts of another sense left out"."""
    if not count:
        return ""
    return say_many("{count} post of another sense left out", "{count} posts of another sense left out", count)


def day_and_time(moment: datetime, near: datetime, zone: tzinfo) -> str:
    """Word a time as "Tue 14:05", or with the date when it is six days or more from `near`."""
    local = moment.astimezone(zone)
    clock = f"{local:%H:%M}"
    if abs(near - moment) < timedelta(days=6):
        return say("{day} {clock}", day=say(WEEKDAYS[local.weekday()]), clock=clock)
    is_this_year = local.year == near.astimezone(zone).year
    return say("{day} {clock}", day=_date(local, with_year=not is_this_year), clock=clock)


def day_of(moment: datetime, zone: tzinfo) -> str:
    """Word a day as "23 Mar 2007"."""
    return _date(moment.astimezone(zone), with_year=True)


def _date(local: datetime, *, with_year: bool) -> str:
    values = {"day": local.day, "month": MONTHS[local.month - 1], "number": local.month, "year": local.year}
    # Languages that count their months take {number}, others its name.
    return say("{day} {month} {year}", **values) if with_year else say("{day} {month}", **values)


def time_within(moment: datetime, window: Window, zone: tzinfo) -> str:
    """Word a time as "14:31" where the window leaves no doubt about the day."""
    if window.start <= moment < window.end and window.length <= timedelta(days=1):
        return f"{moment.astimezone(zone):%H:%M}"
    return day_and_time(moment, window.end, zone)


def span_of(length: timedelta) -> str:
    """Word a length of time in its largest fitting unit: "22 min", "5 h", "3 d"."""
    minutes = int(length / timedelta(minutes=1))
    if minutes < 1:
        return say("under 1 min")
    if minutes < 120:
        return say("{count} min", count=minutes)
    return say("{count} h", count=minutes // 60) if minutes < 48 * 60 else say("{count} d", count=minutes // 1440)


def language_tag(language: str) -> str:
    """Return the short tag of a language: 简, 繁, EN; "" for the undetermined."""
    return TAGS.get(language, language.partition("-")[0].upper())


def mention_tag(mention: Mention) -> str:
    """Return the short tag of what a post is written in."""
    return language_tag(written_in(mention))


def hashtag(title: str) -> str:
    """Return "#" and the letters, digits and marks of a title, joined by "_" where something else stood."""
    kept = "".join(char if char.isalnum() or unicodedata.category(char)[0] == "M" else " " for char in title)
    return "#" + "_".join(plain(kept, 60).split())


def plain(text: str, limit: int) -> str:
    """Return a text as one line without invisible characters and towers of marks, cut to `limit` characters."""
    line = " ".join("".join(" " if char.isspace() else char for char in text if _is_shown(char)).split())
    line = _low(line)
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def quoted(text: str) -> str:
    """Put quotation marks around other people's words: ours, unless the words hold such marks already."""
    usual = say("“”")
    marks = next((pair for pair in (usual, *QUOTES) if not set(pair) & set(text)), usual)
    return f"{marks[0]}{text}{marks[1]}"


def isolated(text: str) -> str:
    """Put isolation marks around a text of somebody else."""
    return f"{FSI}{text}{PDI}"


def _is_shown(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) not in _HIDDEN


def _low(line: str) -> str:
    kept = []
    marks = 0
    for char in line:
        marks = marks + 1 if unicodedata.category(char)[0] == "M" else 0
        if marks <= MOST_MARKS:
            kept.append(char)
    return "".join(kept)
