"""What the bot answers, and what it changes: by its own store and by what readers of a strict Telegram see."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.bot.answer import answer, spoken
from monitor.cli.bot import show_commands
from monitor.duties import jobs
from monitor.models import Message
from monitor.nouns.clues import Clue, Sense
from monitor.store.keys import TOKENS_KEPT
from tests.build import NOW, a_mention, a_topic
from tests.integration.room import Room, a_room
from tests.simulators.telegram_chats import Member
from tests.simulators.telegram_faults import Fault, Order
from tests.unit.store.test_outbox import dump

POTS = a_topic(name="smash-pots", title="砸锅卖铁")
WATER = a_topic(name="water", title="Water")
SIX_HOURS_AGO = {"observed_at": NOW - timedelta(hours=6)}


@pytest.fixture
def room(redis_url: str, tmp_path: Path) -> Iterator[Room]:
    with a_room(redis_url, tmp_path) as made:
        made.follow(POTS, WATER)
        yield made


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("/start", ("start", "", "")),
        ("/Recent@Some_Bot  砸锅卖铁 5", ("recent", "some_bot", "砸锅卖铁 5")),
        ("／ｓｕｂｓｃｒｉｂｅ　砸鍋賣鐵", ("subscribe", "", "砸鍋賣鐵")),
        ("hello /start", None),
        ("/", None),
        ("", None),
    ],
)
def test_a_command_is_heard(text: str, heard: tuple[str, str, str] | None) -> None:
    assert spoken(text) == heard


def test_a_stranger_is_told_once_an_hour_how_to_be_let_in(room: Room) -> None:
    anna = room.person("Anna")

    said = [room.say(anna, text) for text in ("/start", "/topics", "hello", "/nonsense", "/start bad-token")]

    assert str(anna.id) in said[0]
    assert said[1:4] == [""] * 3
    assert "too old" in said[4], "who was told before hears of the invitation all the same"
    assert room.say(anna, "/start another-bad-token") == ""
    room.deliver(str(anna.id))
    assert room.seen(anna) == [said[0], said[4]]


def test_an_invitation_lets_in_once(room: Room) -> None:
    olga, anna, boris = room.person("Olga", "owner"), room.person("Anna"), room.person("Boris")
    link = room.say(olga, "/invite reader").splitlines()[-1]
    assert link.startswith("https://t.me/discussion_monitor_bot?start=")
    token = link.partition("start=")[2]
    update = room.update(anna, f"/start {token}")

    first = room.tell(update)
    again = room.tell(update)

    assert first is not None
    assert first == again
    assert "you can read and subscribe" in first.text.lower()
    assert [button.label for row in first.buttons for button in row] == ["砸锅卖铁", "Water"]
    assert room.monitor.people.role_of(str(anna.id)) == "reader"
    assert "used already" in room.say(boris, f"/start {token}")
    assert room.monitor.people.role_of(str(boris.id)) is None


def test_an_owner_who_tries_an_invitation_does_not_use_it_up(room: Room) -> None:
    olga, anna = room.person("Olga", "owner"), room.person("Anna")
    token = room.say(olga, "/invite reader").partition("start=")[2]

    assert room.say(olga, f"/start {token}").startswith("You are an owner already")
    assert "Welcome" in room.say(anna, f"/start {token}")


def test_ending_a_digest_twice_ends_no_other(room: Room) -> None:
    """The button is pressed twice, or the command sent twice; another topic's name begins alike."""
    anna = room.person("Anna", "reader")
    room.follow(WATER, a_topic(name="water-prices", title="Water prices"), POTS)
    for name in ("water", "water-prices"):
        room.say(anna, f"/subscribe {name}")
    menu = room.tell(room.update(anna, "/unsubscribe"))
    assert menu is not None
    data = menu.buttons[0][0].data

    said = [room.tell(room.update(anna, data, kind="button", button="1")) for _ in range(2)]
    again = [room.say(anna, f"/unsubscribe {words}") for words in ("water", "Water", "pots")]

    assert [each and each.text for each in said] == [
        "Done. No more digests on Water here.",
        "The digest on Water does not come here.",
    ]
    assert [text.split()[-3:] for text in again] == [["not", "come", "here."]] * 3
    assert [each.topic for each in room.monitor.subscriptions.of(str(anna.id))] == ["water-prices"]
    assert "Water prices" in room.say(anna, "/unsubscribe wat"), "what is only like it is found among those here"
    assert room.monitor.subscriptions.of(str(anna.id)) == []


