"""The newest posts of a topic, in the languages that the chat reads: by the page, by gain, or as citations to copy.

By script it shows those of one script, whatever the chat reads: that was asked for just now. A button says
"mark:filter:skip:most", the mark of a topic with what is shown, how many posts come before the page, and how many are
on one.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta, tzinfo
from typing import NamedTuple

from monitor.bot import texts
from monitor.bot.asked import Answer, Asked
from monitor.bot.insight import zone_in
from monitor.bot.menus import button
from monitor.bot.options import tongue_told
from monitor.bot.topics_meant import topic_meant
from monitor.digests.citation import citation_of
from monitor.digests.draft import Draft
from monitor.digests.recent import Recent, Rules, choose, with_gains, write
from monitor.digests.wording import listed
from monitor.models import Button, Mention, Reaction, Topic, Window
from monitor.pipeline import signed
from monitor.readers.shelves import named_in, rule_for, shelf_of
from monitor.readers.topic_names import called, mark_of
from monitor.saying import phrase, say
from monitor.signals.accounts import in_languages
from monitor.text.folding import fold
from monitor.topics.senses.sense import by_sense

SHOWN, MOST_SHOWN = 5, 20
PAGE, MOST_LOOKED_AT = 100, 1000
DAY = timedelta(hours=24)
FILTERS = {"a": phrase("all"), "s": "简", "t": "繁", "e": "EN", "g": phrase("By gain")}
ONLY, BY_GAIN, CITED = "ste", "g", "c"
_SCRIPTS = {"s": "Hans", "t": "Hant"}


class PageMeant(NamedTuple):
    """Which posts are asked for. `languages` are those that the chat reads; none: all."""

    topic: Topic
    filter: str = "a"
    skip: int = 0
    most: int = SHOWN
    is_cited: bool = False
    languages: tuple[str, ...] = ()


def recent(asked: Asked) -> Answer:
    """Show the newest posts of a topic."""
    page = _page_meant(asked)
    if isinstance(page, Answer):
        return page
    page = page._replace(languages=_languages(asked, page.topic))
    found = choose(_posts(asked, page), Rules(asked.policy, named_in(asked.monitor)), page.skip + page.most + 1)
    shown, has_more = found[page.skip : page.skip + page.most], len(found) > page.skip + page.most
    if page.is_cited:
        return _cited(shown, zone_in(asked, page.topic))
    count = _count(asked, page)
    only = say(FILTERS[page.filter]) if page.filter in ONLY else _read_here(page)
    history = asked.monitor.mentions.history(page.topic.name, [each.mention.post.key for each in shown])
    shown = with_gains(shown, history)
    told = Recent(page.topic, shown, count, asked.now, page.skip, page.filter == BY_GAIN, only)
    draft = write(told, zone_in(asked, page.topic))
    return Answer(draft.text, draft.entities(), _buttons(asked, page, has_more, bool(shown)), quotes=draft.quotes())


def _page_meant(asked: Asked) -> PageMeant | Answer:
    """Return the page that a button or words ask for, or the question back."""
    topics = asked.monitor.topics.all()
    if asked.is_press and ":" in asked.words:
        mark, kind, skip, *asked_for = asked.words.split(":")
        topic = next((each for each in topics if mark_of(each) == mark), None)
        if topic is None:
            return Answer(say(texts.TOO_OLD))
        return PageMeant(
            topic, kind[0], int(skip), int(asked_for[0]) if asked_for else SHOWN, is_cited=kind.endswith(CITED)
        )
    is_named = bool(called(asked.words, topics))  # some topics are called by a number: 996
    words, most = (asked.words, SHOWN) if is_named else _with_number(asked.words)
    found = topic_meant(asked._replace(words=words), "r")
    return found if isinstance(found, Answer) else PageMeant(found, most=most)


def _buttons(asked: Asked, page: PageMeant, has_more: bool, has_any: bool) -> tuple[tuple[Button, ...], ...]:
    """Return the way to the next page, the filters that are not in force, and citations."""

    def leading_to(label: str, kind: str, skip: int) -> Button:
        return button(asked, label, "r", f"{mark_of(page.topic)}:{kind}:{skip}:{page.most}")

    more = [leading_to("▶", page.filter, page.skip + page.most)] if has_more else []
    here = _read_here(page)
    labels = {key: here if key == "a" and here else say(word) for key, word in FILTERS.items()}
    filters = [leading_to(label, key, 0) for key, label in labels.items() if key != page.filter]
    cite = [leading_to(say("Cite"), f"{page.filter}{CITED}", page.skip)] if has_any else []
    return tuple(row for row in ((*more, *cite), tuple(filters)) if row)


def _posts(asked: Asked, page: PageMeant) -> Iterable[Mention]:
    """Return the posts that a filter lets through, in the order in which they are shown."""
    is_wanted = _wanted(page)
    newest = (each for each in _newest(asked, page.topic) if is_wanted is None or is_wanted(each))
    if page.filter == BY_GAIN:
        # What a post of the last day gained in it are all its likes, as digests count them; ties stay newest first.
        day = (each for each in newest if each.post.time >= asked.now - DAY)
        return sorted(day, key=lambda each: -(each.post.engagement.likes or 0))
    return newest


def _wanted(page: PageMeant) -> Callable[[Mention], bool] | None:
    """Return what tells whether a post is among those asked for; None where all are."""
    if page.filter == "e":
        return lambda each: each.language == "en"
    if page.filter in _SCRIPTS:
        return lambda each: each.script == _SCRIPTS[page.filter]
    return (lambda each: in_languages(each, page.languages)) if page.languages else None


def _languages(asked: Asked, topic: Topic) -> tuple[str, ...]:
    wishes = asked.monitor.wishes.of(asked.chat, topic.name)
    return () if wishes is None else wishes.languages


def _read_here(page: PageMeant) -> str:
    """Name the languages that a chat reads; "" where it reads all."""
    return listed(list(map(tongue_told, page.languages)))


def _newest(asked: Asked, topic: Topic) -> Iterator[Mention]:
    """Yield the newest posts of a topic, read by the page, at most a thousand: few of them may be fit to be shown."""
    rule, names = rule_for(asked.monitor, topic), asked.monitor.names.all()
    for skip in range(0, MOST_LOOKED_AT, PAGE):
        page = asked.monitor.mentions.latest(topic.name, skip, PAGE)
        yield from signed(by_sense(topic, page if rule is None else rule.held(page)).meant, names)
        if not page:
            return


def _count(asked: Asked, page: PageMeant) -> int:
    """Count the posts of the last day that are asked for: those of another sense or rule are told apart by their texts.

    What a page leaves out for its filter is not counted, so that the number is that of the posts one can look through.
    """
    topic, window, is_wanted = page.topic, Window(asked.now - DAY, asked.now), _wanted(page)
    if topic.sense is None and is_wanted is None and rule_for(asked.monitor, topic) is None:
        return asked.monitor.mentions.count(topic.name, window)
    meant = by_sense(topic, shelf_of(asked.monitor, topic).mentions.between(topic.name, window)).meant
    return sum(is_wanted is None or is_wanted(each) for each in meant)


def _cited(reactions: Iterable[Reaction], zone: tzinfo) -> Answer:
    """Word posts to be copied: quote, place, when it was written and when we saw it, and the address."""
    draft = Draft()
    for each in reactions:
        draft.write("\n\n" if draft.text else "")
        with draft.about(each.mention.post.key, each.mention.post.author.id):
            draft.write(citation_of(each, zone))
    return Answer(draft.text or say("nothing to show"), quotes=draft.quotes())


def _with_number(words: str) -> tuple[str, int]:
    """Return the words without the number at their end, and how many posts are wanted."""
    first, _, last = words.strip().rpartition(" ")
    number = fold(last)
    if not (number.isascii() and number.isdigit()) or len(number) > 4:
        return words.strip(), SHOWN
    return first.strip(), max(1, min(int(number), MOST_SHOWN))
