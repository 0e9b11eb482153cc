"""F14: hostile texts through matching, language, store, digest and page: no exception, none lost, none changed."""

import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

from monitor.digests.compose import Brief
from monitor.digests.formats import to_html
from monitor.digests.render import render
from monitor.models import Digest, Engagement, Mention, Post, PostKey, Topic, Window
from monitor.pipeline import Shelf, Stages, digest_of, ingest
from monitor.store.connection import Connection
from monitor.store.embedded import EmbeddedStore
from monitor.store.fsck import check
from monitor.store.keys import Keyspace
from monitor.store.mentions import MentionStore
from monitor.store.progress import ProgressStore
from monitor.text.languages import make_tagger
from monitor.topics.matcher.matching import Matcher
from tests.chaos import Figure, Plan, progress
from tests.data import data_path
from tests.simulators.telegram_refusals import Breach
from tests.simulators.telegram_text import judge_text

NAME = "F14 text"
MADE, MADE_IN_SHORT = 20_000, 1_500
PAGE = 25
NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
KEYWORD = "砸锅卖铁"
HALVES = re.compile("[\ud800-\udfff]")
ALLOWED = frozenset({"a", "b", "blockquote", "br", "i", "p", "span", "strong", "em", "details", "summary", "div", "s"})
PIECES = (
    *(
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "</blockquote>",
        "&lt;b&gt;",
        "&#x202e;",
        "javascript:x",
    ),
    *("*bold*", "_i_", "`c`", "```", "[x](tg://user?id=1)", "||s||", "~~", "\\", "\\*", "__", "@admin", "/start", "#a"),
    *(
        "\u202e",
        "\u2066",
        "\u2069",
        "\u200f",
        "\u200b",
        "\u2060",
        "\ufeff",
        "\u00ad",
        "\x00",
        "\x1b[31m",
        "\r",
        "\r\n",
        "\n\n\n",
    ),
    *(
        "e" + "\u0301" * 40,
        "Z\u0335\u0321\u0321",
        "👩‍👩‍👧‍👦",
        "🏴\U000e0067\U000e007f",
        "🇹🇼🇹",
        "\ud83d",
        "\udc00",
        "ﷺ" * 30,
        "𝕏",
        "𓀀",
    ),
    *(
        "https://example.org/" + "a" * 300,
        "http://a.example\u202e/moc",
        "{{7*7}}",
        "%s%n",
        "${jndi:ldap://x}",
        "'; DROP--",
        "\t",
    ),
)


def measure(plan: Plan) -> Figure:
    """Send all through the product's own stages, a page at a time, into a real store and out of it."""
    made = MADE if plan.is_long else MADE_IN_SHORT
    naughty = [
        text for text in json.loads(data_path("suites/naughty_strings.json").read_text(encoding="utf-8")) if text
    ]
    hostile = [*naughty, *invented(random.Random(plan.seed), made)]
    home = EmbeddedStore(plan.folder / "store")
    home.attach()
    connection = Connection(home.url, Keyspace())
    connection.check()
    try:
        shown: list[str] = []
        broken = list(tried(connection, hostile, shown))
        findings = check(connection)
    finally:
        connection.close()
        home.detach()
    wanted = f"{len(hostile)} hostile texts: 0 exceptions, 0 lost, 0 changed, 0 refused by Telegram's own library"
    reached: dict[str, float | int | str] = {"texts": len(hostile), "quoted": len(shown), "faults": len(broken)}
    if len(shown) < len(hostile) / PAGE:
        broken.append("hardly anything was quoted: the test sees nothing")
    return Figure(name=NAME, wanted=wanted, reached=reached, broken=(*broken[:10], *findings[:5]))


def invented(chance: random.Random, count: int) -> Iterator[str]:
    """Yield texts of hostile pieces and of any characters that there are."""
    for _ in range(count):
        pieces = [chance.choice((*PIECES, *any_characters(chance))) for _ in range(chance.randint(1, 8))]
        yield chance.choice(("", " ", "\n")).join(pieces)


def any_characters(chance: random.Random) -> tuple[str, ...]:
    """Return a few runs of any code points, surrogates and unassigned ones included."""
    return tuple("".join(chr(chance.randrange(0x110000)) for _ in range(chance.randint(1, 20))) for _ in range(4))


