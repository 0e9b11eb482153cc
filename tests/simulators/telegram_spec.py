"""The published Bot API as a judge of requests: methods, fields, types, enumerations, sizes.

The server of Telegram ignores fields it does not know and reads "5" as 5; here both are breaches, for a product that
sends them says something it does not mean.
"""

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any, NamedTuple

from tests.simulators.telegram_refusals import Breach

Json = dict[str, Any]

_QUOTED = re.compile(r'"([^"]+)"')
_ENUMERATED = re.compile(r"(?:must be|can be|one of|always|either)(?: one of| either)? (\"[^.]+?)(?:\. |\.$|$)")
_MUST_BE = re.compile(r"\bmust be ([a-z_]+)$")
_CHOOSE = re.compile(r"Choose one, .*?: (.*)$")
_SIZE = re.compile(r"(\d+)-(\d+) (characters|bytes)(?! after entit)")
_VALUES = re.compile(r"(?:Values between |[,;] )(\d+)-(\d+)(?: are accepted)?\. ")
_ITEMS = re.compile(r"list of (\d+)-(\d+) ")
# Fields whose names stand in quotes in a description that is not an enumeration ("pass "attach://…"").
# callback_data and the texts of buttons are judged in telegram_text.py, in the words of the server.
_FREE = {
    "callback_data",
    "media",
    "thumbnail",
    "cover",
    "photo",
    "currency",
    "foursquare_type",
    "invite_link",
    "name",
}
PARSE_MODES = frozenset({"HTML", "Markdown", "MarkdownV2"})  # core.telegram.org/bots/api#formatting-options


class Upload(NamedTuple):
    """A file in a multipart request."""

    name: str
    content_type: str
    body: bytes


class Field(NamedTuple):
    """One field of a method or of a type."""

    name: str
    types: tuple[str, ...]
    is_required: bool
    values: frozenset[str]
    size: tuple[int, int, str] | None
    description: str


class Spec:
    """The specification, loaded once."""

    def __init__(self, path: Path) -> None:
        with gzip.open(path) as packed:
            self._raw: Json = json.load(packed)

    @staticmethod
    @cache
    def load(path: Path) -> "Spec":
        """Return the specification in a file, read once in a process."""
        return Spec(path)

    @cached_property
    def methods(self) -> Mapping[str, tuple[Field, ...]]:
        """Return the fields of each method."""
        return {name: _fields(method) for name, method in self._raw["methods"].items()}

    @cached_property
    def types(self) -> Mapping[str, tuple[Field, ...]]:
        """Return the fields of each type that has any."""
        return {name: _fields(kind) for name, kind in self._raw["types"].items() if "subtypes" not in kind}

    @cached_property
    def subtypes(self) -> Mapping[str, tuple[str, ...]]:
        """Return the kinds of each union type."""
        raw = self._raw["types"]
        return {name: tuple(kind["subtypes"]) for name, kind in raw.items() if "subtypes" in kind}

    def returns(self, method: str) -> list[str]:
        """Return the types a method may answer with."""
        return list(self._raw["methods"][method]["returns"])

    def method_named(self, name: str) -> str:
        """Return a method's name as the specification spells it; the server does not mind the case. Raise 404."""
        names = {known.lower(): known for known in self.methods}
        if name.lower() not in names:
            raise Breach(404, "Not Found: method not found")
        return names[name.lower()]

    def read(self, method: str, form: Mapping[str, str], files: Mapping[str, Upload]) -> Json:
        """Return a form's fields as values of their types. Raise Breach where one is not of its type."""
        by_name = {field.name: field for field in self.methods[method]}
        read = {name: _from_form(by_name[name], text) for name, text in form.items() if name in by_name}
        unknown = {name: text for name, text in form.items() if name not in by_name}
        return read | unknown | {name: f"attach://{name}" for name in files if name in by_name}

    def check(self, method: str, arguments: Json, files: Mapping[str, Upload]) -> None:
        """Check a request against its method. Raise Breach with everything that is wrong with it."""
        problems = list(self._object(method, self.methods[method], arguments))
        problems += [f"file {name!r} is referenced by no field" for name in _unreferenced(arguments, files)]
        problems += [f"attach://{name} is not in the request" for name in _attached(arguments) - set(files)]
        if problems:
            raise Breach(400, f"Bad Request: {method}: " + "; ".join(problems))

    def problems(self, kind: str, value: object) -> list[str]:
        """Return what is wrong with a value of a type, also of our own answers."""
        return list(self._value(kind, kind, value))

    def _object(self, where: str, fields: tuple[Field, ...], value: Json) -> Iterator[str]:
        by_name = {field.name: field for field in fields}
        for name in value:
            if name not in by_name:
                yield f"{where} has no field {name!r}"
        for field in fields:
            if field.name in value:
                yield from self._field(f"{where}.{field.name}", field, value[field.name])
            elif field.is_required:
                yield f"{where}.{field.name} is missing"

    def _field(self, where: str, field: Field, value: object) -> Iterator[str]:
        tried = [list(self._value(where, kind, value)) for kind in field.types]
        if all(tried):
            yield from min(tried, key=len)
            return
        if field.values and value not in field.values:
            yield f"{where} is {value!r}, not one of {', '.join(sorted(field.values))}"
        if field.name.endswith("parse_mode") and value not in PARSE_MODES:
            yield f"{where}: unsupported parse_mode {value!r}"
        if field.size is not None and not _fits(field.size, value):
            yield f"{where} is not of {field.size[0]}-{field.size[1]} {field.size[2]}"

    def _value(self, where: str, kind: str, value: object) -> Iterator[str]:
        if kind in _SIMPLE:
            if not _SIMPLE[kind](value):
                yield f"{where} is {type(value).__name__}, not {kind}"
        elif kind.startswith("Array of "):
            yield from self._array(where, kind.removeprefix("Array of "), value)
        elif kind == "InputFile":
            if not (isinstance(value, str) and value.startswith("attach://")):
                yield f"{where} is not a file"
        elif not isinstance(value, dict):
            yield f"{where} is {type(value).__name__}, not {kind}"
        elif kind in self.subtypes:
            tried = [list(self._value(where, subtype, value)) for subtype in self.subtypes[kind]]
            if all(tried):
                yield from min(tried, key=len)
        else:
            yield from self._object(where, self.types[kind], value)

    def _array(self, where: str, kind: str, value: object) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"{where} is {type(value).__name__}, not an array"
            return
        for place, element in enumerate(value):
            yield from self._value(f"{where}[{place}]", kind, element)


