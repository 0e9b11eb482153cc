"""/language, and what is learnt of a chat's language by answering there."""

from monitor.bot.asked import Answer, Asked
from monitor.bot.menus import button, column
from monitor.models import Button
from monitor.nouns.wishes import with_manners
from monitor.saying import LANGUAGES, language_of, phrase, say, speaking, spoken_language
from monitor.store.subscriptions import Change
from monitor.store.wishes import CHAT
from monitor.text.folding import fold

SPOKEN = phrase("From now on I write English here.")
IN_WHICH = phrase("In which language shall I write here? Quotes stay as they are.")


def choose_language(asked: Asked) -> Answer:
    """Let a chat choose its language; without a word, or with an unknown one, by buttons."""
    chosen = _meant(asked.words)
    if chosen is None:
        return Answer(say(IN_WHICH), buttons=column(_buttons(asked)))
    manners = with_manners(asked.monitor.wishes.manners(asked.chat), language=chosen)
    with speaking(chosen):
        return Answer(say(SPOKEN), changes=(Change("wish", CHAT, wishes=manners),))


def language_heard(asked: Asked, said: Answer) -> tuple[Change, ...]:
    """Remember the language of somebody whom we answer in their private chat, where it is not known yet.

    Strangers are refused; who is let in by this very message is answered.
    """
    if asked.place != "private" or (asked.role is None and said.refused):
        return ()
    manners, spoken = asked.monitor.wishes.manners(asked.chat), spoken_language()
    if spoken == (manners.tongue or asked.monitor.settings.telegram.language):
        return ()
    return (Change("wish", CHAT, wishes=with_manners(manners, heard=spoken)),)


def _buttons(asked: Asked) -> list[Button]:
    return [button(asked, name, "l", tag) for tag, name in LANGUAGES.items()]


def _meant(words: str) -> str | None:
    """Return the language that somebody names by its tag, its name or a part of it, in either script."""
    said = fold(words)
    if not said:
        return None
    if "繁" in words or "正體" in words:
        return "zh-Hant"
    named = [tag for tag, name in LANGUAGES.items() if words.strip().casefold() in name.casefold()]
    tag = next((tag for tag in LANGUAGES if tag.lower() == said.lower()), None)
    return tag or (named[0] if named else language_of(said))
