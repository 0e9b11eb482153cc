"""The language tagger: the script decides where it can, an engine only among the languages of one script.

    text ─clean─► scripts ──► ja, ko, th, zh-Hans, zh-Hant, yue, zh, el, he …     one language, one script
                     ├──► letters of one language only, else the engine           Cyrl, Arab, Deva
                     └──► the engine where it is sure, else function words        Latn          or "und"

Engines confuse short Han text with Korean and know no traditional Chinese; the script does not. In mixed text the
language is that of the sentence, not of the names in it. A platform's hint is a witness, never a judge: it decides
where the text says nothing, tips what is close, and is not heard against text that is clear.
"""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple
from unicodedata import normalize

from monitor.protocols import LanguageTagger
from monitor.text.alphabets import can_be_written_in, language_by_letters
from monitor.text.cantonese import is_cantonese, mandarin_words
from monitor.text.engines import ENGINES, UNDETERMINED, Engine, Guess
from monitor.text.function_words import ROMANISED_HINDI, known_words, without_stretching
from monitor.text.latin import has_frame, is_close, language_in_doubt
from monitor.text.scripts import MAX_CHARACTERS, scripts_of

LANGUAGE_BY_SCRIPT = {
    "Hans": "zh-Hans",
    "Hant": "zh-Hant",
    "Hani": "zh",
    "Jpan": "ja",
    "Kore": "ko",
    "Thai": "th",
    "Grek": "el",
    "Hebr": "he",
    "Beng": "bn",
    "Guru": "pa",
    "Gujr": "gu",
    "Orya": "or",
    "Taml": "ta",
    "Telu": "te",
    "Knda": "kn",
    "Mlym": "ml",
    "Sinh": "si",
    "Laoo": "lo",
    "Khmr": "km",
    "Mymr": "my",
    "Tibt": "bo",
    "Ethi": "am",
    "Geor": "ka",
    "Armn": "hy",
}
"""Scripts that (nearly) all posts in them write one language with."""

LANGUAGES_BY_SCRIPT = {
    "Latn": (
        *(
            "az",
            "ca",
            "cs",
            "da",
            "de",
            "en",
            "es",
            "et",
            "eu",
            "fi",
            "fr",
            "hr",
            "hu",
            "id",
            "is",
            "it",
            "lt",
            "lv",
            "ms",
        ),
        *("nl", "no", "pl", "pt", "ro", "sk", "sl", "sq", "sv", "tl", "tr", "vi", "yo"),
    ),
    "Cyrl": ("be", "bg", "ru", "sr", "uk"),
    "Arab": ("ar", "fa", "ku", "ur"),
    "Deva": ("hi", "mr"),
}
"""Scripts of several languages, and those that an engine tells apart."""

DEFAULT_LANGUAGES = (
    *("ar", "cs", "de", "el", "en", "es", "fa", "fr", "he", "hi", "id", "it", "ja", "ko", "nl", "pl", "pt", "ru", "sv"),
    *("th", "tl", "tr", "uk", "vi", "zh"),
)
"""What is told apart when nothing is configured: fewer candidates, fewer mistakes on short posts."""

SHORT_HAN = 20
"""Han characters without kana up to which a platform's word that they are Japanese is taken."""

# The look back stands behind the first letters: so they are found by a search for them.
_LINK = re.compile(r"htt(?<!\whtt)(?:ps?\b[^\s\u2e80-\uffef]*|p?s?:?/?…)")
_HOST = re.compile(r"(?:www\.|[a-z0-9-]+\.[a-z]{2,6}[/:])[^\s\u2e80-\uffef]*", re.ASCII)
_MENTION = re.compile(r"[@＠][\w.@-]*", re.ASCII)
_TAG = re.compile(
    r"\A(?P<language>[a-z]{2,3})(?:[-_](?P<subtag>[a-z0-9]{2,8}))?(?:[-_][a-z0-9]{1,8})*\Z", re.IGNORECASE
)

_RENAMED = {"in": "id", "iw": "he", "cmn": "zh", "fil": "tl", "nb": "no", "nn": "no"}
_CHINESE_BY_SUBTAG = {
    "hans": "zh-Hans",
    "cn": "zh-Hans",
    "sg": "zh-Hans",
    "hant": "zh-Hant",
    "tw": "zh-Hant",
    "hk": "zh-Hant",
    "mo": "zh-Hant",
    "yue": "yue",
}
_HELD_BY = {"zh": ("yue", "yue-hans"), "zh-hans": ("zh", "yue-hans"), "zh-hant": ("zh", "yue")}
_HAN = ("Hans", "Hant", "Hani")


def make_tagger(engine: str = "eldc", languages: Sequence[str] = DEFAULT_LANGUAGES) -> LanguageTagger:
    """Return a tagger that tells the given languages (plain codes) apart with one of ENGINES.

    Raises ValueError for an engine or a language that does not exist here.
    """
    if engine not in ENGINES:
        raise ValueError(f'no language engine "{engine}"; there are {", ".join(ENGINES)}')
    if unknown := sorted(set(languages) - known_languages()):
        raise ValueError(f"no such language to tell: {', '.join(unknown)}")
    return partial(_tag_all, {script: _judge(engine, script, languages) for script in LANGUAGES_BY_SCRIPT})


def known_languages() -> frozenset[str]:
    """Return the tags of all languages that can be told, but not those that say how Chinese is written."""
    single = (tag.split("-")[0] for tag in LANGUAGE_BY_SCRIPT.values())
    several = (code for codes in LANGUAGES_BY_SCRIPT.values() for code in codes)
    return frozenset((*single, *several, "yue", "yue-Hans", ROMANISED_HINDI))