def test_a_button_of_a_topic_that_left_subscribes_to_no_other(room: Room) -> None:
    anna = room.person("Anna", "reader")
    menu = room.tell(room.update(anna, "/subscribe"))
    assert menu is not None
    data = menu.buttons[1][0].data
    room.follow(a_topic(name="flood", title="Water"), a_topic(name="water-prices", title="Prices"))

    said = room.tell(room.update(anna, data, kind="button", button="1"))

    assert said is not None
    assert "not follow this topic any more" in said.text
    assert room.monitor.subscriptions.of(str(anna.id)) == []


def test_a_topic_may_be_called_by_a_number(room: Room) -> None:
    anna = room.person("Anna", "reader")
    room.follow(a_topic(name="overtime", title="996", any=("996",)), WATER, posts=7)

    assert room.say(anna, "/recent 996").startswith("#996: the 5 newest posts")
    assert room.say(anna, "/recent 996 2").startswith("#996: the 2 newest posts")


def test_too_many_invitations_hold_up_nobody(room: Room) -> None:
    """As a failure of the store it would be tried thirty times, before all other owners, and never be answered."""
    olga = room.person("Olga", "owner")
    for _ in range(TOKENS_KEPT):
        room.monitor.people.issue("reader", timedelta(days=1))

    assert "/grant" in room.say(olga, "/invite reader")


def test_an_invitation_is_the_same_when_its_update_comes_again(room: Room) -> None:
    olga = room.person("Olga", "owner")
    update = room.update(olga, "/invite reader")
    room.tell(update)
    before = dump(room.monitor.connection)

    room.tell(update)

    assert dump(room.monitor.connection) == before


def test_buttons_do_what_their_command_does_for_who_asked_and_nobody_else(room: Room) -> None:
    anna, boris = room.person("Anna", "reader"), room.person("Boris", "owner")
    menu = room.tell(room.update(anna, "/subscribe"))
    assert menu is not None
    data = menu.buttons[0][0].data

    private = room.telegram.people.private
    for user, chat in ((boris, private(boris)), (boris, private(anna)), (anna, private(boris))):
        room.tell(room.update(user, data, chat, kind="button", button="1"))
    assert not room.monitor.subscriptions.of(str(anna.id)) + room.monitor.subscriptions.of(str(boris.id))
    room.tell(room.update(anna, data, kind="button", button="1"))

    assert [each.topic for each in room.monitor.subscriptions.of(str(anna.id))] == ["smash-pots"]
    room.say(anna, "/unsubscribe")
    room.monitor.people.revoke(str(anna.id))
    room.tell(room.update(anna, data, kind="button", button="1"))
    assert not room.monitor.subscriptions.of(str(anna.id))


def test_a_press_is_answered_at_once(room: Room) -> None:
    anna = room.person("Anna", "reader")
    room.say(anna, "/subscribe")
    room.deliver(str(anna.id))
    [menu] = room.telegram.state.ledger.visible(anna.id, by=room.telegram.state.world.bot.id)
    press = room.telegram.people.press(anna, room.telegram.people.private(anna), menu.message_id, "Water")
    [row] = [row for row in menu.message["reply_markup"]["inline_keyboard"] if row[0]["text"] == "Water"]

    room.tell(room.update(anna, row[0]["callback_data"], kind="button", button=press))

    assert press in room.telegram.state.answers
    assert [each.topic for each in room.monitor.subscriptions.of(str(anna.id))] == ["water"]


