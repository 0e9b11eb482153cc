"""Posts that say the same are one group, whoever posted them where, and in whatever order they were read."""

from datetime import timedelta
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.models import Author, Count, Mention, PostKey
from monitor.signals import copies
from monitor.signals.copies import are_copies, group_copies, grouped, wording_of
from tests.build import NOW, a_mention

TEXT = "某县成立砸锅卖铁专班,清理欠款17亿元,全县干部没有一个人反对,先砸谁的锅?"


def a_said(minute: int, text: str = TEXT, **post: object) -> Mention:
    """Return a post of some minute."""
    wording = wording_of(text)
    values = {"text": text, "observed_at": NOW + timedelta(minutes=minute), **post}
    return a_mention(str(minute), group=wording.group, sketch=wording.sketch, post=values)


def groups_of(mentions: list[Mention]) -> list[set[str]]:
    """Return the ids of the posts of each group of two or more."""
    found: dict[str, set[str]] = {}
    for each in grouped(mentions):
        found.setdefault(each.group, set()).add(each.post.key.id)
    return sorted((ids for ids in found.values() if len(ids) > 1), key=sorted)


def test_exact_and_near_copies_are_one_group_named_by_the_earliest_wording() -> None:
    near = [
        TEXT + "太可怕了",
        "RT @a: " + TEXT,
        TEXT[:28] + "…",
        TEXT.replace("锅", "鍋"),
        TEXT.replace("全县", "全省"),
    ]
    mentions = [
        a_said(0),
        *(a_said(minute, text) for minute, text in enumerate(near, 1)),
        a_said(9, "另一回事,与砸锅卖铁毫无关系的帖子"),
    ]

    found = grouped(mentions)

    assert [each.group for each in found[:6]] == [mentions[0].group] * 6
    assert found[6].group == mentions[6].group


def test_numbers_and_negations_keep_texts_apart() -> None:
    assert groups_of([a_said(0), a_said(1, TEXT.replace("17", "7")), a_said(2, TEXT.replace("没有", "有"))]) == []


@pytest.mark.parametrize("text", ["砸锅卖铁!", "砸锅卖铁还债", "砸鍋賣鐵"])
def test_short_texts_are_grouped_only_when_they_are_the_same(text: str) -> None:
    assert groups_of([a_said(0, text), a_said(1, text + "。"), a_said(2, text + "吗")]) == [{"0", "1"}]


def test_a_chain_of_small_changes_does_not_join_its_ends() -> None:
    """Single linkage would: each is a copy of the one before, and the last shares nothing with the first."""
    letters = [chr(0x4E00 + 7 * place) for place in range(120)]
    chain = ["".join(letters[start : start + 40]) for start in range(0, 80, 8)]

    found = groups_of([a_said(minute, text) for minute, text in enumerate(chain)])

    assert found
    assert all(max(map(int, ids)) - min(map(int, ids)) <= 1 for ids in found)


def test_a_repost_without_words_of_its_own_is_in_the_group_of_its_original() -> None:
    original = a_said(0)
    bare = a_said(1, "转发微博", repost_of="0")
    of_bare = a_said(2, "哈哈 //@甲:转发微博", repost_of="1")
    named_whole = a_said(3, "", repost_of="bluesky:0")
    elsewhere = a_said(4, "转发微博", repost_of="0", key=PostKey("weibo", "4"))
    with_opinion = a_said(5, "我认为这件事还要再等等看,大家不要急着下结论", repost_of="0")

    assert groups_of([with_opinion, elsewhere, named_whole, of_bare, bare, original]) == [{"0", "1", "2", "3"}]


def test_bare_reposts_of_what_we_never_saw_are_grouped_by_what_they_repost() -> None:
    mentions = [a_said(n, "转发微博", repost_of=root) for n, root in enumerate(("x", "x", "y"))]

    assert groups_of(mentions) == [{"0", "1"}]


def test_reposts_that_name_each_other_come_to_an_end() -> None:
    assert groups_of([a_said(0, "转发", repost_of="1"), a_said(1, "转发", repost_of="0")]) == []


@pytest.mark.parametrize(
    "bridged",
    [
        {"url": "https://bsky.brid.gy/r/https://bsky.app/profile/a.example/post/3kxyzabcdefgh"},
        {"key": PostKey("mastodon", "https://bsky.brid.gy/convert/ap/at://did:plc:x/app.bsky.feed.post/3kxyzabcdefgh")},
    ],
)
def test_a_bridged_post_is_a_copy_whatever_its_text_became(bridged: dict[str, object]) -> None:
    there = a_said(0, key=PostKey("bluesky", "at://did:plc:x/app.bsky.feed.post/3kxyzabcdefgh"), url=None)
    other = a_said(1, key=PostKey("bluesky", "at://did:plc:x/app.bsky.feed.post/3kxyzabcdefgg"), text="…")
    here = a_said(2, "砸锅卖铁…", **({"key": PostKey("mastodon", "2")} | bridged))

    found = grouped([here, other, there])

    assert found[0].group == found[2].group != found[1].group


