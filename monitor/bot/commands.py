"""The commands, one row each, and what those for everybody do."""

from zoneinfo import ZoneInfo

from monitor.bot import owners, texts
from monitor.bot.admission import is_enough
from monitor.bot.asked import Answer, Asked, ChatKind, Command
from monitor.bot.audit import audit
from monitor.bot.chat_settings import mute, settings
from monitor.bot.cost import cost
from monitor.bot.editing import edit, feeds, hours_of, keywords, track
from monitor.bot.export import export
from monitor.bot.insight import chart, digest, why
from monitor.bot.language import choose_language
from monitor.bot.menus import button
from monitor.bot.opinions import not_useful, useful
from monitor.bot.options import days_told
from monitor.bot.recent import recent
from monitor.bot.review import review
from monitor.bot.status import status
from monitor.bot.topics_meant import MOST_BUTTONS, topic_meant, topic_menu
from monitor.digests.schedule import next_digest
from monitor.digests.wishing import wished
from monitor.digests.wording import day_and_time, sentences
from monitor.digests.zones import zone_told
from monitor.models import Role, Topic
from monitor.nouns.wishes import Manners, with_manners
from monitor.readers.topic_names import called, find_topics, title_of
from monitor.saying import phrase, say, spoken_language
from monitor.store.subscriptions import Change
from monitor.store.wishes import CHAT

EVERYWHERE: frozenset[ChatKind] = frozenset(("private", "group"))
PRIVATELY: frozenset[ChatKind] = frozenset(("private",))

ACTIONS = {
    "s": "subscribe",
    "u": "unsubscribe",
    "r": "recent",
    "l": "language",
    "t": "settings",
    "m": "mute",
    "w": "why",
    "c": "chart",
    "d": "digest",
    "e": "edit",
    "y": "useful",
    "n": "useless",
    "v": "review",
}
"""What buttons may ask for: each is a command with what its id says, and needs what the command needs."""


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
    return Answer(f"{_greeting(asked, role)}\n\n{ask}", buttons=topic_menu(asked, "s", topics))


def _greeting(asked: Asked, given: Role | None) -> str:
    if given is not None:
        return f"{texts.welcome(given)}\n\n{say(texts.HELLO)}"
    return f"{texts.not_needed(asked.role)}\n\n{say(texts.HELLO)}" if asked.words and asked.role else say(texts.HELLO)


def show_help(asked: Asked) -> Answer:
    """List what this person may do here, and what the signs in digests mean."""
    lines = [
        say("{command}: {help}", command=f"/{each.name} {say(each.words)}".rstrip(), help=say(each.help))
        for each in COMMANDS.values()
        if asked.place in each.places and is_enough(asked.role, each.needs)
    ]
    return Answer("\n".join((*lines, "", say(texts.LEGEND))))


def subscribe(asked: Asked) -> Answer:
    """Let the digest of a topic come into this chat, and this topic of its forum."""
    topic = topic_meant(asked, "s")
    if isinstance(topic, Answer):
        return topic
    known = asked.monitor.subscriptions.find(asked.chat, topic.name)
    when, first, title = _when(asked, topic), _next(topic, asked), title_of(topic)
    if known is not None and known.thread == asked.update.thread:
        return Answer(texts.subscribed_already(title, when, first))
    said = texts.subscribed(title, when, first, topic.name) if known is None else texts.moved_here(title, when)
    buttons = (*hours_of(asked, topic), (button(asked, say("Send one now"), "d", topic.name),)) if known is None else ()
    manners = _manners_of_subscriber(asked)
    changes = (Change("subscribe", topic.name, asked.update.thread), *manners)
    return Answer(said, buttons=buttons, changes=changes)


def _manners_of_subscriber(asked: Asked) -> tuple[Change, ...]:
    """Let a group that chose no language get its digests in the one in which it is spoken to now.

    Of a private chat it is known in which language its person was answered last.
    """
    manners = asked.monitor.wishes.manners(asked.chat)
    if (
        asked.place == "private"
        or manners.language is not None
        or spoken_language() == asked.monitor.settings.telegram.language
    ):
        return ()
    return (Change("wish", CHAT, wishes=with_manners(manners, language=spoken_language())),)


