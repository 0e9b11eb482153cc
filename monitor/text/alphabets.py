"""Letters that tell languages of one script apart: ة and ي are Arabic, ی and پ Persian, є is Ukrainian, ы Russian."""

from collections.abc import Mapping, Sequence
from functools import cache

_ALPHABETS = {
    # The letters that all of them share are left out.
    "ar": "ةىيكإأؤئ",
    "fa": "پچژگکیئ",
    "ur": "پچژگکیٹڈڑںےہھئ",
    "ku": "پچژگکیێۆڕڵەڤئ",
    "be": "іўыэё",
    "bg": "ищъ",
    "ru": "ищъыэё",
    "sr": "иђјљњћџ",
    "uk": "ищіїєґ",
}


def language_by_letters(text: str, languages: Sequence[str]) -> str | None:
    """Return the only one of the languages whose own letters the text holds; None when that is none or several."""
    letters = frozenset(text.lower())
    users = [each for each, own in _own_letters(tuple(languages)).items() if not own.isdisjoint(letters)]
    return users[0] if len(users) == 1 else None


def can_be_written_in(text: str, language: str, rivals: Sequence[str]) -> bool:
    """Tell whether a text holds no letter that rivals have and this language does not."""
    theirs = frozenset("".join(_ALPHABETS.get(rival, "") for rival in rivals))
    return theirs.difference(_ALPHABETS.get(language, "")).isdisjoint(text.lower())


@cache
def _own_letters(languages: tuple[str, ...]) -> Mapping[str, frozenset[str]]:
    own = {}
    for language in languages:
        others = "".join(_ALPHABETS.get(each, "") for each in languages if each != language)
        own[language] = frozenset(_ALPHABETS.get(language, "")).difference(others)
    return own