def test_in_a_group_it_takes_a_role_and_an_administrator(room: Room) -> None:
    anna, boris, carl = room.person("Anna", "reader"), room.person("Boris", "reader"), room.person("Carl")
    group = room.group(anna)
    room.telegram.state.world.set_member(group, carl, Member("creator"))

    assert "admins only" in room.say(boris, "/subscribe water", group)
    assert room.say(boris, "/subscribe water", group) == ""
    assert room.say(carl, "/subscribe water", group) == ""
    assert room.say(None, "/subscribe water", group) == ""
    assert not room.monitor.subscriptions.of(str(group.id))
    assert "Done" in room.say(anna, "/subscribe@Discussion_Monitor_Bot water", group)
    assert room.say(anna, "/unsubscribe@other_bot water", group) == ""
    assert room.say(anna, "/nonsense", group) == ""
    assert "private" in room.say(room.person("Olga", "owner"), "/people", group)
    assert [each.topic for each in room.monitor.subscriptions.of(str(group.id))] == ["water"]


def test_who_hides_is_told_so(room: Room) -> None:
    group = room.group()

    assert "cannot see who you are" in room.say(None, "/subscribe water", group)
    assert room.say(None, "/subscribe water", group) == ""


def test_unknown_words_are_met_with_help(room: Room) -> None:
    anna = room.person("Anna", "reader")

    assert "/subscribe?" in room.say(anna, "/subscrbe")
    assert "/help" in room.say(anna, "/qqqq")
    assert "/recent" in room.say(anna, "hello")
    assert "I follow: 砸锅卖铁, Water" in room.say(anna, "/subscribe fire")
    assert "/invite" not in room.say(anna, "/help")
    assert "You are a reader" in room.say(anna, "/grant 5 owner")


def test_the_newest_posts_are_quoted_exactly(room: Room) -> None:
    anna = room.person("Anna", "reader")

    said = room.tell(room.update(anna, "/recent pots 2"))

    assert said is not None
    assert said.text.startswith("#砸锅卖铁: the 2 newest posts\n3 posts in the last 24 h")
    links = [each.url for each in said.entities if each.type == "text_link"]
    assert len(links) == 2
    assert "砸锅卖铁,先砸谁的锅? smash-pots2" in said.text


def test_the_newest_posts_are_of_the_topics_sense(room: Room) -> None:
    anna = room.person("Anna", "reader")
    room.follow(a_topic(name="pots2", title="Pots", sense=Sense(clues=(Clue("pots21", -2.0),))))

    said = room.say(anna, "/recent pots2")

    assert said.startswith("#Pots: the 2 newest posts\n2 posts in the last 24 h")
    assert "pots21" not in said


def test_status_says_what_is_so(room: Room) -> None:
    said = room.say(room.person("Anna", "reader"), "/status")

    assert "Following: 砸锅卖铁 (next digest Wed 08:00)" in said
    assert "Not read: Hacker News (not read yet)." in said
    assert "Discussion Monitor 0.1.0" in said


def test_an_answer_in_doubt_is_looked_for_from_the_question_on(room: Room) -> None:
    """The chat had no message of ours before; the id of the command is where the probe begins."""
    anna = room.person("Anna", "reader")
    asked = room.telegram.people.say(room.telegram.people.private(anna), anna, "/topics")
    room.telegram.state.faults.add(Order(Fault("reset_after"), "sendMessage", calls=frozenset({1})))

    room.say(anna, "/topics", message_id=asked["message_id"])
    room.deliver(str(anna.id), 1)
    key = room.monitor.connection.keys.chat(str(anna.id)).queue
    assert int(room.monitor.connection.execute("ZCARD", key)) == 1
    found = room.monitor.outbox.outlook(str(anna.id)).head

    assert found is not None
    assert (found.delivery.state, found.delivery.base) == ("ambiguous", asked["message_id"])


