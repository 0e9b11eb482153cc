"""Which script a text is written in, as ISO 15924 names it; for Han, whether it is simplified or traditional."""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from monitor.text.character_table import CharacterTable
from monitor.text.folding import converted_han, simplified_by_traditional

CJK_WEIGHT = 2.5
"""Latin letters that say as much as one Han, kana or Hangul character: about five to a word against two."""

NON_LATIN_WEIGHT = 1.5
"""Latin letters that a letter of another alphabet outweighs: Latin words are borrowed everywhere, others seldom."""

MAX_CHARACTERS = 5_000
"""How much of a text is looked at: the language of a longer one shows in its beginning, and time stays bounded."""

# Simplified forms that are also written in traditional text, as 后 and 征 are, though OpenCC converts them by default:
# entries of OpenCC's STCharacters (Apache-2.0) that list the character itself after another form.
_BOTH = frozenset(
    "熏淀郁适雇采里辟荐胜苹虫跖腊腌范蚝蝎蜡膻准几凶厂厘划占台叶吁吃后帘岩岳党夸咨咸尸唇干广征确种筑皂挂涂涌杠杰极游据"
    "斗愿朴柜万丑丰伙于云价余佣"
)
# Traditional forms that are also written in simplified text, as 乾隆 and 藉口 are: likewise from TSCharacters.
_BOTH_WAYS = frozenset("乾夥徵剋昇釐於吒祕瞭藉麽彷像")

_ISO_BY_NAME = {
    "LATIN": "Latn",
    "CYRILLIC": "Cyrl",
    "GREEK": "Grek",
    "ARABIC": "Arab",
    "HEBREW": "Hebr",
    "THAI": "Thai",
    "HIRAGANA": "Jpan",
    "KATAKANA": "Jpan",
    "HANGUL": "Kore",
    "BOPOMOFO": "Bopo",
    "DEVANAGARI": "Deva",
    "BENGALI": "Beng",
    "GURMUKHI": "Guru",
    "GUJARATI": "Gujr",
    "ORIYA": "Orya",
    "TAMIL": "Taml",
    "TELUGU": "Telu",
    "KANNADA": "Knda",
    "MALAYALAM": "Mlym",
    "SINHALA": "Sinh",
    "LAO": "Laoo",
    "KHMER": "Khmr",
    "MYANMAR": "Mymr",
    "TIBETAN": "Tibt",
    "MONGOLIAN": "Mong",
    "ETHIOPIC": "Ethi",
    "GEORGIAN": "Geor",
    "ARMENIAN": "Armn",
}
_HAN = ("Hani", "Hans", "Hant")
_HAN_OR_KANA = (*_HAN, "Bopo", "Jpan")
_CJK = (*_HAN_OR_KANA, "Kore")
_ISO = (*_CJK, *sorted(set(_ISO_BY_NAME.values()).difference(_CJK)), "Zzzz")
_SYMBOL_BY_ISO = {iso: chr(ord("A") + number) for number, iso in enumerate(_ISO)}
_ISO_BY_SYMBOL = {symbol: iso for iso, symbol in _SYMBOL_BY_ISO.items()}
_ASCII = bytes(range(128))
_NO_ASCII_LETTERS = bytes(code for code in range(256) if not (chr(code).isascii() and chr(code).isalpha()))
_QUOTED = re.compile(r"“[^”]*”|「[^」]*」|『[^』]*』|《[^》]*》|\"[^\"]*\"")

CONTESTED = 4
"""Times that one way of writing Chinese must outnumber the other for that to be the answer."""

MIN_KANA_SHARE = 0.1
"""Share of kana in Han and kana from which text is Japanese: Chinese borrows の, Japanese is half kana."""


class Scripts(NamedTuple):
    """The script of most weight, and beside a Latin one the script of most weight among the others."""

    main: str | None
    beside: str | None = None


def script_of(text: str) -> str | None:
    """Return Hans, Hant, Jpan, Kore, Latn, Cyrl …; None without letters, or for Han that shows neither way."""
    script = dominant_script(text)
    return None if script in ("Hani", "Zzzz") else script


def dominant_script(text: str) -> str | None:
    """Return the script of most weight as `script_of` does, and Hani for undecided Han, Zzzz for rare scripts."""
    return scripts_of(text).main


def scripts_of(text: str) -> Scripts:
    """Return the scripts of a text, as `dominant_script` names them. The first MAX_CHARACTERS are looked at."""
    counts = letters_by_script(text[:MAX_CHARACTERS])
    latin = counts.pop("Latn", 0)
    if not counts:
        return Scripts("Latn" if latin else None)
    script, weight = _heaviest(counts)
    if script == "Hani":
        script = _way_of_writing(counts, text)
    return Scripts("Latn", script) if latin > weight else Scripts(script)