def test_a_post_of_an_earlier_algorithm_is_grouped_with_new_ones() -> None:
    old = msgspec.structs.replace(a_said(0), group="1N4P3K5C7DRcfI2m5k2lQRQ", sketch=b"")

    assert groups_of([old, a_said(1), a_said(2, TEXT + "太可怕了")]) == [{"0", "1", "2"}]


def test_withdrawn_posts_are_in_no_group() -> None:
    gone = msgspec.structs.replace(a_said(0, ""), group="", sketch=b"", withdrawn=True)

    assert group_copies(grouped([gone, msgspec.structs.replace(gone, post=a_said(1).post)])) == []


@pytest.mark.parametrize("seed", range(20))
def test_groups_depend_on_no_order(seed: int) -> None:
    chance = Random(seed)
    texts = [
        TEXT,
        TEXT[8:],
        TEXT[:30] + "…",
        TEXT.replace("17", "7"),
        TEXT + "太可怕了" * 3,
        "砸锅卖铁",
        "砸锅卖铁!",
        TEXT[16:],
    ]
    mentions = [a_said(minute, chance.choice(texts)) for minute in range(30)]
    # Some at the same time: then the key decides.
    mentions += [a_said(minute, chance.choice(texts), key=PostKey("rss", str(minute))) for minute in range(30)]
    expected = {each.post.key: each.group for each in grouped(mentions)}

    chance.shuffle(mentions)

    assert {each.post.key: each.group for each in grouped(mentions)} == expected


def changed(text: str, chance: Random) -> str:
    """Return a text with some of its words dropped, put in or changed, or with one of its ends cut."""
    words = text.split()
    for _ in range(chance.randrange(1 + len(words) // 2)):
        words[chance.randrange(len(words))] = chance.choice(("", "锅", "iron 17", "no", chance.choice(words)))
    cut = chance.choice((None, None, chance.randrange(20, 160)))
    return " ".join(words)[:cut] + chance.choice(("", "", "…", " #pots"))


@pytest.mark.parametrize("seed", range(10))
def test_what_sketches_rule_out_would_be_no_copy(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Short and long texts with a beginning or an end in common: the same groups as when all of them are compared."""
    chance = Random(seed)
    some = [
        " ".join(chance.choices(("smash", "pots", "and", "sell", "砸锅卖铁", "the", "county", "专班"), k=length))
        for length in (5, 8, 8, 20, 20, 40)
    ]
    texts = [f"{chance.choice(('', 'once more, listen '))}{changed(chance.choice(some), chance)}" for _ in range(150)]
    mentions = [a_said(minute, text) for minute, text in enumerate(texts)]
    found = groups_of(mentions)

    monkeypatch.setattr(copies, "APART", -1)

    assert len(found) > 3
    assert found == groups_of(mentions)


def test_a_form_with_another_number_each_time_is_no_copy() -> None:
    assert groups_of([a_said(minute, f"{TEXT}第{minute}期") for minute in range(600)]) == []


def test_two_posts_are_compared_by_themselves() -> None:
    assert are_copies(a_said(0), a_said(1, TEXT + "太可怕了"))
    assert are_copies(a_said(0, "砸锅卖铁"), a_said(1, "砸鍋賣鐵!"))
    assert not are_copies(a_said(0), a_said(1, TEXT.replace("17", "7")))
    assert not are_copies(a_mention(group=""), a_mention(group=""))


def test_copies_are_grouped_with_their_accounts_platforms_and_times() -> None:
    mentions = [
        a_mention(str(minute), group="same", post={"observed_at": NOW + timedelta(minutes=minute), "author": author})
        for minute, author in enumerate((Author(id="a"), Author(id="b"), Author(id="a"), Author()))
    ]
    elsewhere = a_mention("4", group="same", post={"key": PostKey("mastodon", "4")})

    [group] = group_copies(
        [*mentions, elsewhere, a_mention("alone"), a_mention("x", group=""), a_mention("y", group="")]
    )

    assert (group.group, group.count, group.accounts) == ("same", 5, 2)
    assert (group.first_seen, group.last_seen, group.span) == (NOW, NOW + timedelta(minutes=3), timedelta(minutes=3))
    assert group.earliest == PostKey("bluesky", "0")
    assert group.platforms == (Count("bluesky", 4), Count("mastodon", 1))


def test_the_largest_group_comes_first_and_the_earlier_of_equals() -> None:
    later = NOW + timedelta(hours=1)
    mentions = [
        *(a_mention(f"late{n}", group="late", post={"observed_at": later}) for n in range(2)),
        *(a_mention(f"early{n}", group="early") for n in range(2)),
        *(a_mention(f"large{n}", group="large", post={"observed_at": later}) for n in range(3)),
    ]

    assert [each.group for each in group_copies(mentions)] == ["large", "early", "late"]


@given(
    st.lists(st.tuples(st.sampled_from(("", "a", "b", "c", "d")), st.integers(0, 3)), max_size=15), st.integers(1, 3)
)
def test_the_largest_groups_alone_are_the_first_of_all(rows: list[tuple[str, int]], limit: int) -> None:
    mentions = [
        a_mention(str(number), group=group, post={"observed_at": NOW + timedelta(minutes=minute)})
        for number, (group, minute) in enumerate(rows)
    ]

    assert group_copies(mentions, limit) == group_copies(mentions)[:limit]
