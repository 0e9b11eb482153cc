"""One line of an archive to a post. The form is documented in replay.py."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from types import MappingProxyType
from typing import Any

import msgspec

from monitor.digests.platforms import LABELS
from monitor.errors import ConfigError
from monitor.models import Author, Engagement, Post, PostKey
from monitor.sources.surrogates import repair

_COUNTS = ("likes", "reposts", "replies", "views")
_FIELDS = ("id", "text", "created_at", "author", "url", "source", "language", "links", "observed_at")
_RELATIONS = ("in_reply_to", "repost_of")
DEFAULT_MAP: Mapping[str, str] = MappingProxyType(
    {field: field for field in (*_FIELDS, *_RELATIONS)} | {count: f"engagement.{count}" for count in _COUNTS}
)
_ORDER = (*_FIELDS, *_RELATIONS, *_COUNTS)
_HANDLES = ("handle", "screen_name", "username")
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"
_NO_AUTHOR, _NO_ENGAGEMENT, _NO_COUNTS = Author(), Engagement(), [None] * len(_COUNTS)
_UNWRITABLE = frozenset('"\\')
"""What a key of a line would have to escape: no archive has such."""

# Epoch seconds reach this in the year 5138; milliseconds reached it in 1973.
_LEAST_MILLISECONDS = 100_000_000_000


class UnreadableLine(Exception):
    """A line that holds no post; the message says why."""


def parse_map(text: str) -> Mapping[str, str]:
    """Return field → dotted path from "text=content,author=user.screen_name"; other fields keep their own names.

    "engagement=PATH" moves the four counts together. Raise ConfigError with every problem.
    """
    wanted: dict[str, str] = {}
    problems = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        field, _, path = (piece.strip() for piece in part.partition("="))
        if not path or not all(path.split(".")) or not path.isprintable() or not _UNWRITABLE.isdisjoint(path):
            problems.append(f"--map: {part!r} is not FIELD=PATH, e.g. text=content")
        elif field == "engagement":
            wanted |= {count: f"{path}.{count}" for count in _COUNTS}
        elif field in DEFAULT_MAP:
            wanted[field] = path
        else:
            problems.append(f"--map: there is no field {field!r}; fields are {', '.join(DEFAULT_MAP)}, engagement")
    if problems:
        raise ConfigError(problems)
    return dict(DEFAULT_MAP) | wanted


class LineReader:
    """Turns lines of one shape into posts."""

    def __init__(self, mapping: Mapping[str, str], source: str) -> None:
        self._source = source
        paths = [mapping[field].split(".") for field in _ORDER]
        # A type of their own for such lines: what is not asked for is skipped when they are decoded.
        keys = {first: f"key_{number}" for number, first in enumerate(dict.fromkeys(path[0] for path in paths))}
        line = msgspec.defstruct("Line", [(name, Any, None) for name in keys.values()], rename=_renamed(keys), gc=False)
        self._decode: Callable[[bytes], object] = msgspec.json.Decoder(line).decode
        self._values = attrgetter(*(keys[path[0]] for path in paths))
        self._deeper = [(number, path[1:]) for number, path in enumerate(paths) if len(path) > 1]

    def post(self, line: bytes, now: datetime) -> Post:
        """Return the post of a line; `now` is when it was observed if the line knows no time at all.

        Raise UnreadableLine.
        """
        values = self._values(self._record(line))
        for number, path in self._deeper:
            if values[number] is not None:
                values = (*values[:number], _at(values[number], path), *values[number + 1 :])
        id_, text, created, author, url, source, language, links, observed, in_reply_to, repost_of, *counts = values
        created_at = _time(created)
        return Post(
            key=PostKey(_name(source, self._source), _id(id_)),
            url=_address(url),
            text=_words(text),
            observed_at=_time(observed) or created_at or now,
            created_at=created_at,
            author=_author(author),
            language_hint=_optional(language),
            engagement=_NO_ENGAGEMENT if counts == _NO_COUNTS else _engagement(counts),
            links=_links(links),
            in_reply_to=_optional(in_reply_to),
            repost_of=_optional(repost_of),
        )

    def _record(self, line: bytes) -> object:
        try:
            return self._decode(line)
        except msgspec.ValidationError as e:
            raise UnreadableLine("it is not a JSON object") from e
        except (msgspec.DecodeError, UnicodeDecodeError):
            return self._repaired(line)
        except RecursionError as e:
            raise UnreadableLine("it is nested too deep") from e

    def _repaired(self, line: bytes) -> object:
        try:
            return self._decode(repair(line))
        except (msgspec.DecodeError, UnicodeDecodeError) as e:
            raise UnreadableLine(f"it is not JSON ({e})") from e


def _renamed(keys: Mapping[str, str]) -> Callable[[str], str | None]:
    """Return what says by which key of a line an attribute is called."""
    return {name: key for key, name in keys.items()}.get


def _at(record: object, path: Sequence[str]) -> object:
    """Return what lies at a path of keys; None where there is nothing."""
    for key in path:
        if not isinstance(record, dict):
            return None
        record = record.get(key)
    return record


def _id(value: object) -> str:
    found = _optional(value)
    if found is None:
        raise UnreadableLine("it has no id")
    return found


def _words(value: object) -> str:
    if not isinstance(value, str):
        raise UnreadableLine("it has no text")
    return value


def _name(value: object, otherwise: str) -> str:
    """Return a platform that we know: many archives use the word for the program that wrote the post."""
    return value if isinstance(value, str) and value in LABELS else otherwise


def _optional(value: object) -> str | None:
    """Return text, or a whole number as text; None for all else."""
    if value is None:
        return None
    if isinstance(value, str):
        return value or None
    return str(value) if type(value) is int else None


def _address(value: object) -> str | None:
    return value if isinstance(value, str) and value.startswith(("http://", "https://")) else None


def _links(value: object) -> tuple[str, ...]:
    return tuple(filter(None, map(_address, value))) if isinstance(value, list) else ()


def _engagement(counts: Iterable[object]) -> Engagement:
    return Engagement(**dict(zip(_COUNTS, map(_count, counts), strict=True)))


def _count(value: object) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _author(value: object) -> Author:
    if isinstance(value, dict):
        handle = next((h for key in _HANDLES if (h := _optional(value.get(key)))), None)
        return Author(id=_optional(value.get("id")) or handle, handle=handle, name=_optional(value.get("name")))
    handle = _optional(value)
    return _NO_AUTHOR if handle is None else Author(id=handle, handle=handle)


def _time(value: object) -> datetime | None:
    """Return an aware UTC time of ISO 8601, X's own form, or epoch seconds or milliseconds; None when absent.

    A time without a zone is taken as UTC. Raise UnreadableLine for anything else.
    """
    if value is None or value == "":
        return None
    try:
        if isinstance(value, str) and not value.isdecimal():
            return _written_time(value.strip())
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return _epoch_time(float(value))
    except (ValueError, OverflowError, OSError) as e:
        raise UnreadableLine(f"{str(value)[:40]!r} is no time that is understood") from e
    raise UnreadableLine("its time is neither text nor a number")


def _epoch_time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds / 1000 if seconds >= _LEAST_MILLISECONDS else seconds, UTC)


def _written_time(text: str) -> datetime:
    time = _long_time(text) if text[:1].isalpha() else datetime.fromisoformat(text)
    if time.tzinfo is UTC:
        return time
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _long_time(text: str) -> datetime:
    """Read X's "Wed Oct 10 20:19:24 +0000 2018"; strptime would depend on the locale, and be slow."""
    _, month, day, clock, zone, year = text.split()
    number = _MONTHS.index(month) // 3 + 1
    return datetime.fromisoformat(f"{year}-{number:02}-{day:0>2}T{clock}{zone}")
