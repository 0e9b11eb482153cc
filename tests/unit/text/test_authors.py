"""Accounts can be counted and not named."""

from monitor.models import Author, PostKey
from monitor.text.authors import make_disguise

POST = PostKey("mastodon", "1")
SOMEBODY = Author(id="77", handle="somebody@social.example", name="Some Body")
KEY = b"k" * 32


def test_names_are_dropped_and_the_account_stays_countable() -> None:
    disguise = make_disguise(KEY, (), keep_names=False)

    hidden = disguise(POST, SOMEBODY)

    assert hidden == disguise(PostKey("mastodon", "2"), Author(id="77", name="Renamed"))
    assert (hidden.handle, hidden.name) == (None, None)
    assert hidden.id is not None
    assert "77" not in (hidden.id, "")
    assert hidden != disguise(PostKey("x", "1"), SOMEBODY)


def test_another_key_gives_other_hashes() -> None:
    first = make_disguise(KEY, (), keep_names=False)(POST, SOMEBODY)
    second = make_disguise(b"q" * 32, (), keep_names=False)(POST, SOMEBODY)

    assert first.id != second.id


def test_listed_accounts_keep_their_names_and_not_their_ids() -> None:
    disguise = make_disguise(KEY, ("mastodon:Somebody@Social.example",), keep_names=False)

    shown = disguise(POST, SOMEBODY)

    assert (shown.handle, shown.name) == (SOMEBODY.handle, SOMEBODY.name)
    assert shown.id != SOMEBODY.id
    assert disguise(PostKey("x", "1"), SOMEBODY).name is None


def test_nobody_stays_nobody() -> None:
    assert make_disguise(KEY, (), keep_names=False)(POST, Author()) == Author()
