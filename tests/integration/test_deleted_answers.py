"""A post that is deleted leaves every answer of the bot that told it: pages, citations, previews, files."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.digests.redaction import FILE_GONE, GONE
from monitor.digests.schedule import DueDigest, window_ending
from monitor.duties import jobs, upkeep
from monitor.duties.forget import NamedAuthor, forget
from monitor.duties.rounds import hand_over, preview_chat
from monitor.models import Message, PostKey
from tests.build import NOW, a_mention
from tests.integration.room import Room, a_room
from tests.integration.test_forget import stored
from tests.simulators import telegram_messages

TOPICS = '[topics.smash-pots]\nany = ["砸锅卖铁"]\nsources = ["hackernews"]\n'
GONE_KEY, KEPT_KEY = PostKey("bluesky", "at://gone"), PostKey("bluesky", "at://kept")


@pytest.fixture
def room(redis_url: str, tmp_path: Path) -> Iterator[Room]:
    with a_room(redis_url, tmp_path) as made:
        (tmp_path / "topics.toml").write_text(TOPICS, encoding="utf-8")
        jobs.read_topics(made.monitor, NOW)
        mentions = [
            a_mention(
                word,
                topic="smash-pots",
                post={"key": key, "text": f"砸锅卖铁 {word}", "observed_at": NOW - timedelta(hours=6)},
            )
            for key, word in ((GONE_KEY, "takenback"), (KEPT_KEY, "staysthere"))
        ]
        made.monitor.mentions.add("smash-pots", mentions, oldest=NOW - timedelta(days=30))
        yield made


def pressed(answer: Message | None, label: str) -> str:
    """Return the data of a button below an answer."""
    assert answer is not None
    return next(each.data for row in answer.buttons for each in row if each.label == label)


@pytest.mark.parametrize(
    "asked", ["/recent smash-pots", "cite", "/digest now smash-pots", "/edit smash-pots -takenback"]
)
def test_words_are_taken_out_of_an_answer(room: Room, asked: str) -> None:
    emil = room.person("Emil", "editor")
    if asked == "cite":
        page = room.tell(room.update(emil, "/recent smash-pots"))
        said = room.tell(room.update(emil, pressed(page, "Cite"), kind="button", button="1"))
        assert said is not None
        assert "takenback" in said.text
    else:
        assert "takenback" in room.say(emil, asked)
    room.deliver(str(emil.id))

    room.monitor.changes.withdraw([GONE_KEY], room.monitor.stages())
    room.deliver(str(emil.id))

    seen = "\n".join(room.seen(emil))
    # What the editor wrote themselves stays theirs.
    assert "砸锅卖铁 takenback" not in seen
    assert GONE in seen
    assert "砸锅卖铁 takenback".encode() not in stored(room.monitor)
    if "edit" not in asked:
        assert "staysthere" in seen


@pytest.mark.parametrize(("store", "step"), [("outbox", "hand_over"), ("subscriptions", "apply_all")])
def test_a_post_that_is_deleted_between_a_text_and_its_outbox_is_not_sent(
    room: Room, monkeypatch: pytest.MonkeyPatch, store: str, step: str
) -> None:
    """The deletion looks through messages before the one that quotes it is there: it was composed already."""
    emil, monitor = room.person("Emil", "editor"), room.monitor
    room.say(emil, "/subscribe smash-pots")
    keep = getattr(getattr(monitor, store), step)

    def late(*args: Any, **named: Any) -> object:
        monkeypatch.undo()
        monitor.changes.withdraw([GONE_KEY], monitor.stages())
        return keep(*args, **named)

    monkeypatch.setattr(getattr(monitor, store), step, late)
    if store == "outbox":
        [topic] = monitor.topics.all()
        assert hand_over(monitor, topic, DueDigest(window=window_ending(NOW)), NOW) == []
    else:
        room.say(emil, "/recent smash-pots")
    room.deliver(str(emil.id))

    shown = room.telegram.state.ledger.history(emil.id, by=room.telegram.state.world.bot.id)
    sent = "\n".join(str(message.get("text")) for each in shown for _, message in each.versions)
    assert "takenback" not in sent
    assert "staysthere" in sent


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_file_with_its_words_is_deleted_and_loses_them_in_the_store(room: Room, form: str) -> None:
    emil = room.person("Emil", "editor")
    room.say(emil, f"/export smash-pots {form} text")
    room.say(emil, f"/export smash-pots {form}")
    room.deliver(str(emil.id))
    before = room.seen(emil)

    room.monitor.changes.withdraw([GONE_KEY], room.monitor.stages())
    room.deliver(str(emil.id))

    assert len(before) == 2
    assert room.seen(emil) == before[1:], "ids alone are left to the platforms"
    everything = stored(room.monitor)
    assert b"takenback" not in everything
    assert b"staysthere" in everything


@pytest.mark.parametrize("form", ["csv", "jsonl"])
@pytest.mark.parametrize("is_pruned", [False, True])
def test_a_file_of_ids_forgets_who_asked_for_it(room: Room, form: str, is_pruned: bool) -> None:
    """The id of a post of Bluesky holds its author's."""
    key = PostKey("bluesky", "at://did:plc:alice/app.bsky.feed.post/1")
    mention = a_mention("mine", topic="smash-pots", post={"key": key, "observed_at": NOW - timedelta(hours=6)})
    room.monitor.mentions.add("smash-pots", [mention], oldest=NOW - timedelta(days=30))
    emil = room.person("Emil", "editor")
    room.say(emil, f"/export smash-pots {form}")
    room.deliver(str(emil.id))
    assert b"did:plc:alice" in stored(room.monitor)
    if is_pruned:
        room.monitor.mentions.remove("smash-pots", [key])

    forget(room.monitor, NamedAuthor("bluesky", "did:plc:alice"), NOW)

    everything = stored(room.monitor)
    assert b"did:plc:alice" not in everything
    assert b"at://kept" in everything


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_file_ends_with_the_first_post_in_it(room: Room, form: str) -> None:
    emil = room.person("Emil", "editor")
    room.say(emil, f"/export smash-pots {form} text")
    room.say(emil, f"/export smash-pots {form}")
    room.deliver(str(emil.id))
    later = room.monitor.now() + 2 * timedelta(days=1)

    upkeep.tidy(room.monitor, later)
    assert b"takenback" in stored(room.monitor)
    room.monitor.mentions.remove("smash-pots", [GONE_KEY])
    upkeep.tidy(room.monitor, later)

    assert b"takenback" not in stored(room.monitor)
    assert not room.monitor.connection.execute("EXISTS", room.monitor.connection.keys.chat(str(emil.id)).parcels)


