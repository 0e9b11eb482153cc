"""How a chat wants its digests: /settings by buttons or by words, and /mute.

/settings ─► card ─press "a…?"─► values ─press "a…0730"─► card of what holds now
    a button says which topic by a hash of its name: names are too long for the 64 bytes that it may send
"""

import re
from datetime import timedelta

from monitor.bot import texts
from monitor.bot.asked import Answer, Asked
from monitor.bot.menus import button, column
from monitor.bot.options import CHOICES, Choice, Setting, by_letter, by_name, label_of, zone_of
from monitor.digests.schedule import next_digest
from monitor.digests.wishing import is_muted, times_of, wished
from monitor.digests.wording import day_and_time
from monitor.models import Button, Topic
from monitor.nouns.wishes import Wishes, with_manners, with_wishes
from monitor.readers.topic_names import find_topics, mark_of, title_of
from monitor.saying import phrase, say
from monitor.store.subscriptions import Change
from monitor.store.wishes import CHAT
from monitor.text.folding import fold

MUTED_FOR = timedelta(hours=24)
LONGEST_MUTE = timedelta(days=365)
ASKED = "?"
PER_ROW = 3
NOT_READ = phrase("I do not understand “{value}”. For example: /settings {topic} {name} {example}")
_SPAN = re.compile(r"(\d{1,3}) ?(h|d|小时|天)")


def settings(asked: Asked) -> Answer:
    """Show how a topic's digests come here, and change it."""
    topics = here(asked)
    if not topics:
        return Answer(say(texts.NOTHING_SUBSCRIBED))
    return _pressed(asked, topics) if asked.is_press else _written(asked, topics)


def mute(asked: Asked) -> Answer:
    """Let nothing of a topic come here for a day, or as long as is said; "off" ends that."""
    topics = here(asked)
    if not topics:
        return Answer(say(texts.NOTHING_SUBSCRIBED))
    words, span = _with_span(asked.words)
    topic = _one_of(asked, topics, words)
    if topic is None:
        return Answer(
            say(texts.WHICH), buttons=column(button(asked, title_of(each), "m", each.name) for each in topics)
        )
    until = None if span is None else asked.now + span
    wishes = with_wishes(asked.monitor.wishes.of(asked.chat, topic.name), muted_until=until)
    if until is None:
        return Answer(say("Digests on {title} come here again.", title=title_of(topic)), changes=(wish(topic, wishes),))
    said = say(
        "Nothing on {title} comes here until {time}. To end that: /mute {name} off",
        title=title_of(topic),
        time=day_and_time(until, asked.now, zone_of(setting_of(asked, topic))),
        name=topic.name,
    )
    return Answer(said, changes=(wish(topic, wishes),))


def here(asked: Asked) -> list[Topic]:
    """Return the topics whose digests come here."""
    known = {each.name: each for each in asked.monitor.topics.all()}
    if asked.is_configured:
        return list(known.values())
    return [known[each.topic] for each in asked.monitor.subscriptions.of(asked.chat) if each.topic in known]


def setting_of(asked: Asked, topic: Topic) -> Setting:
    """Return what holds here for a topic."""
    wishes = asked.monitor.wishes.of(asked.chat, topic.name)
    return Setting(topic, wishes or Wishes(), asked.monitor.wishes.manners(asked.chat))


def wish(topic: Topic, wishes: Wishes) -> Change:
    """Return the change that makes these the wishes for a topic."""
    return Change("wish", topic.name, wishes=wishes, times=times_of(wished(topic, wishes)))


def _pressed(asked: Asked, topics: list[Topic]) -> Answer:
    """Read a button: the mark of a topic, then nothing, or the letter of a choice and "?" or a value."""
    mark, what = asked.words[:8], asked.words[8:]
    topic = next((each for each in topics if mark_of(each) == mark), None)
    if topic is None:
        return _which(asked, topics)
    choice = by_letter(what[:1])
    if choice is None:
        return card(asked, setting_of(asked, topic))
    return _values(asked, topic, choice) if what[1:] == ASKED else _changed(asked, topic, choice, what[1:])


