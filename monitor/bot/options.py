"""What can be set of a topic's digests in a chat: each choice, how it is read, and how it is told. Pure.

A button says the first letter of a choice and its value ("a0730"), somebody who writes the name and the value
("at 07:30"); both are read by the same function, so that whatever a button can choose can be written, and more.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from monitor.digests.wishing import QUIET
from monitor.digests.wording import WEEKDAYS, listed
from monitor.digests.zones import zone_told
from monitor.models import Topic
from monitor.nouns.wishes import NEVER_QUIET, Manners, Wishes
from monitor.saying import LANGUAGES, phrase, say
from monitor.text.folding import fold

_CLOCK = re.compile(r"([01]?\d|2[0-3]):?([0-5]\d)")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z]{4})?")
MOST_LANGUAGES = 6

TONGUES = {"zh": phrase("Chinese"), **LANGUAGES}
"""What languages are called."""

MODES = {
    "new": phrase("what is new"),
    "all": phrase("the best of the day, also if shown before"),
    "rising": phrase("only when it rises"),
}
PEOPLE = {
    "default": phrase("quotes without names"),
    "names": phrase("quotes with names"),
    "links": phrase("links only"),
    "counts": phrase("counts only"),
}


class Setting(NamedTuple):
    """What a chat has: its own wishes where it has any, else what the topic says."""

    topic: Topic
    wishes: Wishes
    manners: Manners


class Choice(NamedTuple):
    """Something that can be set. `read` returns the change, None where it does not understand the value."""

    letter: str
    name: str
    label: str
    offered: tuple[str, ...]
    read: Callable[[str], dict[str, Any] | None]
    told: Callable[[Setting], str]
    is_for_chat: bool = False

    @property
    def is_schedule(self) -> bool:
        """Tell whether it changes when digests come."""
        return self.letter in "azd"


def read_clock(value: str) -> str | None:
    """Return a local time as "HH:MM"; digits of full width and a missing colon make no difference."""
    found = _CLOCK.fullmatch(fold(value).strip())
    return None if found is None else f"{int(found[1]):02}:{found[2]}"


def _read_at(value: str) -> dict[str, Any] | None:
    clock = read_clock(value)
    return None if clock is None else {"at": clock}


@cache
def _zones() -> tuple[str, ...]:
    """Return the names of all time zones. They are looked up in folders of files, which takes some 25 ms."""
    return tuple(sorted(available_timezones()))


def _read_zone(value: str) -> dict[str, Any] | None:
    """Read a time zone by its name, or by the name of its city."""
    asked = value.strip().replace(" ", "_").lower()
    zones = _zones()
    exact = [each for each in zones if each.lower() == asked or fold(zone_told(each)) == fold(value).strip()]
    city = [each for each in zones if each.rpartition("/")[2].lower() == asked and "/" in each]
    found = exact or city
    return {"timezone": found[0]} if found else None


def _read_days(value: str) -> dict[str, Any] | None:
    """Read "daily", "0-4" as digits ("01234", Monday is 0), "mon-fri" or "mon,wed"."""
    said = fold(value).replace(" ", "").lower()
    if said in ("daily", "all"):
        return {"days": ()}
    if said.isdigit() and set(said) <= set("0123456"):
        return _of_days(set(map(int, said)))
    days: set[int] = set()
    for part in said.split(","):
        first, _, last = part.partition("-")
        if first[:3] not in _DAYS or (last and last[:3] not in _DAYS):
            return None
        begin, end = _DAYS.index(first[:3]), _DAYS.index((last or first)[:3])
        days |= {(begin + n) % 7 for n in range((end - begin) % 7 + 1)}
    return _of_days(days)


def _of_days(days: set[int]) -> dict[str, Any]:
    return {"days": () if len(days) == len(_DAYS) else tuple(sorted(days))}


def _read_quiet(value: str) -> dict[str, Any] | None:
    said = fold(value).strip().lower()
    if said == "off":
        return {"quiet": NEVER_QUIET}
    begin, _, end = said.replace("–", "-").partition("-")
    clocks = read_clock(begin.strip()), read_clock(end.strip())
    if clocks[0] is None or clocks[1] is None or clocks[0] == clocks[1]:
        return None
    return {"quiet": clocks}


def _read_mode(value: str) -> dict[str, Any] | None:
    said = fold(value).strip().lower()
    return {"mode": said} if said in MODES else None


def _read_alerts(value: str) -> dict[str, Any] | None:
    said = fold(value).strip().lower()
    return {"alerts": said == "on"} if said in ("on", "off") else None


def _read_languages(value: str) -> dict[str, Any] | None:
    named = {tongue_told(tag): tag for tag in TONGUES}
    said = [named.get(each, each) for each in re.split("[,，、 ]", value) if each]
    if [each.lower() for each in said] == ["all"]:
        return {"languages": ()}
    if not said or len(said) > MOST_LANGUAGES or not all(_LANGUAGE.fullmatch(each) for each in said):
        return None
    return {"languages": tuple(said)}


def _read_people(value: str) -> dict[str, Any] | None:
    said = fold(value).strip().lower()
    return {"people": None if said == "default" else said} if said in ("default", "links", "counts") else None


def tongue_told(tag: str) -> str:
    """Return what people call a language."""
    return say(TONGUES[tag]) if tag in TONGUES else tag


def days_told(days: tuple[int, ...]) -> str:
    """Word the days of the week."""
    return listed([say(WEEKDAYS[day]) for day in days]) if days else say("every day")


def _quiet_told(setting: Setting) -> str:
    quiet = setting.wishes.quiet
    if quiet is None:
        return say("{start}–{end}, for alerts only", start=QUIET[0], end=QUIET[1])
    return say("none") if quiet == NEVER_QUIET else f"{quiet[0]}–{quiet[1]}"


CHOICES = (
    Choice(
        "a",
        "at",
        phrase("Time"),
        ("07:00", "08:00", "09:00", "12:00", "18:00", "20:00", "22:00"),
        _read_at,
        lambda s: s.wishes.at or s.topic.digest_at,
    ),
    Choice(
        "z",
        "zone",
        phrase("Time zone"),
        (
            *("Asia/Taipei", "Asia/Shanghai", "Asia/Hong_Kong", "Asia/Tokyo", "Europe/London", "Europe/Berlin"),
            *("America/New_York", "America/Los_Angeles", "UTC"),
        ),
        _read_zone,
        lambda s: zone_told(s.wishes.timezone or s.topic.timezone),
    ),
    Choice(
        "d",
        "days",
        phrase("Days"),
        ("daily", "01234", "56", "024", "0"),
        _read_days,
        lambda s: days_told(s.wishes.days or s.topic.digest_days),
    ),
    Choice("q", "quiet", phrase("Quiet hours"), ("off", "-".join(QUIET), "23:00-07:00"), _read_quiet, _quiet_told),
    Choice("m", "shows", phrase("Shows"), tuple(MODES), _read_mode, lambda s: say(MODES[s.wishes.mode])),
    Choice(
        "x",
        "alerts",
        phrase("Alerts"),
        ("on", "off"),
        _read_alerts,
        lambda s: say("on") if s.wishes.alerts else say("off"),
    ),
    Choice(
        "l",
        "languages",
        phrase("Languages"),
        ("all", "zh", "zh-Hans", "zh-Hant", "en", "zh,en"),
        _read_languages,
        lambda s: listed(list(map(tongue_told, s.wishes.languages))) if s.wishes.languages else say("all"),
    ),
    Choice(
        "p",
        "people",
        phrase("People"),
        ("default", "links", "counts"),
        _read_people,
        lambda s: say(PEOPLE[s.manners.people or "default"]),
        is_for_chat=True,
    ),
)
"""Every choice, in the order in which it is shown. Values that are offered are at most 20 bytes long."""


def by_letter(letter: str) -> Choice | None:
    """Return the choice of a button."""
    return next((each for each in CHOICES if each.letter == letter), None)


def by_name(name: str) -> Choice | None:
    """Return the choice that somebody names, in English or as it is called in the language that is spoken."""
    said = fold(name).lower()
    return next((each for each in CHOICES if said in (each.name, fold(say(each.label)).lower())), None)


def label_of(choice: Choice, value: str) -> str:
    """Return what stands on the button of a value."""
    change = choice.read(value)
    assert change is not None, "what is offered can be read"
    setting = Setting(Topic(name="", title=""), Wishes(), Manners())
    if choice.is_for_chat:
        return choice.told(setting._replace(manners=Manners(**change)))
    return choice.told(setting._replace(wishes=Wishes(**change)))


def zone_of(setting: Setting) -> ZoneInfo:
    """Return the time zone that holds in a chat for a topic."""
    return ZoneInfo(setting.wishes.timezone or setting.topic.timezone)
