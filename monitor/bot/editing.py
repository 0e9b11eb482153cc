"""Changing what is followed, from the bot: each change is shown before it applies, and can be undone.

/edit, /keywords, /feeds, /track ─► the file with one thing changed ─► does it hold? ─► what of the stored posts drops?
    ─► [Apply] ─► the file is written, if nobody changed it meanwhile ─► in force ─► [Undo]: the bytes of before
"""

from datetime import timedelta
from zoneinfo import ZoneInfo

from monitor.bot import texts
from monitor.bot.asked import Answer, Asked
from monitor.bot.audit import write_down
from monitor.bot.menus import button
from monitor.bot.proposing import CHANGED_MEANWHILE, NOT_HERE, NOTHING_CHANGES, DraftedChange, proposed
from monitor.digests.schedule import next_digest
from monitor.digests.wording import day_and_time, listed, plain
from monitor.errors import StoreError
from monitor.models import Button, Topic
from monitor.nouns.proposal import Proposal
from monitor.readers.topic_names import find_topics, mark_of, title_of
from monitor.saying import phrase, say
from monitor.store.subscriptions import Change
from monitor.text.folding import fold
from monitor.topics.editing import (
    changed_query,
    is_change,
    name_for,
    with_feeds,
    with_query,
    with_topic,
    without_keyword,
)
from monitor.topics.file import parse_topics
from monitor.topics.language.parse import read
from monitor.topics.language.printer import headline_of, printed
from monitor.topics.matcher.matching import Matcher
from monitor.topics_file import BY_DEFAULT, NAMEABLE, is_in_force, put_in_force, read_topics_text, write_topics_text

MOST_FEEDS = 50
LONGEST_TOPIC_TITLE = 60
UNTIL_KNOWN = timedelta(minutes=1)
"""For so long workers may match by the rule of before; posts of that time are matched anew, too."""

HOW_TO_EDIT = phrase("Tell me what and how: /edit {topic} -word +word, or /edit {topic} and a whole query.")
HOW_TO_TRACK = phrase('Tell me what to follow: /track 砸锅卖铁 OR "smash pots"')
HOW_KEYWORDS = phrase("Like this: /keywords add {topic} word, or remove {topic} word, or test {topic} text")
HOW_FEEDS = phrase("To change that: /feeds add https://… or /feeds remove https://…")
NOT_WRITABLE = phrase("I cannot write the topics file, so nothing was changed. Whoever runs me can mend that: {reason}")
FROM_NOW_ON = phrase(
    "I look from now on. What was said before can be read by whoever runs me: monitor backfill {name} --since 7d"
)
CANCELLED = phrase("Nothing was changed.")


def edit(asked: Asked) -> Answer:
    """Change the query of a topic."""
    if asked.is_press:
        return decide(asked)
    topic, words = _split(asked)
    if topic is None or not words:
        named = topic or next(iter(asked.monitor.topics.all()), None)
        return Answer(say(HOW_TO_EDIT, topic="TOPIC" if named is None else named.name))
    return proposed(asked, lambda text: _edited(text, topic, words))


def keywords(asked: Asked) -> Answer:
    """Add a keyword to a topic, remove one, or test a text."""
    verb, _, rest = asked.words.partition(" ")
    topic, words = _split(asked._replace(words=rest))
    if topic is None or not words or verb not in ("add", "remove", "test"):
        named = next(iter(asked.monitor.topics.all()), None)
        return Answer(say(HOW_KEYWORDS, topic="TOPIC" if named is None else named.name))
    if verb == "test":
        return Answer(_tested(topic, words))
    if verb == "add":
        return proposed(asked, lambda text: _edited(text, topic, f"+{words}"))
    return proposed(asked, lambda text: _removed(text, topic, words))


def feeds(asked: Asked) -> Answer:
    """List the feeds, add one or remove one."""
    verb, _, url = asked.words.partition(" ")
    if verb not in ("add", "remove") or not url.strip():
        known = _feeds_of(asked)
        said = [*(each for each in known[:MOST_FEEDS]), say(HOW_FEEDS)]
        return Answer("\n".join(said))
    known = _feeds_of(asked)
    wanted = [*known, url.strip()] if verb == "add" else [each for each in known if each != url.strip()]
    if len(wanted) == len(known):
        return Answer(say(NOTHING_CHANGES))
    sign = "+" if verb == "add" else "−"
    return proposed(asked, lambda text: DraftedChange(with_feeds(text, wanted), "", f"{sign} {url.strip()}"))


def track(asked: Asked) -> Answer:
    """Follow something new."""
    words = asked.words.strip()
    if not words:
        return Answer(say(HOW_TO_TRACK))
    return proposed(asked, lambda text: _tracked(asked, text, words))


