"""Lines of keys and items in TOML text."""

import tomllib

import pytest

from monitor.topics.lines import Lines, Path

TEXT = '''# feeds = 1
feeds = [ # a ] in a note
  "https://a.example/#x",   # a note, with "quotes"
  'https://b.example', "https://c.example",
]

[topics.a-b] # a note
title = """several
any = "not a key"
[topics.not-a-table]
"""
any = ["x]",
  # "not an item"
  "y \\\\", [1, 2], {z = 1}, 5,
]
none = []
"quoted key" = 1

[ topics . "q.r" ]
a.b = \'\'\'x
= y\'\'\'
last = 2'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("feeds",), 2),
        (("feeds", 0), 3),
        (("feeds", 1), 4),
        (("feeds", 2), 4),
        (("topics", "a-b"), 7),
        (("topics", "a-b", "title"), 8),
        (("topics", "a-b", "any"), 12),
        (("topics", "a-b", "any", 0), 12),
        (("topics", "a-b", "any", 1), 14),
        (("topics", "a-b", "any", 2), 14),
        (("topics", "a-b", "any", 4), 14),
        (("topics", "a-b", "none"), 16),
        (("topics", "a-b", "quoted key"), 17),
        (("topics", "q.r"), 19),
        (("topics", "q.r", "a", "b"), 20),
        (("topics", "q.r", "last"), 22),
    ],
)
def test_keys_and_items_are_found(path: Path, line: int) -> None:
    assert tomllib.loads(TEXT)
    assert Lines(TEXT).of(path) == line


@pytest.mark.parametrize(
    ("path", "line"),
    [(("topics", "a-b", "missing"), 7), (("feeds", 9), 2), (("missing",), 1), ((), 1), (("topics", "not-a-table"), 1)],
)
def test_what_is_not_found_has_the_line_of_what_it_is_in(path: Path, line: int) -> None:
    assert Lines(TEXT).of(path) == line


def test_windows_line_ends_are_no_trouble() -> None:
    assert Lines("a = 1\r\n[topics.x]\r\nany = [\r\n'a',\r\n'b']\r\n").of(("topics", "x", "any", 1)) == 5
