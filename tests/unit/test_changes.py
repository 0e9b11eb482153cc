"""Posts that were deleted, edited and looked at again: what the store has of them, and what messages say."""

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from monitor.digests.redaction import GONE
from monitor.digests.render import render
from monitor.models import Author, Batch, Engagement, Message, Parcel, Post, PostKey, Window
from monitor.pipeline import Stages, ingest
from monitor.services.changes import Changes
from monitor.settings import Settings
from monitor.store.connection import Connection
from monitor.store.departed import DepartedStore
from monitor.store.erasure import MessageEraser
from monitor.store.fsck import check
from monitor.store.mentions import MentionStore
from monitor.store.outbox import OutboxStore
from monitor.store.outgoing import OutgoingStore
from monitor.store.quarantine import QuarantineStore
from monitor.wiring import make_stages
from tests.build import NOW, a_post, a_topic
from tests.unit.digests.cases import loud

TEXT = "他们说要砸锅卖铁还债,先砸谁的锅?"
WINDOW = Window(NOW - timedelta(days=1), NOW + timedelta(days=1))
KEY = PostKey("bluesky", "1")


@pytest.fixture
def stages(tmp_path: Path) -> Stages:
    return make_stages([a_topic(), a_topic(name="money", any=("还债",))], Settings(home=tmp_path))


@pytest.fixture
def changes(valkey: Connection) -> Changes:
    mentions, quarantine = MentionStore(valkey), QuarantineStore(valkey)
    return Changes(mentions, mentions, MessageEraser(valkey), DepartedStore(valkey), quarantine)


def a_text(text: str = TEXT, **changes: object) -> Post:
    return a_post("1", text=text, author=Author(id="did:plc:1", handle="somebody"), **changes)


def stored(connection: Connection, stages: Stages, *posts: Post) -> None:
    ingest(posts or [a_text(engagement=Engagement(likes=3))], stages, MentionStore(connection), NOW)


def texts(connection: Connection, topic: str = "pots") -> list[str]:
    return [each.post.text for each in MentionStore(connection).between(topic, WINDOW)]


def test_an_edit_takes_the_place_of_what_was_said_before(valkey: Connection, stages: Stages, changes: Changes) -> None:
    stored(valkey, stages)
    [before] = MentionStore(valkey).between("pots", WINDOW)
    edited = a_text("更正:他们说要砸锅卖铁,没有还债", observed_at=NOW + timedelta(hours=3))

    followed = changes.follow("bluesky", Batch(edits=(edited,)), stages, NOW)
    again = changes.follow("bluesky", Batch(edits=(edited,)), stages, NOW)

    [after] = MentionStore(valkey).between("pots", WINDOW)
    assert (followed.edited, again.edited) == (1, 0)
    assert (after.post.text, after.post.time) == (edited.text, before.post.time)
    assert [edited.text[slice(*span)] for hit in after.terms for span in hit.spans] == ["砸锅卖铁"]
    assert after.group != before.group
    assert after.post.engagement.likes == 3
    assert after.post.author == before.post.author
    assert check(valkey) == []


def test_an_edit_without_the_keyword_stays_counted_and_is_not_quoted(
    valkey: Connection, stages: Stages, changes: Changes
) -> None:
    stored(valkey, stages)

    changes.follow("bluesky", Batch(edits=(a_text("nothing to see here"),)), stages, NOW)

    [after] = MentionStore(valkey).between("pots", WINDOW)
    assert after.post.text == "nothing to see here"
    assert [(hit.term, hit.spans) for hit in after.terms] == [("砸锅卖铁", ())]
    assert check(valkey) == []


def test_an_edit_can_bring_a_post_to_a_topic(valkey: Connection, stages: Stages, changes: Changes) -> None:
    stored(valkey, stages, a_text("要砸锅卖铁"))

    changes.follow("bluesky", Batch(edits=(a_text("要砸锅卖铁还债"),)), stages, NOW)

    assert texts(valkey) == texts(valkey, "money") == ["要砸锅卖铁还债"]
    assert check(valkey) == []


def test_an_edit_that_comes_after_the_deletion_brings_nothing_back(
    valkey: Connection, stages: Stages, changes: Changes
) -> None:
    stored(valkey, stages)

    changes.follow("bluesky", Batch(deletions=(KEY,), edits=(a_text("又是砸锅卖铁"),)), stages, NOW)

    assert texts(valkey) == [""]
    assert check(valkey) == []


def test_a_topic_that_left_forgets_what_was_deleted_too(valkey: Connection, stages: Stages, changes: Changes) -> None:
    stored(valkey, stages)
    rest = {name: topic for name, topic in stages.topics.items() if name != "money"}

    changes.withdraw([KEY], stages._replace(topics=rest, retired=["money"]))

    assert texts(valkey, "money") == [""]


