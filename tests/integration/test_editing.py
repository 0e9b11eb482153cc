"""Topics are changed from the bot: shown before, applied once, undone byte for byte."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.bot.foretaste import told_cost
from monitor.digests.draft import LONGEST_TEXT
from monitor.duties import jobs
from monitor.models import Message, Window
from monitor.readers.shelves import shelf_of
from monitor.seams.budget import Budget, micro
from monitor.settings import load
from monitor.store.spend import SpendStore
from monitor.wiring import opened
from tests.build import NOW, a_mention, a_topic
from tests.integration.room import Room, a_room
from tests.simulators.telegram_chats import User

FILE = """# my topics, with a comment of mine
feeds = [
  "https://news.example/feed",  # the best one
]

[topics.pots]
title = '砸锅卖铁'   # the slogan
query = '砸锅卖铁 OR "smash pots"'
sources = ["hackernews"]

[topics.water]\r
any = ["water"]
"""
TEXTS = (
    "为了抽卡砸锅卖铁",
    "砸锅卖铁,先砸谁的锅?",
    "游戏要我砸锅卖铁",
    "smash pots and sell iron",
    "县里砸锅卖铁还债",
)


@pytest.fixture
def room(redis_url: str, tmp_path: Path) -> Iterator[Room]:
    with a_room(redis_url, tmp_path) as room:
        (tmp_path / "topics.toml").write_text(FILE, encoding="utf-8", newline="")
        jobs.read_topics(room.monitor, NOW)
        mentions = [
            a_mention(f"p{n}", topic="pots", post={"text": text, "observed_at": NOW - timedelta(hours=n + 1)})
            for n, text in enumerate(TEXTS)
        ]
        room.monitor.mentions.add("pots", mentions, oldest=NOW - timedelta(days=9))
        yield room


@pytest.fixture
def anna(room: Room) -> User:
    return room.person("Anna", "editor")


def topics_file(room: Room) -> str:
    return room.monitor.settings.topics_file.read_bytes().decode()


def said(room: Room, user: User, text: str) -> Message:
    message = room.tell(room.update(user, text))
    assert message is not None
    return message


def press(room: Room, user: User, message: Message, label: str) -> Message:
    data = next(each.data for row in message.buttons for each in row if each.label == label)
    answered = room.tell(room.update(user, data, kind="button", button="1"))
    assert answered is not None
    return answered


def counted(room: Room) -> int:
    topic = next(each for each in room.monitor.topics.all() if each.name == "pots")
    window = Window(NOW - timedelta(days=7), NOW)
    return len(shelf_of(room.monitor, topic).mentions.between("pots", window))


def test_what_the_preview_drops_is_what_is_dropped_and_undo_brings_it_back(room: Room, anna: User) -> None:
    version = room.monitor.topics.version()

    preview = said(room, anna, "/edit pots -抽卡 -游戏")
    assert f"pots v{version} → v{version + 1}: −抽卡 −游戏" in preview.text
    assert topics_file(room) == FILE
    dropped = re.search(r"drops (\d+) of 5 posts", preview.text)
    assert dropped is not None
    before = counted(room)
    applied = press(room, anna, preview, "Apply")

    assert f"v{version + 1} in force; used in the digest of " in applied.text
    assert before - counted(room) == int(dropped[1]) == 2
    assert "# my topics, with a comment of mine" in topics_file(room)
    assert "-抽卡" in topics_file(room)
    assert "newest" in room.say(anna, "/recent pots")
    assert "抽卡" not in room.say(anna, "/recent pots")

    undone = press(room, anna, applied, "Undo")

    assert "byte for byte" in undone.text
    assert topics_file(room) == FILE
    assert counted(room) == before
    assert "抽卡" in room.say(anna, "/recent pots")


def test_an_example_of_what_drops_is_shown_unless_it_exposes_somebody(room: Room, anna: User) -> None:
    exposing = a_mention("x", topic="pots", post={"text": "砸锅卖铁 我们单位 抽卡", "observed_at": NOW})
    room.monitor.mentions.add("pots", [exposing], oldest=NOW - timedelta(days=9))
    room.now = NOW + timedelta(minutes=1)

    preview = said(room, anna, "/edit pots -抽卡")

    assert "drops 2 of 6 posts" in preview.text
    assert "Dropped: “为了抽卡砸锅卖铁” [+1]" in preview.text
    assert "单位" not in preview.text


@pytest.mark.parametrize(
    ("language", "marked"),
    [("en", "“为了抽卡砸锅卖铁”"), ("zh-hans", "“为了抽卡砸锅卖铁”"), ("zh-hant", "「为了抽卡砸锅卖铁」")],
)
def test_an_example_stands_in_the_marks_of_the_readers_language(
    room: Room, anna: User, language: str, marked: str
) -> None:
    preview = room.tell(room.update(anna, "/edit pots -抽卡", language=language))

    assert preview is not None
    assert marked in preview.text
    [quote] = preview.quotes
    assert preview.text[quote.offset : quote.offset + quote.length] == marked


def test_a_change_is_made_once_however_often_its_button_comes(room: Room, anna: User) -> None:
    preview = said(room, anna, "/edit pots -抽卡")
    press(room, anna, preview, "Apply")
    after, version = topics_file(room), room.monitor.topics.version()
    press(room, anna, preview, "Apply")

    assert topics_file(room) == after
    assert room.monitor.topics.version() == version


def test_a_file_that_somebody_else_changed_is_left_alone(room: Room, anna: User) -> None:
    preview = said(room, anna, "/edit pots -抽卡")
    room.monitor.settings.topics_file.write_text(FILE + "# later\n", encoding="utf-8")

    answered = press(room, anna, preview, "Apply")

    assert "changed meanwhile" in answered.text
    assert topics_file(room).endswith("# later\n")


def test_cancel_changes_nothing(room: Room, anna: User) -> None:
    assert press(room, anna, said(room, anna, "/edit pots -抽卡"), "Cancel").text == "Nothing was changed."
    assert topics_file(room) == FILE


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        ("/keywords add pots 砸鍋賣鐵啦", '砸锅卖铁 OR "smash pots" OR 砸鍋賣鐵啦'),
        ("/keywords remove pots smash pots", "砸锅卖铁"),
        ("/edit pots +砸锅 卖铁 -手游", '(砸锅卖铁 OR "smash pots" OR "砸锅 卖铁") -手游'),
        ("/edit pots 砸锅卖铁 lang:zh", "砸锅卖铁 lang:zh"),
        ("/edit water -hot", "water -hot"),
    ],
)
def test_the_query_is_as_it_was_asked_for(room: Room, anna: User, command: str, wanted: str) -> None:
    press(room, anna, said(room, anna, command), "Apply")

    assert wanted in {topic.query for topic in room.monitor.topics.all()}


def test_keywords_are_tested_and_wrong_queries_are_explained(room: Room, anna: User) -> None:
    assert room.say(anna, "/keywords test pots 砸鍋賣鐵") == "It belongs to 砸锅卖铁: 砸锅卖铁."
    assert room.say(anna, "/keywords test pots 砸锅") == "It does not belong to 砸锅卖铁."
    assert "at column" in room.say(anna, "/edit pots (砸锅")
    assert room.say(anna, '/edit pots 砸锅卖铁 OR "smash pots"') == "That changes nothing."
    assert topics_file(room) == FILE


def test_feeds_are_added_and_removed_and_comments_stay(room: Room, anna: User) -> None:
    assert "https://news.example/feed" in room.say(anna, "/feeds")
    press(room, anna, said(room, anna, "/feeds add https://other.example/rss"), "Apply")
    assert "https://other.example/rss" in topics_file(room)
    assert "# the best one" in topics_file(room)
    removed = press(room, anna, said(room, anna, "/feeds remove https://news.example/feed"), "Apply")
    assert "news.example" not in topics_file(room)
    press(room, anna, removed, "Undo")
    assert "https://news.example/feed" in topics_file(room)
    assert "That does not hold" in room.say(anna, "/feeds add no-address")


def test_a_new_topic_is_followed_and_told_here_at_an_hour_that_is_chosen(room: Room, anna: User) -> None:
    preview = said(room, anna, '/track 躺平 OR "lying flat"')
    tracked = press(room, anna, preview, "Track")
    card = press(room, anna, tracked, "08:00 Taipei")

    [name] = [topic.name for topic in room.monitor.topics.all() if topic.title == "躺平"]
    assert "in force" in tracked.text
    assert [each.topic for each in room.monitor.subscriptions.of(str(anna.id))] == [name]
    assert "Time zone: Taipei" in card.text
    assert "躺平" in press(room, anna, tracked, "Send one now").text


def test_who_changed_what_is_written_down(room: Room, anna: User) -> None:
    applied = press(room, anna, said(room, anna, "/edit pots -抽卡"), "Apply")
    press(room, anna, applied, "Undo")

    first, second = room.say(anna, "/audit").split("\n")
    assert first.endswith(f"{anna.id}: undone: pots −抽卡")
    assert second.endswith(f"{anna.id}: pots −抽卡")


def test_a_file_in_which_a_topic_names_a_stream_can_be_changed(room: Room, anna: User) -> None:
    """Every change and the list of feeds was refused: "bluesky" is told of, not asked, and only polled ones counted."""
    text = FILE.replace('sources = ["hackernews"]', 'sources = ["bluesky", "rss"]')
    room.monitor.settings.topics_file.write_text(text, encoding="utf-8", newline="")
    for _ in range(2):
        jobs.read_topics(room.monitor, NOW)

    assert "https://news.example/feed" in room.say(anna, "/feeds")
    press(room, anna, said(room, anna, "/edit pots -抽卡"), "Apply")

    assert any("-抽卡" in topic.query for topic in room.monitor.topics.all())


def test_a_new_topic_looks_only_where_topics_look_by_default(room: Room, anna: User) -> None:
    """The preview named every source that there is, paid ones too."""
    preview = said(room, anna, "/track 躺平").text

    assert "Looks at: Hacker News, News." in preview


def test_a_new_topic_is_tried_on_stored_posts_before_it_is_followed(room: Room, anna: User) -> None:
    exposing = a_mention("risk", topic="pots", post={"text": "人在国内,抽卡砸锅卖铁", "observed_at": NOW})
    copy = a_mention("p0", topic="water", post={"text": TEXTS[0], "observed_at": NOW - timedelta(hours=1)})
    old = a_mention("old", topic="pots", post={"text": "抽卡", "observed_at": NOW - timedelta(days=8)})
    room.monitor.mentions.add("pots", [exposing, old], oldest=NOW - timedelta(days=9))
    room.monitor.mentions.add("water", [copy], oldest=NOW - timedelta(days=9))

    preview = said(room, anna, "/track 抽卡")

    assert "That costs nothing.\nTried on 6 posts of the last 7 days" in preview.text
    assert ": 2 fit. " in preview.text
    (quote,) = [each for each in preview.entities if each.type == "blockquote"]
    assert TEXTS[0] in preview.text[quote.offset : quote.offset + quote.length]
    assert [each.key.id for each in preview.quotes] == ["p0"]
    assert "人在国内" not in preview.text


def test_what_a_paid_source_may_cost_is_told_before_a_topic_is_followed(room: Room) -> None:
    spend = SpendStore(room.monitor.connection, "x", Budget(micro(1.0), micro(0.25)), lambda _: [])
    room.monitor.spending["x"] = spend

    assert told_cost(room.monitor, a_topic(sources=("hackernews",))) == "That costs nothing."
    assert told_cost(room.monitor, a_topic(sources=("hackernews", "x"))) == "A day costs: X up to $0.25."


def test_who_undoes_twice_undoes_once_and_is_written_down_once(room: Room, anna: User) -> None:
    applied = press(room, anna, said(room, anna, "/edit pots -抽卡"), "Apply")

    for _ in range(2):
        assert "byte for byte" in press(room, anna, applied, "Undo").text

    assert topics_file(room) == FILE
    assert len(room.say(anna, "/audit").split("\n")) == 2


def test_an_undo_after_anothers_edit_takes_nothing_of_it_away(room: Room, anna: User) -> None:
    emil = room.person("Emil", "editor")
    hers = press(room, anna, said(room, anna, "/edit pots -抽卡"), "Apply")
    his = press(room, emil, said(room, emil, "/edit pots -游戏"), "Apply")
    both = topics_file(room)

    assert "changed meanwhile" in press(room, anna, hers, "Undo").text
    assert topics_file(room) == both
    press(room, emil, his, "Undo")
    press(room, anna, hers, "Undo")

    assert topics_file(room) == FILE


def test_an_undo_in_a_new_process_restores_every_byte(room: Room, anna: User) -> None:
    """The buttons and the bytes outlive the process that offered them."""
    preview = said(room, anna, "/edit pots -抽卡")
    with opened(load(), prefix=room.monitor.connection.keys.prefix) as fresh:
        room.monitor, before = fresh, room.monitor
        applied = press(room, anna, preview, "Apply")
        press(room, anna, applied, "Undo")
        room.monitor = before

    assert topics_file(room) == FILE


def test_a_topic_that_is_undone_comes_nowhere(room: Room, anna: User) -> None:
    """Its subscription stayed, and /unsubscribe offered a topic that nobody follows."""
    tracked = press(room, anna, said(room, anna, "/track 躺平"), "Track")

    press(room, anna, tracked, "Undo")

    assert room.monitor.subscriptions.of(str(anna.id)) == []
    assert "No digest comes here" in room.say(anna, "/unsubscribe")


@pytest.mark.parametrize(
    "keyword",
    [
        "🔥🔥",
        "👩‍👩‍👧 家",
        "مرحبا بالعالم",
        "\u202eabc",
        "砸" * 200,
        "'''三引号'''",
        'back\\slash "quoted" words',
        "[topics.water]",
        "{user} %s $HOME",
    ],
)
def test_whatever_a_keyword_holds_the_file_says_it_and_undo_takes_it_back(room: Room, anna: User, keyword: str) -> None:
    preview = said(room, anna, f"/keywords add pots {keyword}")
    if preview.buttons:
        applied = press(room, anna, preview, "Apply")
        assert {topic.name for topic in room.monitor.topics.all()} == {"pots", "water"}
        assert "in force" in applied.text
        press(room, anna, applied, "Undo")

    assert topics_file(room) == FILE
    assert len(preview.text.encode("utf-16-le")) // 2 <= LONGEST_TEXT


@pytest.mark.parametrize("change", ["-抽卡", "-抽卡 -游戏", "smash", "-锅 +县里", "砸锅卖铁 -先砸", "砸锅 lang:zh"])
def test_the_preview_drops_what_is_really_dropped_whatever_comes_in_between(
    room: Room, anna: User, change: str
) -> None:
    """A poll that began before the edit stores by the rule of before: a minute long, it is matched anew."""
    preview = said(room, anna, f"/edit pots {change}")
    dropped = re.search(r"drops (\d+) of 5 posts", preview.text)
    assert dropped is not None, preview.text

    press(room, anna, preview, "Apply")
    late = a_mention(
        "late", topic="pots", post={"text": "游戏抽卡砸锅卖铁", "observed_at": NOW + timedelta(seconds=30)}
    )
    room.monitor.mentions.add("pots", [late], oldest=NOW - timedelta(days=9))
    room.now = NOW + timedelta(minutes=1)

    assert counted(room) == 5 - int(dropped[1])


@pytest.mark.parametrize("header", ['[topics."pots"]', "[ topics . pots ]", "[topics.'pots']"])
def test_an_edit_subscribes_nobody_however_the_topic_is_written(room: Room, anna: User, header: str) -> None:
    room.monitor.settings.topics_file.write_text(FILE.replace("[topics.pots]", header), encoding="utf-8", newline="")
    for _ in range(2):
        jobs.read_topics(room.monitor, NOW)

    applied = press(room, anna, said(room, anna, "/edit pots -抽卡"), "Apply")

    assert "in force" in applied.text
    assert room.monitor.subscriptions.of(str(anna.id)) == []