def letters_by_script(text: str) -> dict[str, int]:
    """Count letters by ISO 15924 script; Han is split: Hans, Hant, and Hani for what both ways of writing share."""
    encoded = text.encode("utf-8", "ignore")
    ascii_letters = len(encoded.translate(None, _NO_ASCII_LETTERS))
    counts = {"Latn": ascii_letters} if ascii_letters else {}
    if text.isascii():
        return counts
    # By bytes, which is ten times as fast as by a pattern: a look at the table costs most, and ASCII needs none.
    symbols = _symbols().translate(encoded.translate(None, _ASCII).decode("utf-8"))
    for symbol in sorted(set(symbols)):
        iso = _ISO_BY_SYMBOL[symbol]
        counts[iso] = symbols.count(symbol) + counts.get(iso, 0)
    return counts


def _heaviest(counts: Mapping[str, int]) -> tuple[str, float]:
    """Return the script of most weight and its weight; Hani stands for all Chinese and Japanese letters."""
    heaviest, weight = "Hani", CJK_WEIGHT * _han_or_kana(counts)
    for script, count in counts.items():
        if script not in _HAN_OR_KANA:
            own = count * (CJK_WEIGHT if script == "Kore" else NON_LATIN_WEIGHT)
            if own > weight:
                heaviest, weight = script, own
    return heaviest, weight


def _han_or_kana(counts: Mapping[str, int]) -> int:
    get = counts.get
    return get("Hani", 0) + get("Hans", 0) + get("Hant", 0) + get("Jpan", 0) + get("Bopo", 0)


def _way_of_writing(counts: Mapping[str, int], text: str) -> str:
    if "Jpan" in counts and counts["Jpan"] > MIN_KANA_SHARE * _han_or_kana(counts):
        return "Jpan"
    simplified, traditional = counts.get("Hans", 0), _traditional(counts)
    if simplified == traditional == 0:
        return "Hani"
    if min(simplified, traditional) * CONTESTED < max(simplified, traditional):
        return "Hant" if traditional > simplified else "Hans"
    return _way_of_the_author(text[:MAX_CHARACTERS]) or _way_of_most(counts)


def _way_of_the_author(text: str) -> str | None:
    """Return Hans or Hant where both are much used: what is quoted, pasted or passed on follows one's own words."""
    own = _QUOTED.sub("", text)
    ways = (_way_of_most(letters_by_script(part)) for part in (own[: len(own) // 2], own))
    return next((way for way in ways if way != "Hani"), None)


def _way_of_most(counts: Mapping[str, int]) -> str:
    surplus = _traditional(counts) - counts.get("Hans", 0)
    return "Hani" if not surplus else "Hant" if surplus > 0 else "Hans"


def _traditional(counts: Mapping[str, int]) -> int:
    return counts.get("Hant", 0) + counts.get("Bopo", 0)  # bopomofo is written beside traditional characters only


class _Symbols(CharacterTable):
    """One letter for the script of each code point, nothing for what is no letter."""

    def __init__(self, simplified: frozenset[str], traditional: frozenset[str]) -> None:
        super().__init__(self._symbol)
        self._simplified = simplified
        self._traditional = traditional

    def _symbol(self, char: str) -> str:
        return _SYMBOL_BY_ISO[self._script(char)] if char.isalpha() or _is_vowel(char) else ""

    def _script(self, char: str) -> str:
        if char in self._simplified:
            return "Hans"
        if char in self._traditional:
            return "Hant"
        name = unicodedata.name(char, "").removeprefix("FULLWIDTH ").removeprefix("HALFWIDTH ")
        return "Hani" if name.startswith("CJK ") else _ISO_BY_NAME.get(name.split(" ", 1)[0], "Zzzz")


def _is_vowel(char: str) -> bool:
    """Tell whether a mark stands for a sound, as in Thai and the scripts of India, not for an accent."""
    name = unicodedata.name(char, "")
    return unicodedata.category(char) in ("Mn", "Mc") and name.split(" ", 1)[0] in _ISO_BY_NAME


@cache
def _symbols() -> _Symbols:
    simplified = frozenset(converted_han("s2t")) - _BOTH
    traditional = frozenset(simplified_by_traditional()) - _BOTH_WAYS
    return _Symbols(simplified - traditional, traditional - simplified)
