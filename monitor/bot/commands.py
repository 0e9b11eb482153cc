"""The commands, one row each, and what those for everybody do."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from monitor.bot import owners, texts
from monitor.bot.admission import is_enough
from monitor.bot.asked import Answer, Asked, Command, Place
from monitor.bot.chat_settings import mute, settings
from monitor.bot.language import choose_language
from monitor.bot.menus import button, column
from monitor.bot.options import days_told
from monitor.bot.status import status
from monitor.bot.topic_names import LONGEST_TITLE, called, find_topics, title_of
from monitor.digests.recent import Recent, Rules, choose, write
from monitor.digests.schedule import next_digest
from monitor.digests.wishing import wished
from monitor.digests.wording import day_and_time, plain, sentences
from monitor.models import Button, Mention, Role, Topic, Window
from monitor.saying import phrase, say
from monitor.store.subscriptions import Change
from monitor.text.folding import fold
from monitor.topics.sense import by_sense
from monitor.wiring import Monitor

EVERYWHERE: frozenset[Place] = frozenset(("private", "group"))
PRIVATELY: frozenset[Place] = frozenset(("private",))

ACTIONS = {"s": "subscribe", "u": "unsubscribe", "r": "recent", "l": "language", "t": "settings", "m": "mute"}
"""What buttons may ask for: each is a command with what its id says, and needs what the command needs."""

SHOWN, MOST_SHOWN = 5, 20
PAGE, MOST_LOOKED_AT = 100, 1000
MOST_BUTTONS = 30
DAY = timedelta(hours=24)


def start(asked: Asked) -> Answer:
    """Greet, and take an invitation. Only here is somebody heard who has no role."""
    if asked.place == "group":
        return show_help(asked)
    people = asked.monitor.people
    role = people.redeem(asked.words, asked.user, asked.update.id) if asked.words else None
    if role is None and asked.role is None:
        said = say(texts.USED_INVITATION) if asked.words else texts.stranger(asked.user)
        return Answer(said, refused="invitation" if asked.words else "start")
    topics = asked.monitor.topics.all()
    ask = say(texts.PICK) if topics else say(texts.NO_TOPICS)
    return Answer(f"{_greeting(asked, role)}\n\n{ask}", buttons=_menu(asked, "s", topics))


def _greeting(asked: Asked, given: Role | None) -> str:
    if given is not None:
        return f"{texts.welcome(given)}\n\n{say(texts.HELLO)}"
    return f"{texts.not_needed(asked.role)}\n\n{say(texts.HELLO)}" if asked.words and asked.role else say(texts.HELLO)


def show_help(asked: Asked) -> Answer:
    """List what this person may do here."""
    lines = [
        say("{command}: {help}", command=f"/{each.name} {say(each.words)}".rstrip(), help=say(each.help))
        for each in COMMANDS.values()
        if asked.place in each.places and is_enough(asked.role, each.needs)
    ]
    return Answer("\n".join(lines))


def subscribe(asked: Asked) -> Answer:
    """Let the digest of a topic come into this chat, and this topic of its forum."""
    topic = _topic_meant(asked, "s")
    if isinstance(topic, Answer):
        return topic
    known = asked.monitor.subscriptions.find(asked.chat, topic.name)
    when, first, title = _when(asked, topic), _next(topic, asked), title_of(topic)
    if known is not None and known.thread == asked.update.thread:
        return Answer(texts.subscribed_already(title, when, first))
    said = texts.subscribed(title, when, first, topic.name) if known is None else texts.moved_here(title, when)
    return Answer(said, changes=(Change("subscribe", topic.name, asked.update.thread),))


def unsubscribe(asked: Asked) -> Answer:
    """Let the digest of a topic no longer come into this chat; without a word, the only one that comes."""
    subscribed = [each.topic for each in asked.monitor.subscriptions.of(asked.chat)]
    if not subscribed:
        return Answer(say(texts.BY_SETTING) if asked.is_configured else say(texts.NOTHING_SUBSCRIBED))
    topics = {each.name: each for each in asked.monitor.topics.all()}
    here = [topics.get(each, Topic(name=each, title=each)) for each in subscribed]
    found = _ended(asked, here, list(topics.values()))
    if len(found) != 1:
        return Answer(say(texts.WHICH), buttons=_menu(asked, "u", here))
    [topic] = found
    if topic not in here:
        return Answer(texts.not_subscribed(title_of(topic)), buttons=_menu(asked, "u", here))
    said = texts.unsubscribed(title_of(topic))
    change = Change("unsubscribe", topic.name)
    return Answer(sentences(said, say(texts.BY_SETTING) if asked.is_configured else ""), changes=(change,))


def _ended(asked: Asked, here: list[Topic], topics: list[Topic]) -> list[Topic]:
    """Return the topics that an end may be meant for: the first is certain when it is one.

    What is called exactly so comes before what is like it: the second of two equal commands ends nothing else.
    """
    if not asked.words:
        return here
    everything = [*here, *(each for each in topics if each not in here)]
    if asked.is_press:
        return [each for each in everything if each.name == asked.words][:1]
    exact = called(asked.words, everything)
    mine = [each for each in exact if each in here]
    return mine or exact[:1] or find_topics(asked.words, here) or find_topics(asked.words, topics)[:1]


def list_topics(asked: Asked) -> Answer:
    """List what is followed, and what comes here."""
    topics = asked.monitor.topics.all()
    if not topics:
        return Answer(say(texts.NO_TOPICS))
    here = {each.topic for each in asked.monitor.subscriptions.of(asked.chat)}
    lines = [
        _listed(each, _when(asked, each), is_here=each.name in here or asked.is_configured)
        for each in topics[:MOST_BUTTONS]
    ]
    more = [say("and {count} more", count=len(topics) - MOST_BUTTONS)] if len(topics) > MOST_BUTTONS else []
    return Answer("\n".join([*lines, *more, "", say(texts.TICKED)]))


def _listed(topic: Topic, when: str, *, is_here: bool) -> str:
    line = {"mark": "✓" if is_here else "·", "title": title_of(topic), "name": topic.name, "when": when}
    return say("{mark} {title} ({name}): {when}", **line)


def recent(asked: Asked) -> Answer:
    """Show the newest posts of a topic."""
    is_named = bool(called(asked.words, asked.monitor.topics.all()))  # some topics are called by a number: 996
    words, most = (asked.words, SHOWN) if is_named else _with_number(asked.words)
    topic = _topic_meant(asked._replace(words=words), "r")
    if isinstance(topic, Answer):
        return topic
    monitor, people = asked.monitor, asked.monitor.settings.people
    reactions = choose(_newest(asked, topic), Rules(people.policy, frozenset(people.named)), most)
    count = _posts_of(monitor, topic, Window(asked.now - DAY, asked.now))
    draft = write(Recent(topic, reactions, count, asked.now), ZoneInfo(topic.timezone))
    return Answer(draft.text, draft.entities(), quotes=draft.quotes())


def _posts_of(monitor: Monitor, topic: Topic, window: Window) -> int:
    """Count the posts of a window that mean the topic: those of another sense are told apart by their texts only."""
    if topic.sense is None:
        return monitor.mentions.count(topic.name, window)
    return len(by_sense(topic, monitor.mentions.between(topic.name, window)).meant)


def _newest(asked: Asked, topic: Topic) -> Iterator[Mention]:
    """Yield the newest posts of a topic, read by the page, at most a thousand: few of them may be fit to be shown."""
    for skip in range(0, MOST_LOOKED_AT, PAGE):
        page = asked.monitor.mentions.latest(topic.name, skip, PAGE)
        yield from by_sense(topic, page).meant
        if not page:
            return


def _topic_meant(asked: Asked, action: str) -> Topic | Answer:
    """Return the topic that is meant, or the question back."""
    topics = asked.monitor.topics.all()
    if not topics:
        return Answer(say(texts.NO_TOPICS))
    if not asked.words:
        only = _only(asked, topics) if action == "r" else None
        return only or Answer(say(texts.WHICH), buttons=_menu(asked, action, topics))
    if asked.is_press:
        found = [each for each in topics if each.name == asked.words]
        return found[0] if found else Answer(say(texts.NOT_FOLLOWED), buttons=_menu(asked, action, topics))
    found = find_topics(asked.words, topics)
    if len(found) == 1:
        return found[0]
    if not found:
        titles = [title_of(each) for each in topics[:MOST_BUTTONS]]
        return Answer(
            texts.unknown_topic(plain(asked.words, LONGEST_TITLE), titles), buttons=_menu(asked, action, topics)
        )
    return Answer(texts.which_of([title_of(each) for each in found]), buttons=_menu(asked, action, found))


def _only(asked: Asked, topics: Sequence[Topic]) -> Topic | None:
    """Return the one topic that there is, or that comes here."""
    here = {each.topic for each in asked.monitor.subscriptions.of(asked.chat)}
    mine = [each for each in topics if each.name in here]
    return next((some[0] for some in (topics, mine) if len(some) == 1), None)


def _menu(asked: Asked, action: str, topics: Sequence[Topic]) -> tuple[tuple[Button, ...], ...]:
    """Return a button for each topic, which only this person can press."""
    return column(button(asked, title_of(each), action, each.name) for each in topics[:MOST_BUTTONS])


def _with_number(words: str) -> tuple[str, int]:
    """Return the words without the number at their end, and how many posts are wanted."""
    first, _, last = words.strip().rpartition(" ")
    number = fold(last)
    if not (number.isascii() and number.isdigit()) or len(number) > 4:
        return words.strip(), SHOWN
    return first.strip(), max(1, min(int(number), MOST_SHOWN))


def _when(asked: Asked, topic: Topic) -> str:
    """Word when the digests of a topic come here."""
    own = wished(topic, asked.monitor.wishes.of(asked.chat, topic.name))
    if own.digest_days:
        days = days_told(own.digest_days)
        return say("{days} at {clock} ({zone})", days=days, clock=own.digest_at, zone=own.timezone)
    return say("every day at {clock} ({zone})", clock=own.digest_at, zone=own.timezone)


def _next(topic: Topic, asked: Asked) -> str:
    own = wished(topic, asked.monitor.wishes.of(asked.chat, topic.name))
    return day_and_time(next_digest(own, asked.now), asked.now, ZoneInfo(own.timezone))


COMMANDS: dict[str, Command] = {
    each.name: each
    for each in (
        Command("start", "anyone", EVERYWHERE, start, phrase("begin here"), appoints=True),
        Command("help", "reader", EVERYWHERE, show_help, phrase("this list")),
        Command("subscribe", "reader", EVERYWHERE, subscribe, phrase("get a daily digest here"), phrase("TOPIC")),
        Command("unsubscribe", "reader", EVERYWHERE, unsubscribe, phrase("stop a digest"), phrase("TOPIC")),
        Command("topics", "reader", EVERYWHERE, list_topics, phrase("what I follow")),
        Command("recent", "reader", EVERYWHERE, recent, phrase("the newest posts"), phrase("TOPIC")),
        Command("status", "reader", EVERYWHERE, status, phrase("what works, and what does not")),
        Command("settings", "reader", EVERYWHERE, settings, phrase("when and how digests come here"), phrase("TOPIC")),
        Command(
            "mute",
            "reader",
            EVERYWHERE,
            mute,
            phrase("no digests on a topic for a while"),
            phrase("TOPIC"),
        ),
        Command("language", "reader", EVERYWHERE, choose_language, phrase("English, 简体, 繁體"), "繁體"),
        Command("people", "owner", PRIVATELY, owners.list_people, phrase("who has access")),
        Command(
            "invite", "owner", PRIVATELY, owners.invite, phrase("let somebody in by a link"), "reader", appoints=True
        ),
        Command(
            "grant",
            "owner",
            PRIVATELY,
            owners.grant,
            phrase("give access by user id"),
            "123456 reader",
            appoints=True,
        ),
        Command("revoke", "owner", PRIVATELY, owners.revoke, phrase("take access away"), "123456", appoints=True),
    )
}
"""Every command, in the order of the help."""
