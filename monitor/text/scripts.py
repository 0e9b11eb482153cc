"""Which script a text is written in, as ISO 15924 names it; for Han, whether it is simplified or traditional."""

import unicodedata
from collections.abc import Mapping
from functools import cache

from monitor.text.folding import converted_han, simplified_by_traditional

CJK_WEIGHT = 2.5
"""Latin letters that say as much as one Han, kana or Hangul character: about five to a word against two."""

NON_LATIN_WEIGHT = 1.5
"""Latin letters that a letter of another alphabet outweighs: Latin words are borrowed everywhere, others seldom."""

_WEIGHTS = {"Latn": 1.0, "Kore": CJK_WEIGHT}

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
_CJK = (*_HAN, "Bopo", "Jpan", "Kore")
_ISO = (*_CJK, *sorted(set(_ISO_BY_NAME.values()).difference(_CJK)), "Zzzz")
_SYMBOL_BY_ISO = {iso: chr(ord("A") + number) for number, iso in enumerate(_ISO)}
_ALL_BUT_ASCII_LETTERS = {code: None for code in range(128) if not chr(code).isalpha()}

MIN_KANA_SHARE = 0.1
"""Share of kana in Han and kana from which text is Japanese: Chinese borrows の, Japanese is half kana."""


def script_of(text: str) -> str | None:
    """Return Hans, Hant, Jpan, Kore, Latn, Cyrl …; None without letters, or for Han that shows neither way."""
    script = dominant_script(text)
    return None if script in ("Hani", "Zzzz") else script


def dominant_script(text: str) -> str | None:
    """Return the script of most weight as `script_of` does, and Hani for undecided Han, Zzzz for rare scripts."""
    counts = letters_by_script(text)
    kana = counts.pop("Jpan", 0)
    ways = {way: counts.pop(way, 0) for way in (*_HAN, "Bopo")}
    weights = {"Hani": CJK_WEIGHT * (kana + sum(ways.values()))}
    weights |= {script: count * _WEIGHTS.get(script, NON_LATIN_WEIGHT) for script, count in counts.items()}
    script = max(weights, key=weights.__getitem__)
    if not weights[script]:
        return None
    return _way_of_writing(kana, ways) if script == "Hani" else script


def letters_by_script(text: str) -> dict[str, int]:
    """Count letters by ISO 15924 script; Han is split: Hans, Hant, and Hani for what both ways of writing share."""
    if text.isascii():
        count = len(text.translate(_ALL_BUT_ASCII_LETTERS))
        return {"Latn": count} if count else {}
    symbols = text.translate(_symbols())
    return {iso: symbols.count(symbol) for iso, symbol in _SYMBOL_BY_ISO.items() if symbol in symbols}


def _way_of_writing(kana: int, ways: Mapping[str, int]) -> str:
    if kana > MIN_KANA_SHARE * (kana + sum(ways.values())):
        return "Jpan"
    # Bopomofo is written beside traditional characters only.
    traditional = ways["Hant"] + ways["Bopo"]
    if traditional == ways["Hans"]:
        return "Hani"
    return "Hant" if traditional > ways["Hans"] else "Hans"


class _Symbols(dict[int, str | None]):
    """One letter for the script of each code point, None for what is no letter; found when first met."""

    def __init__(self, simplified: frozenset[str], traditional: frozenset[str]) -> None:
        super().__init__()
        self._simplified = simplified
        self._traditional = traditional

    def __missing__(self, code: int) -> str | None:
        char = chr(code)
        if not char.isalpha():
            return self.setdefault(code, None) if char.isprintable() else None
        return self.setdefault(code, _SYMBOL_BY_ISO[self._script(char)])

    def _script(self, char: str) -> str:
        if char in self._simplified:
            return "Hans"
        if char in self._traditional:
            return "Hant"
        name = unicodedata.name(char, "").removeprefix("FULLWIDTH ").removeprefix("HALFWIDTH ")
        return "Hani" if name.startswith("CJK ") else _ISO_BY_NAME.get(name.split(" ", 1)[0], "Zzzz")


@cache
def _symbols() -> _Symbols:
    simplified = frozenset(converted_han("s2t")) - _BOTH
    traditional = frozenset(simplified_by_traditional()) - _BOTH_WAYS
    return _Symbols(simplified - traditional, traditional - simplified)
