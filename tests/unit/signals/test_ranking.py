"""Posts are ranked by what they gained in the window, and stand for others fairly."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.models import Author, Engagement, Mention, Observation, PostKey, Window
from monitor.signals import ranking
from monitor.signals.accounts import account_of
from monitor.signals.ranking import about_link, earliest, most_shared_link, rank
from tests.build import NOW, a_mention

HOUR = timedelta(hours=1)
WINDOW = Window(NOW - 24 * HOUR, NOW)
LINK = "https://news.example/a"


def a_reacted(id_: str, hours_ago: float = 5, source: str = "bluesky", **changes: Any) -> Mention:
    """Return a mention by an account of its own, created and first seen some hours before the window's end."""
    likes = changes.pop("likes", None)
    at = NOW - hours_ago * HOUR
    post = {
        "key": PostKey(source, id_),
        "observed_at": at,
        "created_at": at,
        "author": Author(id=f"by-{id_}"),
        "engagement": Engagement(likes=likes),
    } | changes.pop("post", {})
    return a_mention(id_, post=post, **changes)


def seen(*observations: tuple[float, int | None]) -> tuple[Observation, ...]:
    """Return observations of likes: hours before the window's end, and how many."""
    return tuple(
        Observation(at=NOW - hours * HOUR, engagement=Engagement(likes=likes)) for hours, likes in observations
    )


def ids(
    mentions: Sequence[Mention], history: Mapping[PostKey, Sequence[Observation]] | None = None, **options: int
) -> list[str]:
    return [each.mention.post.key.id for each in rank(mentions, history or {}, WINDOW, **options)]


@pytest.mark.parametrize(
    ("created", "history", "now", "gained"),
    [
        pytest.param(5, [(4, 10), (1, 310)], 310, 310, id="born in the window: gained all it has"),
        pytest.param(30, [(29, 20), (25, 60), (1, 310)], 310, 250, id="last seen before the window"),
        pytest.param(30, [(24, 60), (1, 310)], 310, 250, id="seen as the window began"),
        pytest.param(30, [(20, 200), (1, 310)], 310, 110, id="first seen in the window: since then"),
        pytest.param(30, [(20, 200)], 200, None, id="seen once: unknown"),
        pytest.param(30, [(26, 200)], 200, 0, id="not seen again: nothing known to be gained"),
        pytest.param(30, [(25, 60), (-1, 9000)], 60, 0, id="what was seen later does not count"),
        pytest.param(30, [(25, 60), (1, 50)], 50, -10, id="likes were taken back"),
        pytest.param(5, [(-1, 9000)], None, None, id="only seen after the window"),
    ],
)
def test_gain_is_measured_against_the_start_of_the_window(
    created: int, history: list[tuple[float, int]], now: int | None, gained: int | None
) -> None:
    mention = a_reacted("1", created)

    [ranked] = rank([mention], {mention.post.key: seen(*history)}, WINDOW)

    assert (ranked.engagement.likes, ranked.gained) == (now, gained)


def test_a_number_that_one_observation_lacks_is_not_subtracted() -> None:
    mention = a_reacted("1", 30)
    history = (
        Observation(at=NOW - 25 * HOUR, engagement=Engagement(likes=5)),
        Observation(at=NOW - HOUR, engagement=Engagement(likes=9, reposts=400)),
    )

    [ranked] = rank([mention], {mention.post.key: history}, WINDOW)

    assert (ranked.engagement.likes, ranked.gained, ranked.score) == (9, 4, 4)


def test_absent_engagement_is_not_zero() -> None:
    [ranked] = rank([a_reacted("1")], {}, WINDOW)

    assert (ranked.engagement.likes, ranked.gained) == (None, None)


def test_reposts_weigh_double_and_views_nothing() -> None:
    [ranked] = rank(
        [a_reacted("1", post={"engagement": Engagement(likes=1, reposts=10, replies=100, views=10**6)})], {}, WINDOW
    )

    assert (ranked.score, ranked.engagement.likes) == (1 + 20 + 100, 1)


def test_the_most_gained_comes_first_not_the_most_liked() -> None:
    old, new = a_reacted("old", 40), a_reacted("new", likes=90, source="mastodon")
    history = {old.post.key: seen((30, 5000), (1, 5010))}

    assert ids([old, new], history) == ["new", "old"]


def test_one_per_account() -> None:
    same = {"author": Author(id="loud")}
    mentions = [a_reacted(str(n), likes=100 - n, post=same) for n in range(4)] + [a_reacted("other", likes=1)]

    assert ids(mentions) == ["0", "other"]


