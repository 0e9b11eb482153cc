"""The language taggers: the script decides where it can, an engine only among the languages of one script.

    text ─clean─► letters only ─script─► ja, ko, th, zh-Hans, zh-Hant, zh, el, he …      one language, one script
                                  └────► engine of that script: Latn, Cyrl, Arab, Deva    or "und"

Engines confuse short Han text with Korean and know no traditional Chinese; the script does not.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import eldc
import langdetect
from langdetect.lang_detect_exception import LangDetectException

from monitor.protocols import LanguageTagger
from monitor.text.scripts import dominant_script

UNDETERMINED = "und"

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

Detector = Callable[[str], str]
"""Names the language of cleaned text in one script by its plain code; "und" when it cannot."""

_LINK = re.compile(r"(?:\bhttps?\b|www\.)[^\s\u2e80-\uffef]*|\bhtt?p?s?:?/?…", re.IGNORECASE)
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
}


def make_tagger(engine: str = "eldc", languages: Sequence[str] = DEFAULT_LANGUAGES) -> LanguageTagger:
    """Return a tagger that tells the given languages (plain codes) apart with one of ENGINES.

    Raises ValueError for an engine or a language that does not exist here.
    """
    if engine not in ENGINES:
        raise ValueError(f'no language engine "{engine}"; there are {", ".join(ENGINES)}')
    if unknown := sorted(set(languages) - known_languages()):
        raise ValueError(f"no such language to tell: {', '.join(unknown)}")
    detectors = {script: _detector(ENGINES[engine], known, languages) for script, known in LANGUAGES_BY_SCRIPT.items()}
    return partial(_tag_all, detectors)


def known_languages() -> frozenset[str]:
    """Return the plain codes of all languages that can be told."""
    single = (tag.split("-")[0] for tag in LANGUAGE_BY_SCRIPT.values())
    return frozenset((*single, *(code for codes in LANGUAGES_BY_SCRIPT.values() for code in codes)))


def clean(text: str) -> str:
    """Return the text without what has no language: links, mentions, the signs of hashtags."""
    if "htt" in text or "www." in text:
        text = _LINK.sub(" ", text)
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
    if code == "zh":
        return _CHINESE_BY_SUBTAG.get((match["subtag"] or "").lower(), "zh")
    return code if code in known_languages() else None


def _tag_all(detectors: Mapping[str, Detector], texts: Sequence[str], hints: Sequence[str | None]) -> list[str]:
    return [_tag(detectors, text, hint) for text, hint in zip(texts, hints, strict=True)]


def _tag(detectors: Mapping[str, Detector], text: str, hint: str | None) -> str:
    """Tag one text. The hint is asked last: platforms guess, and users set a language once and write in another."""
    tag = _tag_of(detectors, clean(text))
    if tag == UNDETERMINED and hint is not None:
        return tag_of_hint(hint) or UNDETERMINED
    return tag


def _tag_of(detectors: Mapping[str, Detector], cleaned: str) -> str:
    script = dominant_script(cleaned)
    if script is None:
        return UNDETERMINED
    if script in LANGUAGE_BY_SCRIPT:
        return LANGUAGE_BY_SCRIPT[script]
    return detectors[script](cleaned) if script in detectors else UNDETERMINED


def _detector(make: Callable[[Sequence[str]], Detector], known: Sequence[str], wanted: Sequence[str]) -> Detector:
    """Return a detector for one script's wanted languages. A script with one language left needs no engine."""
    candidates = [code for code in known if code in wanted]
    if len(candidates) > 1:
        return make(candidates)
    only = candidates[0] if candidates else UNDETERMINED
    return lambda _: only


def _eldc_detector(languages: Sequence[str]) -> Detector:
    """Return eldc held to some languages. It has no Indonesian: its Malay stands for both, under the wanted code."""
    eldc.init()
    detector = eldc.instance()
    malay = "ms" if "ms" in languages else "id"
    detector.set_languages(sorted({"ms" if code == "id" else code for code in languages}))

    def detect(text: str) -> str:
        # A lone surrogate has no UTF-8, which eldc reads.
        code = str(detector.detect_mt(text.encode("utf-8", "replace").decode("utf-8")))
        return malay if code == "ms" else code

    return detect


def _langdetect_detector(languages: Sequence[str]) -> Detector:
    """Return langdetect held to some languages by their prior, seeded: else its answers change by the run."""
    langdetect.DetectorFactory.seed = 0
    langdetect.detector_factory.init_factory()
    factory = langdetect.detector_factory._factory  # noqa: SLF001 - priors have no public way in
    prior = {code: 1.0 for code in languages if code in factory.get_lang_list()}
    if not prior:
        return lambda _: UNDETERMINED

    def detect(text: str) -> str:
        detector = factory.create()
        detector.set_prior_map(prior)
        detector.append(text)
        try:
            return str(detector.detect()).replace("unknown", UNDETERMINED)
        except LangDetectException:
            return UNDETERMINED

    return detect


ENGINES: dict[str, Callable[[Sequence[str]], Detector]] = {
    "eldc": _eldc_detector,
    "langdetect": _langdetect_detector,
}
"""The engines by the name that the configuration gives them."""
