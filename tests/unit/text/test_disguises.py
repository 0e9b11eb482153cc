"""Letters that stand for others that look the same."""

import gzip
import json
import random
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.models import Topic
from monitor.text.disguises import undisguised
from monitor.topics.matcher.matching import Matcher
from tests.data import data_path
from tests.unit.text.strategies import texts

KEYWORDS = (
    *("Amazon", "Assange", "Bitcoin", "Bloomberg", "ChatGPT", "Ethereum", "Facebook", "Huawei", "Microsoft", "Navalny"),
    *(
        "OpenAI",
        "Palestine",
        "Snowden",
        "Starlink",
        "Telegram",
        "Tesla",
        "TikTok",
        "Ukraine",
        "Volkswagen",
        "WikiLeaks",
    ),
)
VARIANTS = 500
LEAST = 0.95

ALIKE = {
    "a": "ɑαа",
    "b": "ƄЬᏏ",
    "c": "сᴄⲥꮯ",
    "d": "ԁᏧꓒ",
    "e": "еҽꬲ",
    "f": "քẝꞙꬵ",
    "g": "ƍɡցᶃ",
    "h": "һհᏂ",
    "i": "ıɩɪιіӏᎥꙇꭵ",
    "j": "ϳј",
    "l": "ƖǀΙІӀⲒꓲ",
    "n": "ոռ",
    "o": "οσоօᴏᴑⲟꬽ",
    "p": "ρрⲣ",
    "q": "ԛգզ",
    "r": "гᴦⲅꭇꭈꮁ",
    "s": "ƽѕꜱꮪ",
    "u": "ʋυսᴜꞟꭎꭒ",
    "v": "νѵᴠꮩ",
    "w": "ɯѡԝաᴡꮃ",
    "x": "х",
    "y": "ɣʏγуүᶌỿꭚ",
    "z": "ᴢꮓ",
    "A": "ΑАᎪꓮ",
    "B": "ΒВᏴꓐꞴ",
    "C": "СᏟⲤꓚ",
    "D": "Ꭰꓓ",
    "E": "ΕЕᎬꓰ",
    "F": "ϜꓝꞘ",
    "G": "ԌᏀᏳꓖ",
    "H": "ΗНᎻⲎꓧ",
    "J": "ͿЈᎫꓙꞲ",
    "K": "ΚКᏦⲔꓗ",
    "L": "ᏞⳐꓡ",
    "M": "ΜϺМᎷⲘꓟ",
    "N": "ΝⲚꓠ",
    "O": "ΟОՕⲞꓳ",
    "P": "ΡРᏢⲢꓑ",
    "R": "ƦᎡᏒꓣ",
    "S": "ЅՏᏕᏚꓢ",
    "T": "ΤТᎢⲦꓔ",
    "U": "Սꓴ",
    "V": "ѴᏙꓦ",
    "W": "ԜᎳᏔꓪ",
    "X": "ΧХⲬꓫꞳ",
    "Y": "ΥУҮᎩᎽⲨꓬ",
    "Z": "ΖᏃꓜ",
}
"""All letters of scripts that fonts have and whose skeleton is an ASCII letter, by UTS #39 (confusables.txt 15.1)."""


def test_homoglyphs_of_keywords_are_found() -> None:
    """At least 95 of 100, with each second letter exchanged: S5. What is missed is mostly an l that looks like an I."""
    topics = [Topic(name=word.lower(), title=word, any=(word,), sources=("rss",)) for word in KEYWORDS]
    matcher, chance = Matcher(topics), random.Random(1)
    variants = [(word.lower(), _disguise(word, chance)) for word in KEYWORDS for _ in range(VARIANTS // len(KEYWORDS))]

    missed = [text for name, text in variants if [each.topic for each in matcher.match(f"so {text} is")] != [name]]

    assert len(variants) == VARIANTS
    assert len(missed) <= (1 - LEAST) * VARIANTS, missed


def _disguise(word: str, chance: random.Random) -> str:
    """Exchange one letter at least, and each other with a chance of one half; some stay Latin of another style."""
    letters = [_alike(char) for char in word]
    at_least = chance.choice([number for number, each in enumerate(letters) if each])
    return "".join(
        chance.choice(each) if number == at_least or (each and chance.random() < 0.5) else char
        for number, (char, each) in enumerate(zip(word, letters, strict=True))
    )


def _alike(char: str) -> str:
    styles = [chr(code) for code in (*range(0xFF21, 0xFF5B), *range(0x1D400, 0x1D6A4))]
    return ALIKE.get(char, "") + "".join(each for each in styles if unicodedata.normalize("NFKC", each) == char)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("bit\u0441oin", "bitcoin"),
        ("bit\u200b\u0441\u0301oin", "bit\u200bc\u0301oin"),
        ("п\u006fлиция", "полиция"),
        ("ᴛᴇsʟᴀ", "tesla"),
        ("TNFβ 5µm VIPзал IT-компания СССР Αθήνα", "TNFβ 5µm VIPзал IT-компания СССР Αθήνα"),
        ("日本\u0430 \u0430b", "日本\u0430 ab"),
        ("", ""),
    ],
)
def test_only_words_that_mix_scripts_are_read_otherwise(text: str, read: str) -> None:
    assert undisguised(text) == read


@given(texts)
def test_each_character_keeps_its_place(text: str) -> None:
    read = undisguised(text)

    assert len(read) == len(text)
    assert undisguised(read) == read


def test_a_disguised_keyword_is_found_and_told_as_such() -> None:
    matcher = Matcher([Topic(name="t", title="T", any=("bitcoin",), sources=("rss",))])

    (match,) = matcher.match("all bit\u0441oin and bitcoin")

    (hit,) = match.terms
    assert hit.spans == ((4, 11), (16, 23))
    assert hit.variants == ("look-alikes", "")


def test_a_keyword_that_was_typed_with_another_scripts_letter_finds_what_looks_like_it() -> None:
    matcher = Matcher([Topic(name="t", title="T", any=("\u0422esla",), sources=("rss",))])

    assert matcher.match("Tesla")
    assert matcher.match("\u0422esla")


@given(st.text(st.characters(whitelist_categories=["Lu", "Ll"], min_codepoint=0x370, max_codepoint=0x58F), min_size=1))
def test_a_word_without_latin_letters_is_never_read_otherwise(word: str) -> None:
    assert undisguised(f"iPhone {word} 5G") == f"iPhone {word} 5G"


def test_no_word_of_real_posts_is_read_otherwise() -> None:
    """Posts in many languages, with brands and formulas in Latin letters among others."""
    with gzip.open(data_path("labelled/language.jsonl.gz"), "rt", encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]

    assert len(texts) > 7_000
    assert [text for text in texts if undisguised(text) != text] == []