def test_posts_of_nobody_are_not_one_account() -> None:
    mentions = [a_reacted(str(n), likes=9, post={"author": Author()}) for n in range(3)]

    assert len(ids(mentions)) == 3


def test_the_earliest_original_stands_for_its_copies_with_the_strongest_score() -> None:
    wording = [
        a_reacted("repost", 9, group="w", likes=1, post={"repost_of": "other"}),
        a_reacted("marked", 8, group="w", likes=2, post={"text": "RT @a: 砸锅卖铁"}),
        a_reacted("original", 7, group="w", likes=3),
        a_reacted("copy", 6, group="w", likes=500),
    ]

    first, second = rank([*wording, a_reacted("other", likes=100)], {}, WINDOW)

    assert (first.mention.post.key.id, first.copies, first.copy_accounts) == ("original", 4, 4)
    assert (first.engagement.likes, first.score) == (3, 500)
    assert second.mention.post.key.id == "other"


def test_withdrawn_posts_are_counted_and_never_returned() -> None:
    gone = a_reacted("gone", 9, group="w", withdrawn=True, likes=999)
    alone = a_reacted("alone", 9, withdrawn=True)

    [ranked] = rank([gone, alone, a_reacted("here", 8, group="w")], {}, WINDOW)

    assert (ranked.mention.post.key.id, ranked.copies, ranked.score) == ("here", 2, 0)


def test_scripts_and_platforms_are_spread() -> None:
    mentions = [a_reacted(f"hans{n}", likes=300 - n) for n in range(5)]
    mentions += [a_reacted("hant", likes=90, script="Hant"), a_reacted("en", likes=100, language="en", script="Latn")]

    assert ids(mentions) == ["hans0", "en", "hant"]


def test_posts_without_engagement_follow_most_copied_then_newest() -> None:
    mentions = [
        a_reacted("liked", likes=1, source="mastodon"),
        a_reacted("older", 9, "rss"),
        a_reacted("newer", 2, "rss"),
        a_reacted("copied", 20, "rss", group="w"),
        a_reacted("copy", 19, "rss", group="w"),
    ]

    assert ids(mentions, limit=9) == ["liked", "copied", "newer", "older"]


mentions_strategy = st.lists(
    st.builds(
        lambda n, account, group, likes, script, source: a_reacted(
            f"{n}",
            source=source,
            likes=likes,
            script=script,
            group=group,
            post={"author": Author(id=account)},
        ),
        st.integers(0, 10**6),
        st.sampled_from("abcdef"),
        st.sampled_from(["", "g", "h", "i"]),
        st.none() | st.integers(-5, 9999),
        st.sampled_from(["Hans", "Hant", None]),
        st.sampled_from(["x", "bluesky", "rss"]),
    ),
    max_size=25,
    unique_by=lambda each: each.post.key,
)


@given(mentions_strategy, st.randoms(use_true_random=False))
def test_ranking_does_not_depend_on_order_and_repeats_nobody(mentions: list[Mention], shuffler: Any) -> None:
    shuffled = list(mentions)
    shuffler.shuffle(shuffled)

    first, again = rank(mentions, {}, WINDOW), rank(shuffled, {}, WINDOW)

    assert first == again
    assert len({account_of(each.mention.post) for each in first}) == len(first)
    groups = [each.mention.group for each in first if each.mention.group]
    assert len(set(groups)) == len(groups)


@given(mentions_strategy)
def test_the_strongest_is_the_same_however_few_are_compared(mentions: list[Mention]) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ranking, "MOST_COMPARED", 2)

        of_few = rank(mentions, {}, WINDOW, 1)

    assert of_few == rank(mentions, {}, WINDOW, 1)


def a_sharer(id_: str, hours_ago: float, link: str = LINK, **changes: Any) -> Mention:
    return a_reacted(id_, hours_ago, post={"links": (link,)} | changes.pop("post", {}), **changes)


def test_the_most_shared_link_is_counted_in_its_one_form() -> None:
    mentions = [
        a_sharer("1", 5, LINK + "?utm_source=x"),
        a_sharer("2", 6, "HTTPS://News.example/a#top"),
        a_sharer("3", 4),
    ]

    link = most_shared_link(
        [*mentions, a_sharer("4", 9, "https://other.example/"), a_sharer("5", 9, "javascript:alert(1)")]
    )

    assert link is not None
    assert (link.url, link.count, link.first_seen, link.title) == (LINK, 3, NOW - 6 * HOUR, None)


def test_a_link_of_one_account_says_nothing() -> None:
    alone = {"author": Author(id="one"), "links": (LINK,)}

    assert most_shared_link([a_reacted(str(n), post=alone) for n in range(9)]) is None
    assert most_shared_link([]) is None


