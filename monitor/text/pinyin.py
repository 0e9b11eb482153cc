"""How Han characters are read in Mandarin, in letters a-z: the tables of pypinyin (MIT), read as data.

Importing the package takes half a second and 40 MB, most of them for phrases, which are seldom asked for here.
"""

import json
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_TONES = str.maketrans(
    "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüńňǹḿ", "aaaaeeeeiiiioooouuuuvvvvvnnnm", "\u0300\u0301\u0302\u0304\u030c"
)
_LONGEST_WORD = 10


def readings_of(char: str) -> tuple[str, ...]:
    """Return the readings of a character in capitals, the usual one first; none of what is no Han character."""
    return _readings().get(char, ())


def spelled(text: str) -> str:
    """Return a text in simplified characters with a reading, between spaces, in the place of each Han character.

    Where a word decides, it does: 行 is "xing", and "hang" in 银行. Takes a tenth of a second.
    """
    if text.isascii():
        return text  # whoever has nothing to read need not open the book
    return "".join(_parts(text, _table("phrases_dict.json")))


def _parts(text: str, words: dict[str, Any]) -> Iterator[str]:
    at = 0
    while at < len(text):
        ends = range(min(len(text), at + _LONGEST_WORD), at + 1, -1)
        word = next((text[at:end] for end in ends if text[at:end] in words), "")
        if word:
            yield "".join(f" {_bare(syllable)} " for (syllable, *_) in words[word])
        else:
            readings = readings_of(text[at])
            yield f" {readings[0].lower()} " if readings else text[at]
        at += len(word) or 1


@cache
def _readings() -> dict[str, tuple[str, ...]]:
    by_code: dict[str, str] = _table("pinyin_dict.json")
    return {chr(int(code)): _plain(readings) for code, readings in by_code.items()}


def _plain(readings: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_bare(reading).upper() for reading in readings.split(",")))


def _bare(reading: str) -> str:
    return reading.translate(_TONES)


def _table(name: str) -> Any:
    spec = find_spec("pypinyin")
    assert spec is not None, "pypinyin is a dependency"
    assert spec.submodule_search_locations is not None, "pypinyin is a package"
    return json.loads((Path(spec.submodule_search_locations[0]) / name).read_text(encoding="utf-8"))
