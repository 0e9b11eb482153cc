"""What there is to talk about in the transcripts: two topics, four quiet weeks, and a morning on which one rises."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from monitor.models import Author, Engagement, Post, PostKey
from tests.integration.house import BEGIN, House

TOPICS = """\
feeds = ["https://news.example/feed"]

[topics.smash-pots]
title = "砸锅卖铁"
query = '砸锅卖铁 OR "smash pots"'   # also in 繁體
sources = ["bluesky", "rss"]

[topics.water]
title = "Water"
any = ["water"]
sources = ["rss"]
"""
ASKER = "Anna"
HOUR = timedelta(hours=1)
READ_FOR = timedelta(days=29)
QUIET_DAYS = 28
WORDS = "春夏秋冬东西南北山水花鸟鱼虫琴棋书画"


class Said(NamedTuple):
    """A post: hours ago, where, what, how many liked it, and to what it links."""

    ago: float
    platform: str
    text: str
    likes: int = 0
    link: str = ""


LOUD = (
    Said(2.2, "bluesky", "要砸锅卖铁,先砸谁的锅?", 310),
    Said(2.4, "mastodon", "連砸鍋賣鐵都寫進公文了,這是要賣誰的鐵?", 88),
    Said(2.6, "bluesky", "“Smash pots and sell iron”: so who eats tonight?", 41),
    Said(2.7, "bluesky", "为了抽卡砸锅卖铁,我妈看了想打我", 12),
    Said(2.8, "mastodon", "食堂都要关了还谈什么砸锅卖铁", 7),
    Said(3.1, "bluesky", "我们单位开会,要求砸锅卖铁还债", 5),
)
WATER = tuple(Said(3 + n, "rss", f"The water is rising again at the old mill, day {n}") for n in range(3))
COPIED = "某县成立砸锅卖铁专班,要求全员参与,三个月内见效"


def plant(house: House) -> None:
    """Store what was said, and that everything was read."""
    house.learn(list(posts_of([*LOUD, *WATER, *_quiet(), *_crowd()], BEGIN, 0)))
    for query in {each for topic in house.monitor.topics.all() for each in house.monitor.queries_of(topic)}:
        house.read(query, READ_FOR)


def _quiet() -> Iterator[Said]:
    """Yield a post every four hours for four weeks."""
    for n in range(QUIET_DAYS * 6):
        yield Said(24 + 4 * n + 0.5, "bluesky", f"砸锅卖铁,{WORDS[n % 15 : n % 15 + 4]}第{n}回")


def _crowd() -> Iterator[Said]:
    """Yield what forty people say within an hour, a dozen of them in the same words with one link."""
    for n in range(40):
        platform, ago = ("bluesky", "mastodon")[n % 2], 2.05 + n * 0.02
        if n < 12:
            yield Said(ago, platform, COPIED, link="https://news.example/smash")
        else:
            yield Said(ago, platform, f"又是砸锅卖铁,食堂{WORDS[n % 16]}{WORDS[(n * 7) % 16]}说{n}")


def crowd_of(topic: str) -> Iterator[Said]:
    """Yield what forty people say of a topic within the last hour, each in words of their own."""
    word = {"smash-pots": "砸锅卖铁", "water": "water"}[topic]
    for n in range(40):
        said = f"这回真要{word}了?{WORDS[n % 16]}{WORDS[(n * 5) % 16]}{WORDS[(n * 11) % 16]}路口{n}号都在传"
        yield Said(0.1 + n * 0.02, ("bluesky", "mastodon")[n % 2], said, likes=n)


def posts_of(sayings: Iterable[Said], now: datetime, first: int) -> Iterator[Post]:
    """Yield posts, numbered from `first` on."""
    for number, each in enumerate(sayings, first):
        at = now - each.ago * HOUR
        yield Post(
            key=PostKey(each.platform, f"p{number}"),
            url=f"https://{each.platform}.example/p{number}",
            text=each.text,
            created_at=at,
            observed_at=at + timedelta(minutes=1),
            author=Author(id=f"author {number}"),
            engagement=Engagement(likes=each.likes) if each.likes else Engagement(),
            links=(each.link,) if each.link else (),
        )