def an_article(hours_ago: float = 8, **post: Any) -> Mention:
    values = {"url": LINK, "text": "砸锅卖铁:题目\n正文", "author": Author(name="Northern Post"), "links": (LINK,)}
    return a_reacted("article", hours_ago, "rss", post=values | post)


def test_an_article_gives_the_title_and_is_no_sharer_of_itself() -> None:
    link = most_shared_link([an_article(), a_sharer("1", 5), a_sharer("2", 4)])

    assert link is not None
    assert (link.title, link.count, link.first_seen) == ("砸锅卖铁:题目", 2, NOW - 5 * HOUR)


def test_a_story_of_a_link_site_gives_the_title_a_comment_does_not() -> None:
    story = a_sharer("story", 5, source="hackernews", post={"text": "Smash pots"})
    comment = a_sharer("comment", 6, source="hackernews", post={"in_reply_to": "story"})

    link = most_shared_link([story, comment])

    assert link is not None
    assert link.title == "Smash pots"


def test_what_is_about_a_link_includes_its_page_and_the_same_wording() -> None:
    mentions = [an_article(), a_sharer("1", 5, group="w"), a_reacted("before", 9, group="w"), a_reacted("else", 20)]

    about = about_link(mentions, LINK)

    assert [each.post.key.id for each in about] == ["article", "1", "before"]
    first = earliest(about)
    assert first is not None
    assert first.post.key.id == "before"


def test_addresses_of_one_page_are_counted_together_and_shown_as_most_write_it() -> None:
    forms = [
        "https://a.example/x",
        "https://a.example/x",
        "http://www.a.example/x/",
        "https://m.a.example/x?utm_source=b",
    ]
    mentions = [a_mention(str(n), post={"author": Author(id=str(n)), "links": (form,)}) for n, form in enumerate(forms)]

    link = most_shared_link(mentions)

    assert link is not None
    assert (link.url, link.count, link.posts) == ("https://a.example/x", 4, 4)


def test_one_copied_text_does_not_make_the_most_shared_link() -> None:
    """Forty accounts with one text and its link; three who found another link worth words of their own."""
    copied = [
        a_mention(f"c{n}", group="g", post={"author": Author(id=f"c{n}"), "links": ("https://copied.example/",)})
        for n in range(40)
    ]
    own = [
        a_mention(f"o{n}", post={"author": Author(id=f"o{n}"), "links": ("https://own.example/",)}) for n in range(3)
    ]

    link = most_shared_link([*copied, *own])

    assert link is not None
    assert (link.url, link.count) == ("https://own.example/", 3)


def test_an_account_shares_a_link_once() -> None:
    loud = [a_mention(f"l{n}", post={"author": Author(id="loud"), "links": ("https://a.example/",)}) for n in range(9)]
    other = a_mention("o", post={"author": Author(id="other"), "links": ("https://a.example/",)})

    link = most_shared_link([*loud, other])

    assert link is not None
    assert (link.count, link.posts) == (2, 10)


def test_a_hidden_address_stays_hidden_in_its_other_forms() -> None:
    mentions = [
        a_mention(str(n), post={"author": Author(id=str(n)), "links": ("http://www.a.example/x",)}) for n in range(3)
    ]

    assert most_shared_link(mentions, hidden=frozenset({"https://a.example/x"})) is None


@given(st.lists(st.tuples(st.sampled_from((None, None, -5, 0, 3, 40)), st.integers(0, 6), st.booleans()), max_size=14))
def test_leaving_out_what_nobody_reacted_to_changes_no_ranking(rows: Sequence[tuple[int | None, int, bool]]) -> None:
    """Posts with likes gained or lost, in few wordings, some withdrawn; and room for few of them."""
    posts = [
        a_reacted(f"{n:02}", 1 + n % 5, likes=likes and abs(likes), group=f"g{group}" if group else "", withdrawn=gone)
        for n, (likes, group, gone) in enumerate(rows)
    ]
    history = {
        mention.post.key: seen((30, 9), (1, 9 + likes))
        for mention, (likes, _, _) in zip(posts, rows, strict=True)
        if likes is not None
    }
    worked_out = {each.post.key: history.get(each.post.key, seen((age_of(each), None))) for each in posts}

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ranking, "MOST_COMPARED", 4)

        assert rank(posts, history, WINDOW, 4) == rank(posts, worked_out, WINDOW, 4)


def age_of(mention: Mention) -> float:
    """Return how many hours before the window's end a post was seen."""
    return (NOW - mention.post.observed_at) / HOUR