def test_an_answer_in_doubt_is_found_though_its_button_was_pressed(room: Room) -> None:
    """The press told its id, which was then taken for somebody else's, passed over, and the answer sent again."""
    anna = room.person("Anna", "reader")
    asked = room.telegram.people.say(room.telegram.people.private(anna), anna, "/subscribe")
    room.telegram.state.faults.add(Order(Fault("reset_after"), "sendMessage", calls=frozenset({1})))
    room.say(anna, "/subscribe", message_id=asked["message_id"])
    room.deliver(str(anna.id), 1)
    menu = room.telegram.state.ledger.history(anna.id)[-1]
    (button, *_), *_ = menu.message["reply_markup"]["inline_keyboard"]

    room.tell(room.update(anna, button["callback_data"], kind="button", button="1", message_id=menu.message_id))

    assert menu.message_id not in room.monitor.outbox.ours(str(anna.id), asked["message_id"])


def test_a_second_call_changes_nothing(room: Room) -> None:
    olga, anna = room.person("Olga", "owner"), room.person("Anna", "reader")
    updates = [
        room.update(user, text)
        for user, text in (
            (anna, "/subscribe water"), (anna, "/subscribe"), (anna, "/recent"), (anna, "/unsubscribe"), (anna, "x"),
            (olga, "/invite editor"), (olga, "/grant 77 reader"), (olga, "/revoke 77"), (olga, "/people"),
            (room.person("Carl"), "/start"),
        )
    ]  # fmt: skip
    for update in updates:
        room.tell(update)
    before = dump(room.monitor.connection)
    index = room.monitor.connection.keys.work.subscribers

    for update in updates:
        answer(room.monitor, update, room.monitor.people.role_of(update.user or ""), room.now)

    after = dump(room.monitor.connection)
    woken = {room.monitor.connection.keys.work.chats, room.monitor.connection.keys.work.due, index}
    assert {k: v for k, v in after.items() if k not in woken} == {k: v for k, v in before.items() if k not in woken}


def test_digests_come_to_who_subscribed_and_to_nobody_else(room: Room) -> None:
    anna, boris, carl = room.person("Anna", "reader"), room.person("Boris", "reader"), room.person("Carl", "reader")
    assert "every day at 08:00" in room.say(anna, "/subscribe 砸鍋賣鐵")
    assert "comes here already" in room.say(anna, "/subscribe smash-pots")
    room.say(boris, "/subscribe water")
    room.say(carl, "/subscribe water")
    room.say(carl, "/unsubscribe")

    for _ in range(2):
        for topic in (POTS, WATER):
            jobs.make_digest(room.monitor, topic, NOW)
    for user in (anna, boris, carl):
        room.deliver(str(user.id))

    assert ["#砸锅卖铁:" in text for text in room.seen(anna)] == [False, False, True]
    assert ["#Water:" in text for text in room.seen(boris)] == [False, True]
    assert room.seen(carl)[-1] == "Done. No more digests on Water here."


def test_who_lost_access_gets_no_digest_in_private(room: Room) -> None:
    olga, anna = room.person("Olga", "owner"), room.person("Anna", "reader")
    room.say(anna, "/subscribe water")
    room.say(olga, f"/revoke {anna.id}")

    jobs.make_digest(room.monitor, WATER, NOW)
    room.deliver(str(anna.id))

    assert not any("#Water:" in text for text in room.seen(anna))


def test_a_chart_is_a_photo_with_its_words_below(room: Room) -> None:
    anna = room.person("Anna", "reader")
    room.follow(POTS, posts=12)
    update = room.update(anna, "/chart smash-pots", language="zh-hant")
    room.tell(update)
    pending = room.monitor.outbox.find(str(anna.id), f"reply:{update.id}")
    room.deliver(str(anna.id))

    assert pending is not None
    assert (pending.parcel.photo or b"")[:4] == b"\x89PNG"
    [shown] = room.telegram.state.ledger.visible(anna.id, by=room.telegram.state.world.bot.id)
    assert "photo" in shown.message
    assert str(shown.message["caption"]).startswith("#砸锅卖铁：12 則")