def _written(asked: Asked, topics: list[Topic]) -> Answer:
    """Read "TOPIC", "TOPIC at 07:30", or without a topic where there is one only."""
    words = asked.words.split()
    place = next((place for place, word in enumerate(words) if by_name(word) is not None), len(words))
    topic = _one_of(asked, topics, " ".join(words[:place]))
    if topic is None:
        return _which(asked, topics)
    choice = by_name(words[place]) if place < len(words) else None
    if choice is None:
        return card(asked, setting_of(asked, topic))
    value = " ".join(words[place + 1 :])
    return _changed(asked, topic, choice, value) if value else _values(asked, topic, choice)


def _changed(asked: Asked, topic: Topic, choice: Choice, value: str) -> Answer:
    change = choice.read(value)
    if change is None:
        named = {"topic": topic.name, "name": choice.name, "example": choice.offered[1]}
        return Answer(say(NOT_READ, value=value, **named), buttons=_rows(asked, topic, choice))
    setting = setting_of(asked, topic)
    if choice.is_for_chat:
        setting = setting._replace(manners=with_manners(setting.manners, **change))
        return card(asked, setting, Change("wish", CHAT, wishes=setting.manners))
    if choice.is_schedule:
        change["since"] = asked.now
    setting = setting._replace(wishes=with_wishes(setting.wishes, **change))
    return card(asked, setting, wish(topic, setting.wishes))


def card(asked: Asked, setting: Setting, *changes: Change) -> Answer:
    """Tell what holds here for a topic, with a button for each choice."""
    topic = setting.topic
    lines = [say("{label}: {value}", label=say(each.label), value=each.told(setting)) for each in CHOICES]
    muted_until = setting.wishes.muted_until if is_muted(setting.wishes, asked.now) else None
    following = next_digest(wished(topic, setting.wishes), muted_until or asked.now)
    lines.append(say("Next digest: {time}", time=day_and_time(following, asked.now, zone_of(setting))))
    if muted_until is not None:
        muted = day_and_time(muted_until, asked.now, zone_of(setting))
        lines.append(say("Muted until {time}.", time=muted))
    title = say("Settings of {topic} here", topic=title_of(topic))
    buttons = [button(asked, say(each.label), "t", f"{mark_of(topic)}{each.letter}{ASKED}") for each in CHOICES]
    return Answer("\n".join([title, *lines]), buttons=_in_rows(buttons), changes=changes)


def _values(asked: Asked, topic: Topic, choice: Choice) -> Answer:
    return Answer(say("{label}?", label=say(choice.label)), buttons=_rows(asked, topic, choice))


def _rows(asked: Asked, topic: Topic, choice: Choice) -> tuple[tuple[Button, ...], ...]:
    start = f"{mark_of(topic)}{choice.letter}"
    return _in_rows([button(asked, label_of(choice, each), "t", f"{start}{each}") for each in choice.offered])


def _in_rows(buttons: list[Button]) -> tuple[tuple[Button, ...], ...]:
    return tuple(tuple(buttons[place : place + PER_ROW]) for place in range(0, len(buttons), PER_ROW))


def _which(asked: Asked, topics: list[Topic]) -> Answer:
    return Answer(
        say(texts.WHICH), buttons=column(button(asked, title_of(each), "t", mark_of(each)) for each in topics)
    )


def _one_of(asked: Asked, topics: list[Topic], words: str) -> Topic | None:
    """Return the topic that is meant: by its name where a button says it, else the only one that it may be."""
    if asked.is_press:
        return next((each for each in topics if each.name == words), None)
    found = find_topics(words, topics) if words else topics
    return found[0] if len(found) == 1 else None


def _with_span(words: str) -> tuple[str, timedelta | None]:
    """Return the words without the time at their end, and that time: a day where none is said, None for "off"."""
    said = fold(words).strip()
    if said == "off" or said.endswith(" off"):
        return words.strip()[: -len("off")].strip(), None
    found = re.search(rf"(?:^| ){_SPAN.pattern}$", said)
    if found is None:
        return words.strip(), MUTED_FOR
    unit = timedelta(days=1) if found[2] in ("d", "天") else timedelta(hours=1)
    return words.strip()[: found.start()].strip(), min(LONGEST_MUTE, max(1, int(found[1])) * unit)
