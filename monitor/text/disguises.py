"""Words in which letters stand for others that look the same: "bitсoin" with a Cyrillic с, "пoлиция" with a Latin o.

Only words that mix scripts are read so, as Latin where each foreign letter looks like a Latin one, as Cyrillic where
others cannot but each Latin letter can. Words of one script stay what they are, and so do VIPзал, TNFβ and 5µm. Width,
case and mathematical letters are the business of `folding`.
"""

import re
import unicodedata
from functools import cache

from monitor.text.folding import folded_character

# Letters whose skeleton is a Latin letter (confusables.txt of UTS #39, https://www.unicode.org/Public/security/), and
# lower case letters that look like a small Latin capital. Left out: those whose use beside Latin letters is honest.
_PAIRS = (
    ("асԁеҽһіꙇӏјорԛгѕѵѡԝхуүвкмнт", "acdeehiiljopqrsvwwxyybkmht"),
    ("АВСЕԌНІӀЈКМОРЅТѴԜХУҮ", "ABCEGHIIJKMOPSTVWXYY"),
    ("αικνοσρτυχϳᴦ", "aikvooptuxjr"),
    ("ΑΒΕϜΗΙͿΚΜϺΝΟΡΤΧΥΖ", "ABEFHIJKMMNOPTXYZ"),
    ("քցհոռօգզսաՕՏՍ", "fghnnoqquwOSU"),
    ("ᏏꮯᏧᏂꭵᎥꮁꮪꮩꮃꮓ", "bcdhiirsvwz"),
    ("ᎪᏴᏟᎠᎬᏀᏳᎻᎫᏦᏞᎷᏢᎡᏒᏕᏚᎢᏙᎳᏔᎩᎽᏃ", "ABCDEGGHJKLMPRRSSTVWWYYZ"),
    ("ⲥⲟⲣⲅⲒⲤⲎⲔⳐⲘⲚⲞⲢⲦⲬⲨ", "coprICHKLMNOPTXY"),
    ("ꓮꓐꓚꓓꓰꓝꓖꓧꓲꓙꓗꓡꓟꓠꓳꓑꓣꓢꓔꓴꓦꓪꓫꓬꓜ", "ABCDEFGHIJKLMNOPRSTUVWXYZ"),
    ("ᑲᖯᑯᕁᕽᗅᗷᗞᗪᖴᕼᒍᒪᗰᑭᖇᑌᐯ", "bbdxxABDDFHJLMPRUV"),
    ("𐐽𐐬𐑈𐐕𐐛𐐄𐐠𐓪𐓶𐓂𐒴𐓎", "cosCLOSouORU"),
    ("ⵏⴹⵔⵕⴸⵝᛁᛕᛖᚷ", "lEOQVXlKMX"),
    ("𐊊𐊂𐊆𐊇𐊒𐊕𐊖𐊗𐊐𐊠𐊡𐊢𐊥𐋏𐊰𐊫𐊱𐊴𐊲", "lBEFOPSTXABCFHMOTXY"),
    ("𐌉𐌁𐌂𐌑𐌕𐌗𐔜𐔥𐔘𐔦𐔓𐔖𐔝𐔧", "lBCMTXCFKLNOVX"),
    ("𑣃𑣈𑣗𑣁𑣘𑣀𑣜𑣄𑢦𑢮𑣂𑢢𑢣𑢲𑢵𑢼𑢸𑢠𑢤𑢩", "ioosuvyzEEFFLLOTUVYZ"),
)
_SMALL_CAPITALS = ("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢɑɡꬲꬵꞙẝᶃƍɩƽᴑꬽꭇꭈꞟꭎꭒʋɯɣᶌỿꭚ", "abcdefghijklmnoprstuvwyzagefffggisoorruuuuwyyyy")
"""Latin letters in another dress, of which a whole word may be made."""

_CYRILLIC = ("aceijopsxykABCEHIKMOPSTXY", "асеіјорѕхукАВСЕНІКМОРЅТХУ")
"""Latin letters that stand in Cyrillic words."""

