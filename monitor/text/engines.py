"""The engines that tell languages of one script apart, each held to some languages and asked the same way.

An engine says which language, whether it is sure, and how much speaks for each; what follows is decided elsewhere.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import eldc
import langdetect
from langdetect.lang_detect_exception import LangDetectException

UNDETERMINED = "und"

SCORES = 4
"""Languages for which eldc says what speaks for them: the more, the slower."""


class Guess(NamedTuple):
    """What an engine thinks: a code or "und", whether that is sure, and what speaks for each language (0 to 1)."""

    language: str
    is_sure: bool = False
    scores: Mapping[str, float] = {}


Engine = Callable[[str], Guess]
"""Guesses the language of cleaned text in one script. Never raises on a text; may be shared between threads."""


def make_eldc(languages: Sequence[str]) -> Engine:
    """Return eldc held to some languages. It has no Indonesian: its Malay stands for both, under the wanted code."""
    eldc.init()
    detector = eldc.instance()
    malay = "ms" if "ms" in languages else "id"
    detector.set_languages(sorted({"ms" if code == "id" else code for code in languages}))
    detector.set_scores(SCORES)
    sure = {code: Guess(malay if code == "ms" else code, is_sure=True) for code in (*languages, "ms", UNDETERMINED)}

    def guess(text: str) -> Guess:
        try:
            result = detector.detect_details(text)
        except UnicodeEncodeError:  # a lone surrogate has no UTF-8, which eldc reads
            result = detector.detect_details(text.encode("utf-8", "replace").decode("utf-8"))
        if result.reliable:
            return sure[result.language]
        scores = {malay if code == "ms" else code: score for code, score in result.scores.items()}
        return Guess(malay if result.language == "ms" else result.language, scores=scores)

    return guess


def make_langdetect(languages: Sequence[str]) -> Engine:
    """Return langdetect held to some languages by their prior, seeded: else its answers change by the run."""
    langdetect.DetectorFactory.seed = 0
    langdetect.detector_factory.init_factory()
    factory = langdetect.detector_factory._factory  # noqa: SLF001 - priors have no public way in
    prior = {code: 1.0 for code in languages if code in factory.get_lang_list()}
    if not prior:
        return lambda _: Guess(UNDETERMINED)

    def guess(text: str) -> Guess:
        detector = factory.create()
        detector.set_prior_map(prior)
        detector.append(text)
        try:
            found = {each.lang: each.prob for each in detector.get_probabilities()}
        except LangDetectException:
            return Guess(UNDETERMINED)
        if not found:
            return Guess(UNDETERMINED)
        # Never sure: it says 0.99999 of Hindi in Latin letters too.
        return Guess(max(found, key=found.__getitem__), scores=found)

    return guess


ENGINES: dict[str, Callable[[Sequence[str]], Engine]] = {
    "eldc": make_eldc,
    "langdetect": make_langdetect,
}
"""The engines by the name that the configuration gives them."""