def tried(connection: Connection, hostile: Sequence[str], shown: list[str]) -> Iterator[str]:
    """Yield a sentence for each fault, page by page; each page is a topic of its own."""
    tag = make_tagger()
    for start in range(0, len(hostile), PAGE):
        topic = Topic(
            name=f"t{start}", title=f"{KEYWORD} {hostile[start][:40]!r}", any=(KEYWORD,), sources=("hackernews",)
        )
        stages = Stages({topic.name: topic}, Matcher([topic]), tag, lambda _, author: author)
        posts = [a_post(start + n, text) for n, text in enumerate(hostile[start : start + PAGE])]
        try:
            yield from faults_of(connection, stages, posts, shown)
        except Exception as e:  # noqa: BLE001 - each is a finding, and the other pages are still tried
            yield f"page {start}: {type(e).__name__}: {e}"[:300]
        if start % (PAGE * 200) == 0:
            progress(NAME, f"{start} texts")


def a_post(number: int, text: str) -> Post:
    """Return a post as a source makes it: without lone surrogates, which no platform can send."""
    said = HALVES.sub("\ufffd", f"{KEYWORD} {text}" if number % 2 else f"{text} {KEYWORD}")
    return Post(
        key=PostKey("hackernews", str(number)),
        url=f"https://news.ycombinator.com/item?id={number}",
        text=said,
        observed_at=NOW - timedelta(minutes=number % 50),
        engagement=Engagement(likes=number),
    )


def faults_of(connection: Connection, stages: Stages, posts: Sequence[Post], shown: list[str]) -> Iterator[str]:
    """Yield what is wrong with a page after its way through the product; note what was quoted."""
    (topic,) = stages.topics.values()
    store = MentionStore(connection)
    ingest(posts, stages, store, NOW)
    window = Window(NOW - timedelta(hours=24), NOW + timedelta(minutes=1))
    kept = {mention.post.key: mention for mention in store.between(topic.name, window)}
    for post in posts:
        if not stages.matcher.match(post.text):
            continue  # a piece before or after made another word of the keyword
        if post.key not in kept:
            yield f"post {post.key} is lost"
        elif kept[post.key].post.text != post.text:
            yield f"post {post.key} is changed"
    made = digest_of(Brief(topic=topic, window=window, chat="1"), Shelf(store, ProgressStore(connection)), NOW)
    message = render(made, "1", UTC)
    quotes = list(shown_now(made, kept))
    shown += quotes
    yield from (f"not in the message: {quote[:40]!r}" for quote in quotes if quote not in message.text)
    yield from refused(message.text, [entity_of(each) for each in message.entities])
    yield from strangers(str(to_html(message)))


def shown_now(made: Digest, kept: Mapping[PostKey, Mention]) -> Iterator[str]:
    """Yield the slices of stored texts that a digest quotes."""
    for each in made.reactions:
        if each.quote is not None:
            yield kept[each.mention.post.key].post.text[each.quote.start : each.quote.end]


def entity_of(entity: object) -> dict[str, object]:
    """Return an entity as it is sent."""
    return {name: value for name, value in vars_of(entity).items() if value is not None}


def vars_of(entity: object) -> dict[str, object]:
    """Return the fields of a struct."""
    return {name: getattr(entity, name) for name in entity.__struct_fields__}  # type: ignore[attr-defined]


def refused(text: str, entities: Sequence[dict[str, object]]) -> Iterator[str]:
    """Yield what Telegram would not take, or would show otherwise."""
    try:
        judged = judge_text(text, entities)
    except Breach as e:
        yield f"Telegram refuses: {e}"
        return
    yield from (f"Telegram shows it otherwise: {fault}" for fault in judged.faults)


class Tags(HTMLParser):
    """Collects the tags of a page that the product never writes."""

    def __init__(self) -> None:
        super().__init__()
        self.strange: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag, or an attribute that acts."""
        if tag not in ALLOWED or any(name.startswith("on") for name, _ in attrs):
            self.strange.append(tag)
        if any(name == "href" and not (value or "").startswith(("http://", "https://", "#")) for name, value in attrs):
            self.strange.append(f"{tag} href")


def strangers(html: str) -> Iterator[str]:
    """Yield what came into the page as markup."""
    tags = Tags()
    tags.feed(html)
    yield from (f"the page holds <{tag}>" for tag in tags.strange)