def covers(wanted: str, tag: str) -> bool:
    """Tell whether a wanted tag, as topics and queries write it, holds for a text's tag.

    "zh" holds for all that is written Chinese, Cantonese included, "zh-Hant" for what is in traditional characters or
    does not show which ("zh"), and for "yue", which is in them unless it says "yue-Hans" (CLDR's likely subtags); "hi"
    for Hindi in any letters. Case makes no difference.
    """
    asked, given = wanted.lower(), tag.lower()
    return f"{given}-".startswith(f"{asked}-") or given in _HELD_BY.get(asked, ())


def clean(text: str) -> str:
    """Return the text without what has no language: links, mentions, the signs of hashtags."""
    if "htt" in text:
        text = _LINK.sub(" ", text)
    if "www." in text or ("/" in text and "." in text):
        text = _HOST.sub(" ", text)
    if "@" in text or "＠" in text:
        text = _MENTION.sub(" ", text)
    if "#" in text:
        text = text.replace("#", " ").replace("_", " ")
    return text


def tag_of_hint(hint: str) -> str | None:
    """Return a platform's hint ("en-GB", "zh_TW", "iw") as tags are written here; None when it names no language."""
    match = _TAG.match(hint)
    if match is None:
        return None
    code = _RENAMED.get(match["language"].lower(), match["language"].lower())
    subtag = (match["subtag"] or "").lower()
    if code == "zh":
        return _CHINESE_BY_SUBTAG.get(subtag, "zh")
    if code == "hi" and subtag == "latn":
        return ROMANISED_HINDI
    return code if code in known_languages() else None


class _Judge(NamedTuple):
    """What tells the wanted languages of one script apart."""

    languages: tuple[str, ...]
    engine: Engine


_Judges = Mapping[str, _Judge]


def _judge(engine: str, script: str, wanted: Sequence[str]) -> _Judge:
    """Return the judge of one script. A script with one wanted language needs no engine."""
    languages = tuple(code for code in LANGUAGES_BY_SCRIPT[script] if code in wanted)
    if len(languages) > 1:
        romanised = (ROMANISED_HINDI,) if script == "Latn" and "hi" in wanted else ()
        known_words((), frozenset((*languages, *romanised)))  # makes the table now, not in each fork of a reader
        return _Judge((*languages, *romanised), ENGINES[engine](languages))
    only = Guess(languages[0] if languages else UNDETERMINED, is_sure=bool(languages))
    return _Judge(languages, lambda _: only)


def _tag_all(judges: _Judges, texts: Sequence[str], hints: Sequence[str | None]) -> list[str]:
    return [_tag(judges, text, hint) for text, hint in zip(texts, hints, strict=True)]


def _tag(judges: _Judges, text: str, hint: str | None) -> str:
    text = clean(text[:MAX_CHARACTERS])
    scripts = scripts_of(text)
    if scripts.main != "Latn":
        return _tag_script(judges, scripts.main, text, hint)
    languages, engine = judges["Latn"]
    guess = engine(text)
    if guess.is_sure:
        return guess.language
    if scripts.beside is not None and not has_frame(text, languages):
        return _tag_script(judges, scripts.beside, text, hint)
    plain = without_stretching(text)
    if plain != text:
        guess = engine(plain)
    return guess.language if guess.is_sure else language_in_doubt(guess, languages, plain, _hinted(hint, "Latn"))


def _tag_script(judges: _Judges, script: str | None, text: str, hint: str | None) -> str:
    """Tag text by a script other than the Latin one."""
    if script is None:
        return (tag_of_hint(hint) if hint else None) or UNDETERMINED
    if script in _HAN:
        return _tag_han(script, text, hint)
    if script in LANGUAGE_BY_SCRIPT:
        return LANGUAGE_BY_SCRIPT[script]
    return _tag_by_letters(judges[script], script, text, hint) if script in judges else UNDETERMINED


def _tag_han(script: str, text: str, hint: str | None) -> str:
    if is_cantonese(text):
        return "yue-Hans" if script == "Hans" else "yue"
    hinted = tag_of_hint(hint) if hint else None
    if script == "Hani" and hinted is not None and covers("zh", hinted):
        return hinted
    if hinted == "ja" and script != "Hans" and len(text.strip()) <= SHORT_HAN and not mandarin_words(text):
        return hinted
    return LANGUAGE_BY_SCRIPT[script]


def _tag_by_letters(judge: _Judge, script: str, text: str, hint: str | None) -> str:
    """Tag text in a script of several languages: by letters that one of them has alone, else by the engine."""
    text = normalize("NFKC", text)  # Arabic has presentation forms, which no engine knows
    hinted = _hinted(hint, script)
    if hinted is not None and hinted not in judge.languages and can_be_written_in(text, hinted, judge.languages):
        return hinted
    alone = language_by_letters(text, judge.languages)
    if alone is not None:
        return alone
    guess = judge.engine(text)
    return hinted if hinted is not None and is_close(guess, hinted) else guess.language


def _hinted(hint: str | None, script: str) -> str | None:
    """Return the language that a platform's hint names, if it is written in the script."""
    code = tag_of_hint(hint) if hint else None
    if script == "Latn" and code in ("hi", ROMANISED_HINDI):
        return ROMANISED_HINDI
    return code if code in LANGUAGES_BY_SCRIPT[script] else None