def test_a_file_that_may_not_be_deleted_asks_for_it(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    emil = room.person("Emil", "editor")
    room.say(emil, "/export smash-pots csv text")
    room.deliver(str(emil.id))
    monkeypatch.setattr(telegram_messages, "_DELETE_WITHIN", -1)  # as if two days had passed

    room.monitor.changes.withdraw([GONE_KEY], room.monitor.stages())
    room.deliver(str(emil.id))

    assert room.seen(emil) == [FILE_GONE]


def test_a_post_that_is_deleted_while_a_digest_is_composed_is_not_shown_by_the_local_page(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody looked through the page's messages again, so its words stood there for two weeks."""
    monitor, [topic] = room.monitor, room.monitor.topics.all()
    keep = monitor.outgoing.keep

    def late(message: Message, at: datetime) -> bool:
        monkeypatch.undo()
        monitor.changes.withdraw([GONE_KEY], monitor.stages())
        return keep(message, at)

    monkeypatch.setattr(monitor.outgoing, "keep", late)
    assert jobs.tell(monitor, topic, DueDigest(window=window_ending(NOW)), monitor.told.of(topic.name), NOW)

    [(_, kept)] = monitor.outgoing.latest(preview_chat(topic), 5)
    assert "staysthere" in kept.text
    assert "takenback" not in kept.text
    assert GONE in kept.text
