"""The single values of the topics file: a check returns what was meant, or raises Wrong and says what to write."""

import difflib
import re
import zoneinfo
from collections.abc import Collection
from datetime import timedelta
from urllib.parse import urlsplit

from monitor.text.folding import fold
from monitor.text.languages import known_languages, tag_of_hint
from monitor.text.urls import canonical
from monitor.text.words import is_word_character
from monitor.topics.toml import wrong_name
from monitor.topics.zones import remedy_of

MAX_NAME = 40
MAX_TITLE = 100
MAX_KEYWORD = 200

_NAME = re.compile(rf"[a-z0-9](?:[a-z0-9-]{{0,{MAX_NAME - 1}}})")
_DURATION = re.compile(r"([0-9]{1,6}) ?([smhd])")
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})")
_HANDLE = re.compile(r"@[\w.]+(?:@[\w.-]+)?|u/[\w-]+")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_IN_A_COUNTRY = re.compile(r"[a-z]{2,3}[-_](?:[a-z]{2}|[0-9]{3})")
_LANGUAGES = {
    "chinese": "zh",
    "mandarin": "zh",
    "中文": "zh",
    "汉语": "zh",
    "粤语": "yue",
    "cantonese": "yue",
    "english": "en",
    "英文": "en",
    "英语": "en",
    "简体": "zh-Hans",
    "简体中文": "zh-Hans",
    "繁体": "zh-Hant",
    "繁体中文": "zh-Hant",
}
"""What people write for a language, folded."""


class Wrong(ValueError):
    """A value that cannot be used: a sentence that says why and what to write instead."""


def text_of(value: object) -> str:
    """Return a text that says something."""
    if not isinstance(value, str):
        raise Wrong(f"must be text in quotes, not {value!r}")
    if not value.strip():
        raise Wrong("is empty; write something or delete the line")
    return value.strip()


def title_of(value: object) -> str:
    """Return a title: one line of at most MAX_TITLE characters."""
    title = text_of(value)
    if len(title) > MAX_TITLE or "\n" in title:
        raise Wrong(f"must be one line of at most {MAX_TITLE} characters")
    return title


def name_of(value: object) -> str:
    """Return a topic's name, which is part of keys, addresses and commands."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        name = str(value)
        is_too_long = _NAME.fullmatch(name[:MAX_NAME]) is not None
        raise Wrong(f"a name has at most {MAX_NAME} characters" if is_too_long else wrong_name(name))
    return value


def keyword_of(value: object) -> str:
    """Return a keyword that can be found and means something."""
    if not isinstance(value, str):
        raise Wrong(f"a keyword must be text in quotes, not {value!r}")
    keyword = value.strip()
    folded = fold(keyword)
    if not keyword:
        raise Wrong("a keyword is empty; delete it")
    if not folded:
        raise Wrong(f"the keyword {keyword!r} has no visible character; delete it")
    if len(folded) == 1 and is_word_character(folded):
        raise Wrong(f'the keyword "{keyword}" is a single letter and would match nearly everything; write a word')
    if len(keyword) > MAX_KEYWORD:
        raise Wrong(f'the keyword "{keyword[:20]}…" is longer than {MAX_KEYWORD} characters; a few words are enough')
    if _HANDLE.fullmatch(folded):
        raise Wrong(f'the keyword "{keyword}" is a person\'s handle; topics follow words, never people: delete it')
    return keyword


def language_of(value: object) -> str:
    """Return a language that posts can be tagged with; a country says which script is meant, or nothing."""
    tag = text_of(value)
    known = sorted((*known_languages(), "zh-Hans", "zh-Hant", "und"))
    asked = fold(tag)
    in_a_country = tag_of_hint(tag) if _IN_A_COUNTRY.fullmatch(asked) else None
    meant = {language.lower(): language for language in known}.get(tag.lower()) or _LANGUAGES.get(asked) or in_a_country
    if meant is None:
        remedy = did_you_mean(tag, known) or '; write codes such as "en", "zh-Hans", "zh-Hant"'
        raise Wrong(f'unknown language "{tag}"{remedy}')
    return meant


def duration_of(value: object, shortest: timedelta, longest: timedelta) -> timedelta:
    """Return a duration such as "10m" within its limits."""
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise Wrong(f'must be a duration in quotes such as "30s", "10m", "6h" or "30d", not {value!r}')
    duration = timedelta(**{_UNITS[match[2]]: int(match[1])})
    if not shortest <= duration <= longest:
        raise Wrong(f"must be between {_short(shortest)} and {_short(longest)}, not {value}")
    return duration


def time_of(value: object) -> str:
    """Return a time of day as HH:MM."""
    match = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise Wrong(f'must be a time of day in quotes from "00:00" to "23:59", not {value!r}')
    return f"{int(match[1]):02}:{match[2]}"


def timezone_of(value: object) -> str:
    """Return a time zone of the IANA data base."""
    name = text_of(value)
    known = zoneinfo.available_timezones()
    if not known:
        raise Wrong("cannot be checked: this machine has no time zone data; install the package tzdata")
    if name not in known:
        raise Wrong(remedy_of(name, known))
    return name


def feed_of(value: object) -> str:
    """Return a feed's public address."""
    if not isinstance(value, str) or not value.strip():
        raise Wrong(f"a feed must be an address in quotes, not {value!r}")
    url = value.strip()
    if canonical(url) is None:
        raise Wrong(f'"{url}" is not a web address; write it in full, as in "https://example.org/feed.xml"')
    if "@" in urlsplit(url).netloc:
        raise Wrong("a feed's address holds a user name or a password, which would be shown to others; leave it out")
    return url


def did_you_mean(written: str, known: Collection[str]) -> str:
    """Return '; did you mean "…"?' for the known word most like the one written, else nothing."""
    by_lower = {word.lower(): word for word in sorted(known)}
    close = difflib.get_close_matches(written.lower(), by_lower, n=1, cutoff=0.6)
    return f'; did you mean "{by_lower[close[0]]}"?' if close else ""


def _short(duration: timedelta) -> str:
    seconds = int(duration.total_seconds())
    sizes = {"d": 86400, "h": 3600, "m": 60, "s": 1}
    unit = next(unit for unit, size in sizes.items() if seconds % size == 0)
    return f"{seconds // sizes[unit]}{unit}"