def decide(asked: Asked) -> Answer:
    """Do what a button of a proposal asks for: apply it, leave it, or undo it."""
    proposal = asked.monitor.proposals.find(asked.words[:-1])
    if proposal is None:
        return Answer(say(texts.TOO_OLD))
    if asked.words[-1] == "n":
        return Answer(say(CANCELLED))
    is_undo = asked.words[-1] == "u"
    old, new = (proposal.after, proposal.before) if is_undo else (proposal.before, proposal.after)
    monitor, path = asked.monitor, asked.monitor.settings.topics_file
    present = read_topics_text(path)
    if present not in (old, new):
        return Answer(say(CHANGED_MEANWHILE))
    if not is_in_force(monitor, old, new):
        return Answer(say(NOT_HERE))
    try:
        write_topics_text(path, new)
    except StoreError as e:
        return Answer(say(NOT_WRITABLE, reason=str(e).replace(str(path), path.name)))
    if proposal.topic:
        monitor.proposals.mark_edited(proposal.topic, asked.now + UNTIL_KNOWN)
    put_in_force(monitor)
    sign = "↩ " if is_undo else ""
    write_down(asked, f"{sign}{proposal.topic or 'feeds'} {proposal.said}", was_done=present == new)
    return _applied(asked, proposal, is_undo=is_undo)


def _applied(asked: Asked, proposal: Proposal, *, is_undo: bool) -> Answer:
    monitor = asked.monitor
    topic = next((each for each in monitor.topics.all() if each.name == proposal.topic), None)
    version = monitor.topics.version()
    if is_undo:
        # A topic that is gone comes nowhere any more; one of its name that is followed later is asked for anew.
        ended = (Change("unsubscribe", proposal.topic),) if proposal.topic and topic is None else ()
        undone = say("Undone: the file is as it was before, byte for byte. v{version} in force.", version=version)
        return Answer(undone, changes=ended)
    undo = button(asked, say("Undo"), "e", f"{proposal.id}u")
    if topic is None:
        return Answer(say("v{version} in force.", version=version), buttons=((undo,),))
    time = day_and_time(next_digest(topic, asked.now), asked.now, ZoneInfo(topic.timezone))
    said = say("v{version} in force; used in the digest of {time}.", version=version, time=time)
    if not proposal.is_new:
        return Answer(said, buttons=((undo,),))
    said = f"{said}\n{say(FROM_NOW_ON, name=topic.name)}"
    when = say("{said}\nThe digest on {title} comes here every day. When?", said=said, title=title_of(topic))
    rows = (*hours_of(asked, topic), (button(asked, say("Send one now"), "d", topic.name), undo))
    return Answer(when, buttons=rows, changes=(Change("subscribe", topic.name, asked.update.thread),))


def hours_of(asked: Asked, topic: Topic) -> tuple[tuple[Button, ...], ...]:
    """Return buttons for the morning in three cities, and one for all others."""
    mark = mark_of(topic)
    cities = (("Asia/Taipei", say("08:00 Taipei")), ("Europe/London", say("08:00 London")))
    more = (("America/New_York", say("08:00 New York")),)
    rows = [tuple(button(asked, label, "t", f"{mark}z{zone}") for zone, label in some) for some in (cities, more)]
    return (rows[0], (*rows[1], button(asked, say("Other"), "t", f"{mark}z?")))


def _edited(text: str, topic: Topic, words: str) -> DraftedChange:
    """Return the file with a query that is said whole, or by what is added to it and excluded."""
    if not is_change(words):
        query = printed(read(words).node)
        return DraftedChange(with_query(text, topic.name, query), topic.name, query)
    query = changed_query(topic, _signed(words))
    return DraftedChange(with_query(text, topic.name, query), topic.name, words.replace("-", "−"))


def _signed(words: str) -> list[str]:
    """Return words with their signs; what follows one sign to the next is one keyword."""
    found: list[str] = []
    for each in words.split():
        if each[0] in "+-" or not found:
            found.append(each)
        else:
            found[-1] += f" {each}"
    return found


def _removed(text: str, topic: Topic, word: str) -> DraftedChange:
    query = without_keyword(topic, word)
    if query is None:
        return DraftedChange(text, topic.name, "")
    return DraftedChange(with_query(text, topic.name, query), topic.name, f"− {word}")


def _tracked(asked: Asked, text: str, words: str) -> DraftedChange:
    node = read(words).node
    title, query = plain(headline_of(node), LONGEST_TOPIC_TITLE), printed(node)
    name = name_for(title, [each.name for each in asked.monitor.topics.all()])
    return DraftedChange(with_topic(text, name, title, query), name, query, is_new=True)


def _tested(topic: Topic, text: str) -> str:
    """Say whether a text belongs to a topic, and by which words."""
    matches = Matcher([topic]).match(text)
    if not matches:
        return say("It does not belong to {title}.", title=title_of(topic))
    terms = listed([hit.term for match in matches for hit in match.terms])
    return say("It belongs to {title}: {terms}.", title=title_of(topic), terms=terms)


def _split(asked: Asked) -> tuple[Topic | None, str]:
    """Return the topic that the first words name, and what follows: the longest name that fits."""
    words, topics = asked.words.split(), asked.monitor.topics.all()
    for count in range(len(words), 0, -1):
        name = " ".join(words[:count])
        exact = [each for each in topics if fold(name) in (fold(each.name), fold(each.title))]
        if exact:
            return exact[0], " ".join(words[count:])
    found = find_topics(words[0], topics) if words else []
    return (found[0], " ".join(words[1:])) if len(found) == 1 else (None, "")


def _feeds_of(asked: Asked) -> list[str]:
    text = read_topics_text(asked.monitor.settings.topics_file)
    return list(parse_topics(text, NAMEABLE, BY_DEFAULT).feeds)
