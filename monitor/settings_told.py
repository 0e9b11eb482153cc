"""What is said of settings that cannot be used: where each stands, what was expected, and what was written."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from monitor.topics.lines import Lines
from monitor.topics.toml import NotToml, tables_of
from monitor.topics.values import did_you_mean

_SHOWN = re.compile("int_|float_|bool_|literal_|less_than|greater_than")
"""Errors whose value is shown: of numbers and choices. Others may be a secret, or hold one."""

_EXPECTED = {
    "telegram.chat": 'the id of a chat, such as "-1001234567890", or the "@name" of a public channel',
    "telegram.review": 'the id of a chat, such as "-1009876543210"',
    "telegram.api_url": "an address that begins with http:// or https://",
    "telegram.webhook_url": "an address that begins with http:// or https://",
    "fetch.user_agent": "one line of ASCII letters",
}
"""What a pattern stands for."""

_BY_TYPE = {
    "bool": "true or false",
    "string": "text in quotes",
    "tuple": 'a list in square brackets, as in ["…", "…"]',
    "dict": "a table",
    "model": "a table",
    "path": "the path of a file or a folder, in quotes",
}


class Origin(NamedTuple):
    """Where settings come from: the file, its text, and the environment."""

    file: Path
    text: str
    environment: Mapping[str, str]

    def place(self, path: tuple[str | int, ...]) -> str:
        """Return what set this: a variable, or a line of the file."""
        names = ["MONITOR_" + "__".join(map(str, path[:n])).upper() for n in range(len(path), 0, -1)]
        variable = next((name for name in names if name in self.environment), None)
        return variable or self.line(path)

    def line(self, path: tuple[str | int, ...]) -> str:
        """Return the line of the file on which this stands, or what it is in."""
        return f"{self.file} line {Lines(self.text).of(path)}"

    def tables(self) -> dict[str, Any]:
        """Return what the file says. Raises ValueError with a sentence."""
        try:
            return tables_of(self.text)
        except NotToml as wrong:
            raise ValueError(f"{self.file} line {wrong.line}: {wrong.sentence}") from wrong


def sentence(error: Any, origin: Origin, model: type[BaseModel]) -> str:
    """Word one error of pydantic."""
    path: tuple[str | int, ...] = error["loc"]
    kind: str = error["type"]
    name = ".".join(map(str, path))
    if kind == "extra_forbidden":
        return f"{origin.place(path)}: {name}: no such setting{_known(path, model)}"
    if kind == "value_error":
        said = str(error["msg"]).removeprefix("Value error, ")
        path, name = _of_source(path, said) or (path, f"{name}: ")
        return f"{origin.place(path)}: {name}{said}"
    but = f", not {_quoted(error['input'])}" if _SHOWN.match(kind) else ""
    return f"{origin.place(path)}: {name} must be {_expected(name, kind, error, _field(path, model))}{but}"


def unread(error: Exception) -> str:
    """Word why a file cannot be read, without the numbers of the system."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return "it is not saved as UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)


def _of_source(path: tuple[str | int, ...], said: str) -> tuple[tuple[str | int, ...], str] | None:
    """Return where an option of a source stands that a check of all of them names in front."""
    if path != ("sources",):
        return None
    source, _, option = said.partition(":")[0].partition(".")
    return ("sources", source, option), "sources."


def _known(path: tuple[str | int, ...], model: type[BaseModel]) -> str:
    within = _model(path[:-1], model)
    names = list(within.model_fields) if within is not None else []
    return did_you_mean(str(path[-1]), names) or (f"; known are {', '.join(names)}" if names else "")


def _model(path: tuple[str | int, ...], model: type[BaseModel]) -> type[BaseModel] | None:
    for part in path:
        field = model.model_fields.get(str(part))
        if field is None or not (isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)):
            return None
        model = field.annotation
    return model


def _field(path: tuple[str | int, ...], model: type[BaseModel]) -> FieldInfo | None:
    within = _model(path[:-1], model)
    return None if within is None else within.model_fields.get(str(path[-1]))


def _expected(name: str, kind: str, error: Any, field: FieldInfo | None) -> str:
    if name in _EXPECTED:
        return _EXPECTED[name]
    if kind == "literal_error":
        return str(error["ctx"]["expected"]).replace("'", '"')
    if kind.startswith(("int_", "float_", "less_than", "greater_than")):
        return " ".join(["a number", *_bounds(field)])
    by_type = _BY_TYPE.get(kind.partition("_")[0])
    return by_type or str(error["msg"]).removeprefix("Input should be ").removeprefix("Value should be ")


def _bounds(field: FieldInfo | None) -> Iterator[str]:
    """Yield the words of what a number lies between."""
    limits = {
        name: getattr(each, name)
        for each in (field.metadata if field is not None else ())
        for name in ("ge", "gt", "le", "lt")
        if getattr(each, name, None) is not None
    }
    if "ge" in limits:
        yield f"from {limits['ge']}"
    if "gt" in limits:
        yield f"above {limits['gt']}"
    if "le" in limits:
        yield f"to {limits['le']}" if "ge" in limits else f"and at most {limits['le']}"


def _quoted(value: object) -> str:
    return f'"{value[:40]}"' if isinstance(value, str) else str(value)[:40]