def unsubscribe(asked: Asked) -> Answer:
    """Let the digest of a topic no longer come into this chat; without a word, the only one that comes."""
    subscribed = [each.topic for each in asked.monitor.subscriptions.of(asked.chat)]
    if not subscribed:
        return Answer(say(texts.BY_SETTING) if asked.is_configured else say(texts.NOTHING_SUBSCRIBED))
    topics = {each.name: each for each in asked.monitor.topics.all()}
    here = [topics.get(each, Topic(name=each, title=each)) for each in subscribed]
    found = _ended(asked, here, list(topics.values()))
    if len(found) != 1:
        return Answer(say(texts.WHICH), buttons=topic_menu(asked, "u", here))
    [topic] = found
    if topic not in here:
        return Answer(texts.not_subscribed(title_of(topic)), buttons=topic_menu(asked, "u", here))
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


def forget(asked: Asked) -> Answer:
    """End every subscription of this chat, and forget all that it wished; what the settings say goes on."""
    asked.monitor.feedback.forget(asked.user)
    ended = {each.topic for each in asked.monitor.subscriptions.of(asked.chat)}
    said = say("Done. No digest comes here any more, and what this chat wished is forgotten.")
    if asked.is_configured:
        # It may wish for any topic; who ends a topic ends what was wished of it.
        ended |= {each.name for each in asked.monitor.topics.all()}
        said = sentences(say("Done. What this chat wished is forgotten."), say(texts.BY_SETTING))
    changes = [Change("unsubscribe", each) for each in sorted(ended)]
    return Answer(said, changes=(*changes, Change("wish", CHAT, wishes=Manners())))


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


def _when(asked: Asked, topic: Topic) -> str:
    """Word when the digests of a topic come here."""
    own = wished(topic, asked.monitor.wishes.of(asked.chat, topic.name))
    if own.digest_days:
        days = days_told(own.digest_days)
        return say("{days} at {clock} ({zone})", days=days, clock=own.digest_at, zone=zone_told(own.timezone))
    return say("every day at {clock} ({zone})", clock=own.digest_at, zone=zone_told(own.timezone))


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
        Command("why", "reader", EVERYWHERE, why, phrase("how the numbers came about"), phrase("TOPIC")),
        Command("chart", "reader", EVERYWHERE, chart, phrase("the last 24 hours as a picture"), phrase("TOPIC")),
        Command("digest", "reader", EVERYWHERE, digest, phrase("the last 24 hours, now"), phrase("now TOPIC")),
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
        Command("useful", "reader", EVERYWHERE, useful, phrase("say that a digest was useful"), phrase("TOPIC")),
        Command("useless", "reader", EVERYWHERE, not_useful, phrase("say that it was not"), phrase("TOPIC")),
        Command("forget", "reader", EVERYWHERE, forget, phrase("forget what this chat wished and subscribed")),
        Command("track", "editor", PRIVATELY, track, phrase("follow something new"), "砸锅卖铁 OR pots"),
        Command("edit", "editor", PRIVATELY, edit, phrase("change what is looked for"), phrase("TOPIC -word +word")),
        Command(
            "keywords", "editor", PRIVATELY, keywords, phrase("add, remove or test a keyword"), phrase("add TOPIC word")
        ),
        Command("feeds", "editor", PRIVATELY, feeds, phrase("the feeds, and to add or remove one"), "add https://…"),
        Command("cost", "editor", PRIVATELY, cost, phrase("what paid sources cost today")),
        Command(
            "export", "editor", PRIVATELY, export, phrase("the posts of 7 days as a file"), phrase("TOPIC csv text")
        ),
        Command("audit", "editor", PRIVATELY, audit, phrase("who changed what")),
        Command("review", "editor", EVERYWHERE, review, phrase("digests that wait to be approved")),
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
