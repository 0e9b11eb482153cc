"""The slot of a topic: its posts, their indexes and counts."""

from random import Random

from monitor.models import Engagement, First, Mention, PostKey, Span, TermHit, Window
from monitor.nouns.novelty import Form
from monitor.signals.copies import Wording, wording_of
from monitor.store.codec import to_ms
from monitor.store.firsts import FirstsStore
from monitor.store.mentions import HOUR_MS, MentionStore
from monitor.store.topics import TopicStore
from tests.build import a_mention, a_post
from tests.replays.replayer import CLOCK, Call, Replayer
from tests.replays.work import time_of

TOPIC = "pots"
DAY = 86_400_000


def some_engagement(draw: Random) -> Engagement:
    """Return counts, some of them absent, small or greater than Lua can hold."""
    likes, views = (draw.choice((None, 0, draw.randrange(1000), 2**60)) for _ in range(2))
    return Engagement(likes=likes, views=views)


def a_random_mention(draw: Random) -> Mention:
    """Return one of few posts, as seen at some time: its terms, group and age may differ from look to look."""
    seen = CLOCK - draw.randrange(3 * DAY)
    post = {
        "observed_at": time_of(seen),
        "created_at": draw.choice((None, time_of(seen - draw.randrange(DAY)), time_of(seen + DAY))),
        "engagement": some_engagement(draw),
    }
    terms = tuple(
        TermHit(term=term, spans=(Span(0, 1),)) for term in draw.sample(("砸锅卖铁", "a b", "с"), draw.randrange(4))
    )
    id_ = str(draw.randrange(5))
    wording = draw.choice((Wording("g1", b""), Wording("g2", b""), wording_of(a_post(id_).text)))
    backfilled = draw.random() < 0.3
    return a_mention(id_, post=post, terms=terms, group=wording.group, sketch=wording.sketch, backfilled=backfilled)


def some_posts(draw: Random, store: Replayer) -> list[Mention]:
    """Write posts, most of them whole, some with an index or their engagement left from half a life."""
    keys = store.keys.topic(TOPIC)
    by_key = {each.post.key: each for each in (a_random_mention(draw) for _ in range(draw.randrange(6)))}
    for key, mention in by_key.items():
        MentionStore(store).add(TOPIC, [mention], oldest=time_of(0))
        odd = draw.random()
        if odd < 0.1:
            store.execute("HDEL", keys.posts, str(key))
        elif odd < 0.2:
            store.execute("ZREM", keys.times, str(key))
        elif odd < 0.3:
            store.execute("HDEL", keys.engagement, str(key))
    for _ in range(draw.randrange(3)):
        store.execute("HSET", keys.rollups, CLOCK // HOUR_MS - draw.randrange(80), draw.randrange(1, 50))
    return list(by_key.values())


def add(draw: Random, store: Replayer) -> Call:
    """Posts new, known, too old, seen earlier or later than before, and twice in one page."""
    some_posts(draw, store)
    mentions = [a_random_mention(draw) for _ in range(draw.randrange(1, 6))]
    oldest = time_of(CLOCK - draw.randrange(3 * DAY))
    return lambda: MentionStore(store).add(TOPIC, mentions, oldest=oldest)


def prune(draw: Random, store: Replayer) -> Call:
    """Posts removed up to a time, or, by a slow worker, posts that another worker removed meanwhile."""
    keys = store.keys.topic(TOPIC)
    known = some_posts(draw, store)
    if draw.random() < 0.5:
        # Roll-ups are dropped, too, when they are older than a year.
        before = time_of(CLOCK + draw.choice((-DAY, 0, 500 * DAY)))
        return lambda: MentionStore(store).prune(TOPIC, before)
    rows: list[str | int] = []
    for mention in (*known, a_random_mention(draw)):
        rows += [str(mention.post.key), to_ms(mention.post.time), int(mention.backfilled)]
    written = (keys.posts, keys.times, keys.backfilled, keys.engagement, keys.rollups)
    return lambda: store.run("prune", written, rows)


def withdraw(draw: Random, store: Replayer) -> Call:
    """Posts withdrawn that are there, were withdrawn before, or are not known."""
    known = [each.post.key for each in some_posts(draw, store)]
    gone = draw.sample(known, draw.randrange(len(known) + 1))
    if gone and draw.random() < 0.3:
        MentionStore(store).withdraw(TOPIC, gone)
    return lambda: MentionStore(store).withdraw(TOPIC, [*gone, PostKey("rss", "unknown")])


def earliest(draw: Random, store: Replayer) -> Call:
    """Forms that are new, known from earlier, known from later, and twice in one call."""
    forms: list[tuple[Form, str]] = [("script", "zh-Hans"), ("variant", "a b"), ("variant", "砸鍋賣鐵"), ("link", "0f")]

    def some_firsts() -> list[First]:
        return [
            First(
                form=form,
                label=label,
                time=time_of(CLOCK - draw.randrange(-DAY, 3 * DAY)),
                source=draw.choice(("x", "rss")),
                language=draw.choice(("und", "en")),
                backfilled=draw.random() < 0.5,
            )
            for form, label in draw.choices(forms, k=draw.randrange(5))
        ]

    FirstsStore(store).note(TOPIC, some_firsts())
    firsts = some_firsts()
    return lambda: FirstsStore(store).note(TOPIC, firsts)


def hourly(draw: Random, store: Replayer) -> Call:
    """Counts of any hours; it reads only."""
    some_posts(draw, store)
    first = CLOCK // HOUR_MS - draw.randrange(100)
    window = Window(time_of(first * HOUR_MS), time_of((first + draw.randrange(1, 60)) * HOUR_MS))
    return lambda: MentionStore(store).hourly(TOPIC, window)


def end_topic(draw: Random, store: Replayer) -> Call:
    """A topic that left, with posts or without."""
    if draw.random() < 0.5:
        some_posts(draw, store)
    for number in range(draw.randrange(3)):
        store.execute("HSET", store.keys.topic(TOPIC).rollups, number, 5)
    store.execute("HSET", store.keys.topic(TOPIC).firsts, "sen", "1 x en 0")
    if draw.random() < 0.8:
        store.execute("HSET", store.keys.work.topics_retired, TOPIC, "packed")
    return lambda: TopicStore(store).end(TOPIC)