_SIMPLE = {
    "Integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "Float": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "String": lambda value: isinstance(value, str),
    "Boolean": lambda value: isinstance(value, bool),
}


def _fields(described: Json) -> tuple[Field, ...]:
    return tuple(
        Field(
            name=field["name"],
            types=tuple(field["types"]),
            is_required=field["required"],
            values=_values(field),
            size=_size(field),
            description=field["description"],
        )
        for field in described.get("fields", [])
    )


def _values(field: Json) -> frozenset[str]:
    """Return the values a description allows; empty where it states none."""
    text = field["description"]
    if field["types"] != ["String"] or field["name"] in _FREE:
        return frozenset()
    if chosen := _CHOOSE.search(text):
        return frozenset(re.findall(r"[a-z]+(?:_[a-z]+)*(?= for | or )", chosen[1]))
    if only := _MUST_BE.search(text):
        return frozenset({only[1]})
    listed = _ENUMERATED.search(re.sub(r" \([^)]*\)", "", text))
    return frozenset(_QUOTED.findall(listed[1])) if listed and not text.startswith("Optional. For ") else frozenset()


def _size(field: Json) -> tuple[int, int, str] | None:
    text = field["description"]
    if field["name"] in _FREE or "after entit" in text:
        return None
    if field["types"] == ["String"] and (found := _SIZE.search(text)):
        return int(found[1]), int(found[2]), found[3]
    if field["types"] == ["Integer"] and (found := _VALUES.search(text)):
        return int(found[1]), int(found[2]), "as its value"
    if field["types"][0].startswith("Array") and (found := _ITEMS.search(text)):
        return int(found[1]), int(found[2]), "items"
    return None


def _fits(size: tuple[int, int, str], value: object) -> bool:
    least, most, unit = size
    if isinstance(value, int):
        return least <= value <= most
    assert isinstance(value, str | list), "only strings and arrays have a length"
    length = len(value.encode()) if unit == "bytes" and isinstance(value, str) else len(value)
    return least <= length <= most


def _from_form(field: Field, text: str) -> object:
    """Return a form's text as the first type of the field that it can be read as."""
    for kind in field.types:
        if kind == "Integer" and re.fullmatch(r"-?\d{1,19}", text):
            return int(text)
        if kind == "Float" and re.fullmatch(r"-?\d+(\.\d+)?", text):
            return float(text)
        if kind == "Boolean" and text.lower() in ("true", "false"):
            return text.lower() == "true"
        if kind in ("String", "InputFile"):
            return text
        if kind not in _SIMPLE:
            return _json(field.name, text)
    raise Breach(400, f"Bad Request: {field.name} is not {' or '.join(field.types)}: {text[:40]!r}")


def _json(name: str, text: str) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        raise Breach(400, f"Bad Request: can't parse {name} JSON object: {error}") from error


def _attached(value: object) -> set[str]:
    """Return the names of the files a request refers to, at any depth."""
    if isinstance(value, str):
        return {value.removeprefix("attach://")} if value.startswith("attach://") else set()
    if isinstance(value, Mapping):
        return set[str]().union(*(_attached(inner) for inner in value.values()))
    if isinstance(value, list):
        return set[str]().union(*(_attached(inner) for inner in value))
    return set()


def _unreferenced(arguments: Json, files: Mapping[str, Upload]) -> list[str]:
    return sorted(set(files) - _attached(arguments))
