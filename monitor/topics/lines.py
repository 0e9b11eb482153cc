"""On which line of a TOML file a key or a list's item stands: the parser of the standard library does not say.

A light scan of text that tomllib has accepted. What it does not find has the line of the nearest table above it.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

Path = tuple[str | int, ...]
"""Keys from the top of the file, and the position in a list: ("topics", "smash-pots", "any", 2)."""

_KEY = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""
_KEYS = rf"{_KEY}(?:[ \t]*\.[ \t]*{_KEY})*"
_TABLE = re.compile(rf"[ \t]*\[[ \t]*({_KEYS})[ \t]*\][ \t]*(?:\#[^\n]*)?\r?(?:\n|\Z)")
_ASSIGNMENT = re.compile(rf"[ \t]*({_KEYS})[ \t]*=")
_ONE_KEY = re.compile(_KEY)
_TOKEN = re.compile(
    r'''"""(?:[^\\]|\\.)*?"""+|\'\'\'.*?\'\'\'+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|\#[^\n]*|[\[\]{},\n]|[^\s\[\]{},\#"']+''',
    re.DOTALL,
)
_LINE = re.compile(r"[^\n]*(?:\n|\Z)")


class _Value(NamedTuple):
    """Where a value ends, and where the items of a list begin."""

    end: int
    items: tuple[int, ...]


class Lines:
    """The line numbers, from 1, of what stands in a TOML file."""

    def __init__(self, text: str) -> None:
        self._offsets = _offsets_by_path(text)
        self._text = text

    def of(self, path: Path) -> int:
        """Return the line of a key or an item, or of what it is in."""
        known = next((path[:depth] for depth in range(len(path), 0, -1) if path[:depth] in self._offsets), None)
        return 1 if known is None else self._line(self._offsets[known])

    def first_of_two(self, line: int) -> tuple[tuple[str, ...], int, bool] | None:
        """Return the path of what ends at a line and stood before, its first line, and whether it is a table."""
        first: dict[Path, int] = {}
        found = None
        for path, offset in _places(self._text):
            here = self._line(offset)
            if here > line:
                break
            named = tuple(key for key in path if isinstance(key, str))
            if named == path and path in first:
                start = self._text.rfind("\n", 0, offset) + 1
                found = named, first[path], _TABLE.match(self._text, start) is not None
            first.setdefault(path, here)
        return found

    def _line(self, offset: int) -> int:
        return self._text.count("\n", 0, offset) + 1


def _offsets_by_path(text: str) -> Mapping[Path, int]:
    offsets: dict[Path, int] = {}
    for path, offset in _places(text):
        offsets.setdefault(path, offset)
    return offsets


def _places(text: str) -> Iterator[tuple[Path, int]]:
    """Yield every table header, key and list item with its offset."""
    table: Path = ()
    position = 0
    while position < len(text):
        if header := _TABLE.match(text, position):
            table = _keys(header[1])
            yield table, header.start(1)
            position = header.end()
        elif assignment := _ASSIGNMENT.match(text, position):
            path = table + _keys(assignment[1])
            value = _value(text, assignment.end())
            yield path, assignment.start(1)
            yield from (((*path, number), offset) for number, offset in enumerate(value.items))
            position = value.end
        else:
            line = _LINE.match(text, position)
            position = line.end() if line and line.end() > position else len(text)


def _keys(dotted: str) -> Path:
    return tuple(key[1:-1] if key[0] in "\"'" else key for key in _ONE_KEY.findall(dotted))


def _value(text: str, start: int) -> _Value:
    """Read one value: to the end of its line, or of the line on which its brackets close."""
    depth = 0
    items: list[int] = []
    awaits_item = False
    for token in _TOKEN.finditer(text, start):
        mark = token[0]
        if mark == "\n" and depth == 0:
            return _Value(token.end(), tuple(items))
        if depth == 1 and awaits_item and mark[0] not in "\n#],":
            items.append(token.start())
            awaits_item = False
        depth += (mark in "[{") - (mark in "]}")
        if depth == 1 and mark in "[,":
            awaits_item = True
    return _Value(len(text), tuple(items))