def a_digest(connection: Connection, stages: Stages) -> Message:
    """Hand a digest over that quotes the stored post, and keep it for the page."""
    digest = loud()
    [mention] = MentionStore(connection).between("pots", WINDOW)
    spans = [span for hit in mention.terms for span in hit.spans]
    quote = msgspec.structs.replace(
        digest.reactions[0], mention=mention, quote=type(spans[0])(0, len(TEXT)), match=spans[0], cut=False
    )
    message = render(msgspec.structs.replace(digest, reactions=(quote, *digest.reactions[1:])), "-1001")
    OutboxStore(connection).hand_over("-1001", [Parcel(message=message, posts=(KEY,))])
    OutgoingStore(connection).keep(message, NOW)
    return message


def told(connection: Connection) -> tuple[Message, Message]:
    found = OutboxStore(connection).outlook("-1001").head
    assert found is not None
    [(_, kept)] = OutgoingStore(connection).latest("-1001", 9)
    return found.parcel.message, kept


def test_messages_quote_what_was_edited(valkey: Connection, stages: Stages, changes: Changes) -> None:
    stored(valkey, stages)
    before = a_digest(valkey, stages)
    assert TEXT[8:] in before.text

    for _ in range(2):
        changes.follow("bluesky", Batch(edits=(a_text("更正:没有人要砸锅卖铁,真的"),)), stages, NOW)

    for message in told(valkey):
        assert TEXT[8:] not in message.text
        assert "\u2068更正:没有人要砸锅卖铁,真的\u2069" in message.text
        units = message.text.encode("utf-16-le")
        marked = {
            each.type: units[2 * each.offset : 2 * (each.offset + each.length)].decode("utf-16-le")
            for each in reversed(message.entities)
            if each.type in ("blockquote", "bold")
            if message.quotes[0].offset <= each.offset < message.quotes[0].offset + message.quotes[0].length
        }
        assert marked == {"blockquote": "\u2068更正:没有人要砸锅卖铁,真的\u2069", "bold": "砸锅卖铁"}
        # All that does not tell of the post is as it was, and what comes after it is still where its entities say.
        first, last = (each.quotes[0] for each in (before, message))
        old = before.text.encode("utf-16-le")
        assert units[2 * (last.offset + last.length) :] == old[2 * (first.offset + first.length) :]
        assert len(message.entities) == len(before.entities)
    assert check(valkey) == []


@pytest.mark.parametrize("text", ["nothing to see here", "我在国内,别外传:砸锅卖铁", "@somebody 砸锅卖铁 @other"])
def test_what_must_not_be_quoted_any_more_is_taken_back(
    valkey: Connection, stages: Stages, changes: Changes, text: str
) -> None:
    stored(valkey, stages)
    a_digest(valkey, stages)

    changes.follow("bluesky", Batch(edits=(a_text(text),)), stages, NOW)

    for message in told(valkey):
        assert TEXT[8:] not in message.text
        assert text not in message.text
        assert GONE in message.text


def test_what_a_second_look_brings_is_taken_over(valkey: Connection, stages: Stages, changes: Changes) -> None:
    stored(valkey, stages)
    later = a_text(engagement=Engagement(likes=40, replies=2), observed_at=NOW + timedelta(hours=2))
    counts_alone = msgspec.structs.replace(later, text="")
    unknown = a_post("2", text=TEXT, engagement=Engagement(likes=9))

    followed = changes.observe([counts_alone, unknown], stages, NOW)
    older = msgspec.structs.replace(later, engagement=Engagement(likes=5), observed_at=NOW + timedelta(hours=1))
    changes.observe([older], stages, NOW)

    [after] = MentionStore(valkey).between("pots", WINDOW)
    assert (followed.observed, followed.edited) == (2, 0), "in each of two topics"
    assert (after.post.text, after.post.engagement.likes) == (TEXT, 40)
    assert [each.engagement.likes for each in MentionStore(valkey).history("pots", [KEY])[0]] == [3, 40]
    assert check(valkey) == []


def test_a_second_look_finds_edits(valkey: Connection, stages: Stages, changes: Changes) -> None:
    stored(valkey, stages)

    assert changes.observe([a_text("不砸锅卖铁")], stages, NOW).edited == 1
    assert texts(valkey) == ["不砸锅卖铁"]


def test_who_left_is_noted_by_the_hash_that_their_posts_have(
    valkey: Connection, stages: Stages, changes: Changes
) -> None:
    stored(valkey, stages)
    [mention] = MentionStore(valkey).between("pots", WINDOW)

    changes.follow("bluesky", Batch(authors_gone=("did:plc:1",)), stages, NOW)

    assert DepartedStore(valkey).all() == {mention.post.author.id}


def test_a_correction_in_a_feed_is_stored_and_quoted_anew(valkey: Connection, stages: Stages, changes: Changes) -> None:
    """As a look does it: known entries are added again, which changes nothing, and then corrected."""
    wrong, right = (
        a_post(text=text, key=PostKey("rss", "https://n.example/1")) for text in (TEXT, "更正:没有人砸锅卖铁")
    )
    stored(valkey, stages, wrong)
    page = Batch(posts=(right,), edits=(right,))

    ingest(page.posts, stages, MentionStore(valkey), NOW)
    changes.follow("rss", page, stages, NOW)

    assert texts(valkey) == ["更正:没有人砸锅卖铁"]