def test_the_numbers_are_explained_and_a_digest_comes_now(room: Room) -> None:
    anna = room.person("Anna", "reader")
    room.follow(POTS, posts=12)

    assert "Matched: 砸锅卖铁 12" in room.say(anna, "/why smash-pots")
    assert room.say(anna, "/digest now smash-pots").startswith("Could not look")
    assert "#砸锅卖铁: 12 posts" in room.say(anna, "/digest smash-pots")


def test_a_digest_that_somebody_asks_for_has_the_buttons_of_one_that_comes(room: Room) -> None:
    anna = room.person("Anna", "reader")
    room.follow(POTS, posts=12)
    room.say(anna, "/subscribe smash-pots")

    digest = room.tell(room.update(anna, "/digest now smash-pots"))

    assert digest is not None
    labels = [[each.label for each in row] for row in digest.buttons]
    assert labels == [["More", "Why", "Chart", "Mute"], ["Useful", "Not useful"]]
    told = room.tell(room.update(anna, digest.buttons[0][1].data, kind="button", button="1"))
    assert told is not None
    assert "Matched: 砸锅卖铁 12" in told.text


def test_what_is_asked_for_is_told_in_the_languages_of_the_chat_as_digests_are(room: Room) -> None:
    anna = room.person("Anna", "reader")
    room.follow(POTS, posts=12)
    english = [a_mention(f"e{n}", topic="smash-pots", language="en", post=SIX_HOURS_AGO) for n in range(5)]
    room.monitor.mentions.add("smash-pots", english, oldest=NOW - timedelta(days=30))
    room.say(anna, "/subscribe smash-pots")
    assert "#砸锅卖铁: 17 posts" in room.say(anna, "/digest now smash-pots")

    room.say(anna, "/settings smash-pots languages en")

    assert "#砸锅卖铁: 5 posts" in room.say(anna, "/digest now smash-pots")
    assert "Each wording once: 5 of 5 posts" in room.say(anna, "/why smash-pots")


def test_recent_posts_come_by_the_page_by_script_and_as_citations(room: Room) -> None:
    anna = room.person("Anna", "reader")
    room.follow(POTS, posts=12)

    def press(label: str) -> Message:
        found = [each for row in pages[-1].buttons for each in row if each.label == label]
        answered = room.tell(room.update(anna, found[0].data, kind="button", button="1"))
        assert answered is not None
        return answered

    first = room.tell(room.update(anna, "/recent smash-pots"))
    assert first is not None
    pages = [first]
    pages.append(press("▶"))
    pages.append(press("▶"))
    assert [len(each.quotes) for each in pages] == [5, 5, 2]
    assert len({each.key for page in pages for each in page.quotes}) == 12
    assert "▶" not in {each.label for row in pages[-1].buttons for each in row}
    cited = press("Cite")
    assert cited.text.count("https://bsky.example/post/") == 2
    assert "seen 2026-03-10 06:00 (UTC)" in cited.text
    assert "nothing to show" in press("繁").text


def test_language_is_the_chats_once_chosen_and_else_the_askers(room: Room) -> None:
    anna = room.person("Anna", "reader")
    room.follow(POTS)

    assert room.say(anna, "/unsubscribe", language="zh-hans") == "这里还没有订阅任何摘要。用 /subscribe 订阅。"
    assert room.say(anna, "/language 繁體", language="zh-hans") == "好的，今後我在這裡用繁體中文。"
    assert room.say(anna, "/unsubscribe", language="en") == "這裡還沒有訂閱任何摘要。用 /subscribe 訂閱。"
    assert room.say(anna, "/language english") == "From now on I write English here."