_LATIN, _DRESSED, _ALIKE, _OWN, _FOREIGN, _UNSEEN, _OTHER = "LDACXU "
"""What a character is to a word: Latin, Latin in another dress, one that looks Latin, Cyrillic that does not, of
another script and unlike, unseen, no letter."""

_KIND_OF_SCRIPT = {"LATIN": _LATIN, "CYRILLIC": _OWN}
_SCRIPTS = frozenset({"GREEK", "ARMENIAN", "CHEROKEE", "COPTIC"})
_MATHEMATICAL = range(0x1D6A8, 0x1D7CC)
"""Greek letters of formulas, which look like the usual ones."""

_SUSPECT = re.compile(
    "[\u0180-\u02af\u0370-\u058f\u13a0-\u16ff\u1d00-\u1d8f\u1ef0-\u1eff\u2c80-\u2d7f\ua4d0-\ua7ff\uab30-\uabbf"
    "\U00010280-\U000105ff\U000118a0-\U000118ff\U0001d6a8-\U0001d7cb]"
)
_WORD = re.compile(f"[{_LATIN}{_DRESSED}{_ALIKE}{_OWN}{_FOREIGN}{_UNSEEN}]+")
_MIXED = re.compile(f"{_DRESSED}|{_LATIN}{_UNSEEN}*[{_ALIKE}{_OWN}]|[{_ALIKE}{_OWN}]{_UNSEEN}*{_LATIN}")
"""What the kinds of a disguised word hold somewhere: few texts do, so it is asked first."""
_INNER = re.compile(r"(?<=[^\W\d_])I(?=[^\W\d_A-Z])")
"""What looks like a capital I before a small letter, within a word, stands for an l."""


def undisguised(text: str) -> str:
    """Return a text whose disguised words are plain; each character keeps its place."""
    if text.isascii() or _SUSPECT.search(text) is None:
        return text
    kinds = text.translate(_kinds())
    if _MIXED.search(kinds) is None:
        return text
    pieces: list[str] = []
    end = 0
    for word in _WORD.finditer(kinds):
        letters = _meant(word[0], text[word.start() : word.end()])
        if letters is not None:
            pieces += text[end : word.start()], _INNER.sub("l", text[word.start() : word.end()].translate(letters))
            end = word.end()
    return text if not pieces else "".join((*pieces, text[end:]))


def _meant(kinds: str, word: str) -> dict[int, int] | None:
    """Return which letters a word's letters stand for; None where they stand for themselves."""
    if _FOREIGN in kinds or not (_LATIN in kinds or _DRESSED in kinds):
        return None
    if _OWN not in kinds:
        return _latin() if _ALIKE in kinds or _DRESSED in kinds else None
    cyrillic = _cyrillic()
    can_be = all(ord(char) in cyrillic for char, kind in zip(word, kinds, strict=True) if kind in (_LATIN, _DRESSED))
    return cyrillic if can_be else None


class _Kinds(dict[int, str]):
    """The kind of each character, found when first met."""

    def __missing__(self, code: int) -> str:
        return self.setdefault(code, _kind(chr(code)))


def _kind(char: str) -> str:
    if ord(char) in _latin():
        return _DRESSED if char in _SMALL_CAPITALS[0] else _ALIKE
    folded = folded_character(ord(char))
    if not folded or unicodedata.category(folded[0]).startswith("M"):
        return _UNSEEN
    if not folded[0].isalpha():
        return _OTHER
    script = unicodedata.name(folded[0], "").partition(" ")[0]
    return _KIND_OF_SCRIPT.get(script, _FOREIGN if script in _SCRIPTS else _OTHER)


@cache
def _kinds() -> _Kinds:
    return _Kinds()


@cache
def _latin() -> dict[int, int]:
    pairs = (*_PAIRS, _SMALL_CAPITALS)
    letters = {ord(one): ord(other) for seen, meant in pairs for one, other in zip(seen, meant, strict=True)}
    usual = {code: ord(unicodedata.normalize("NFKC", chr(code))) for code in _MATHEMATICAL}
    return letters | {code: letters[letter] for code, letter in usual.items() if letter in letters}


@cache
def _cyrillic() -> dict[int, int]:
    return {ord(one): ord(other) for one, other in zip(*_CYRILLIC, strict=True)}