def test_a_channel_is_managed_from_a_private_chat_by_its_admins(room: Room) -> None:
    anna, boris = room.person("Anna", "reader"), room.person("Boris", "reader")
    room.follow(POTS)
    channel = room.telegram.state.world.add_chat("channel", "Digests")
    room.telegram.state.world.set_member(channel, anna, Member("administrator"))
    room.telegram.state.world.set_member(channel, room.telegram.state.world.bot, Member("administrator"))

    refused = room.say(boris, f"/subscribe {channel.id} smash-pots")
    done = room.say(anna, f"/subscribe {channel.id} smash-pots", language="zh-hant")
    card = room.say(anna, f"/settings {channel.id} smash-pots at 6:30")

    assert refused.startswith("You are no admin of")
    assert done.startswith(f"在 {channel.id}：\n好了")
    assert f"/unsubscribe {channel.id} smash-pots" in done
    assert [each.topic for each in room.monitor.subscriptions.of(str(channel.id))] == ["smash-pots"]
    assert room.monitor.wishes.manners(str(channel.id)).language == "zh-Hant"
    assert "06:30" in card
    assert room.monitor.subscriptions.of(str(anna.id)) == []


def test_telegram_is_told_the_commands_by_place_and_language(room: Room) -> None:
    show_commands(room.monitor)

    listed = room.telegram.state.commands
    lines = {key: {each["command"]: each["description"] for each in value} for key, value in listed.items()}
    assert {key: value["why"] for key, value in lines.items()} == {
        ("all_private_chats", ""): "how the numbers came about",
        ("all_private_chats", "zh"): "数字是怎么来的",
        ("all_group_chats", ""): "how the numbers came about",
        ("all_group_chats", "zh"): "数字是怎么来的",
    }
    assert all("edit" not in str(value) for key, value in listed.items() if key[0] == "all_group_chats")


def test_posts_are_exported_as_a_document(room: Room) -> None:
    emil = room.person("Emil", "editor")
    room.follow(POTS, posts=12)
    room.say(emil, "/export smash-pots csv")
    room.deliver(str(emil.id))

    [shown] = room.telegram.state.ledger.visible(emil.id, by=room.telegram.state.world.bot.id)
    assert shown.message["document"]["file_name"] == "smash-pots-2026-03-10.csv"
    assert shown.text.startswith("12 posts of 7 days")


def test_a_chat_that_wants_counts_alone_exports_nobody(room: Room) -> None:
    emil = room.person("Emil", "editor")
    room.follow(POTS, posts=12)
    room.say(emil, "/subscribe smash-pots")
    room.say(emil, "/settings smash-pots people counts")

    assert room.say(emil, "/export smash-pots csv text").startswith("0 posts of 7 days")


def test_what_nobody_asked_for_is_told_in_the_language_in_which_a_person_was_answered_last(room: Room) -> None:
    """Notices were in the installation's language, whatever their reader speaks."""
    olga = room.person("Olga", "owner")
    room.say(olga, "/topics", language="zh-hant")
    group = room.group(olga)
    room.say(olga, "/subscribe water", group, language="zh-hant")

    room.tell(room.update(olga, "", group, kind="membership", status="kicked", message_id=None))
    room.deliver(str(olga.id))
    assert "我不能再" in room.seen(olga)[-1]
    assert room.say(olga, "/topics", language="en").startswith("· 砸锅卖铁 (smash-pots)")
    assert room.monitor.wishes.manners(str(olga.id)).tongue == "en"


def test_who_chose_a_language_keeps_it_whatever_their_telegram_speaks(room: Room) -> None:
    olga = room.person("Olga", "owner")
    room.say(olga, "/language zh-Hans")

    assert "每天" in room.say(olga, "/topics", language="en")
    assert room.monitor.wishes.manners(str(olga.id)).tongue == "zh-Hans"
