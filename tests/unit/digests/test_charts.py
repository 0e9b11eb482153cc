"""The chart: what it counts, what stands under it, and that it is a picture with the characters of both scripts."""

import struct
from datetime import timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

import msgspec
from fontTools.ttLib import TTCollection
from hypothesis import given
from hypothesis import strategies as st

from monitor.catalogs import catalog
from monitor.digests.charts import Kind, caption_of, volume_of
from monitor.digests.pictures import draw
from monitor.models import Author, Mention, Ordinary, PostKey, Window
from monitor.nouns.burst import Burst
from monitor.nouns.coverage import Counted
from monitor.saying import speaking
from monitor.signals.bursts import by_hour
from monitor.signals.voices import count_voices, firsts, said
from tests.build import a_mention
from tests.unit.digests.cases import WINDOW, a_trend

TAIPEI = ZoneInfo("Asia/Taipei")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
BURST = Burst(
    start=WINDOW.start + 5 * HOUR,
    end=WINDOW.start + 8 * HOUR,
    posts=20,
    accounts=15,
    voices=15,
    platforms=2,
    expected=2.0,
    surprise=9.0,
    before=1,
    latest=2,
    phase="fading",
    sampled_hours=300,
)


def some(count: int, hour: int, script: str, language: str) -> list[Mention]:
    at = WINDOW.start + hour * HOUR
    name = f"{script}{hour}-"
    post = {"created_at": at, "observed_at": at}
    return [
        a_mention(f"{name}{n}", post=post | {"author": Author(id=f"{name}{n}")}, script=script, language=language)
        for n in range(count)
    ]


def copied(mentions: list[Mention], wording: str) -> list[Mention]:
    return [msgspec.structs.replace(each, group=wording) for each in mentions]


MENTIONS = [*some(12, 0, "Hans", "zh-Hans"), *some(20, 5, "Hant", "zh-Hant"), *some(3, 23, "Jpan", "ja")]
TREND = a_trend(count=35, expected=12.0, ratio=35 / 12, burst=BURST)


def test_posts_are_counted_by_hour_and_script_and_few_stand_together() -> None:
    volume = volume_of("砸锅卖铁", TREND, MENTIONS)

    assert {each.label: sum(each.counts) for each in volume.series} == {"繁": 20, "简": 12, "other": 3}
    assert [each.counts.index(max(each.counts)) for each in volume.series] == [5, 0, 23]
    assert all(len(each.counts) == 24 for each in volume.series)


def test_by_platform_the_bars_have_the_names_of_platforms() -> None:
    assert [each.label for each in volume_of("t", TREND, MENTIONS, "platform").series] == ["Bluesky"]


def test_the_caption_says_in_words_what_the_picture_shows() -> None:
    with speaking("zh-Hant"):
        said = caption_of(volume_of("砸锅卖铁", TREND, MENTIONS), TAIPEI)

    assert said == (
        "#砸锅卖铁：35 則，×2.9\n按小時，截至 2026 年 3 月 11 日 08:00（台北時間）的 24 小時\n"
        "升溫 13:00–16:00：15 則（不計重複），平時 2"
    )


def test_a_picture_that_is_passed_on_still_says_of_which_day_it_is() -> None:
    volume = volume_of("砸锅卖铁", TREND, MENTIONS)
    a_week_before = volume._replace(trend=a_trend(window=Window(*(each - 7 * DAY for each in WINDOW)), burst=None))

    assert "24 h to 11 Mar 2026 08:00" in caption_of(volume, TAIPEI)
    assert "24 h to 4 Mar 2026 08:00" in caption_of(a_week_before, TAIPEI)


def test_it_is_a_picture_that_a_telephone_shows_and_the_same_each_time() -> None:
    with speaking("zh-Hans"):
        volume = volume_of("砸锅卖铁", TREND, MENTIONS)
        first, second = draw(volume, TAIPEI), draw(volume, TAIPEI)

    assert first[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", first[16:24]) == (1080, 960)
    assert len(first) < 200_000
    assert first == second


def test_a_day_without_posts_is_drawn_too() -> None:
    assert draw(volume_of("t", a_trend(count=0, expected=None, ratio=None), []), TAIPEI)[:4] == b"\x89PNG"


def test_the_font_has_every_character_that_we_say() -> None:
    """What it lacks would be drawn as an empty box."""
    with (files("paperang_p2_fonts_cjk") / "fonts" / "wqy-microhei.ttc").open("rb") as file:
        known = {chr(code) for code in TTCollection(file, lazy=True).fonts[0].getBestCmap()}
    said = {char for language in ("zh-Hans", "zh-Hant") for each in catalog(language).values() for char in each}

    assert said - known == {"\n"}


def test_only_what_is_left_over_is_drawn_as_such() -> None:
    """The last of two platforms was grey, as if it were all others."""
    said = [("bluesky", 12), ("mastodon", 11), ("x", 3)]
    at = {"created_at": WINDOW.start + HOUR, "observed_at": WINDOW.start + HOUR}
    mentions = [
        a_mention(f"{source}{n}", post=at | {"key": PostKey(source, str(n)), "author": Author(id=str(n))})
        for source, count in said
        for n in range(count)
    ]

    volume = volume_of("pots", a_trend(count=26), mentions, "platform")

    assert [(each.label, each.look) for each in volume.series] == [
        ("Bluesky", "label"),
        ("Mastodon", "label"),
        ("other", "rest"),
    ]


def test_the_highest_bar_says_why_it_is_not_the_rise() -> None:
    """Readers saw a rise of 20 posts marked beside a bar of 39, and nothing told them that this was one text copied."""
    rise = some(20, 5, "Hant", "zh-Hant")
    copies = copied(some(35, 9, "Hans", "zh-Hans"), "one wording")
    mentions = [*rise, *copies, *some(4, 9, "Latn", "en")]
    burst = msgspec.structs.replace(BURST, end=BURST.start + HOUR, voices=20)

    volume = volume_of("砸锅卖铁", a_trend(count=59, burst=burst), mentions)

    solid = [sum(each.counts[hour] for each in volume.series if each.look != "repeats") for hour in (5, 9)]
    assert (solid, [volume.totals[hour] for hour in (5, 9)]) == ([20, 5], [20, 39])
    assert caption_of(volume, TAIPEI).split("\n")[2:] == [
        "Rise 13:00–14:00: 20 posts without repeats, usual 2",
        "Highest bar 17:00–18:00: 39 posts, 34 of them repeats",
    ]


@given(
    st.lists(st.tuples(st.integers(0, 23), st.sampled_from("abc"), st.sampled_from("xyz")), max_size=60),
    st.sampled_from(("script", "platform")),
)
def test_bars_hold_every_post_once_and_without_repeats_the_voices_of_their_hour(
    posts: list[tuple[int, str, str]], kind: Kind
) -> None:
    mentions = []
    for n, (hour, wording, account) in enumerate(posts):
        at = WINDOW.start + hour * HOUR
        post = {"created_at": at, "observed_at": at, "author": Author(id=account)}
        mentions.append(a_mention(str(n), post=post, group=wording, script="Hans", language="zh-Hans"))

    volume = volume_of("pots", a_trend(count=len(posts)), mentions, kind)

    hours = by_hour(WINDOW, mentions)
    assert volume.totals == (tuple(map(len, hours)) if mentions else ())
    solid = [sum(each.counts[n] for each in volume.series if each.look != "repeats") for n in range(24)]
    assert solid == [count_voices(firsts(map(said, hour))) for hour in hours]


def test_what_a_platform_counted_and_nobody_read_is_part_of_its_bar() -> None:
    """The title said 3,000 posts, and the bars beside it 12."""
    hourly = (3000, *([0] * 23))
    trend = a_trend(count=3000, hourly=hourly, counted=(Counted(source="x", posts=3000, read=12),))

    volume = volume_of("pots", trend, some(12, 0, "Latn", "en"))

    assert volume.totals == hourly
    assert (volume.series[-1].label, volume.series[-1].counts[0]) == ("counted, not read", 2988)


def test_times_that_were_not_read_are_told_and_drawn() -> None:
    unread = tuple(Window(WINDOW.start + n * HOUR, WINDOW.start + (n + 2) * HOUR) for n in (3, 14))
    volume = volume_of("pots", TREND, MENTIONS)
    with_holes = volume._replace(trend=msgspec.structs.replace(TREND, unread=unread))

    assert caption_of(with_holes, TAIPEI).split("\n")[-1] == "Not read: 11:00–13:00, 22:00–00:00"
    assert draw(with_holes, TAIPEI) != draw(volume, TAIPEI)


def test_a_day_of_which_nothing_was_read_is_no_moment() -> None:
    """It was "Not read: 08:00–08:00"."""
    volume = volume_of("pots", TREND, MENTIONS)
    blind = volume._replace(trend=msgspec.structs.replace(TREND, unread=(WINDOW,)))

    assert caption_of(blind, TAIPEI).split("\n")[-1] == "Nothing of that was read"


def test_a_usual_of_each_hour_is_drawn_where_it_is_known() -> None:
    volume = volume_of("pots", TREND, MENTIONS)
    ordinary = (None, *(Ordinary(2.0, 4) for _ in range(23)))
    compared = volume._replace(trend=msgspec.structs.replace(TREND, ordinary=ordinary))

    assert draw(compared, TAIPEI) != draw(volume, TAIPEI)


def test_days_are_named_in_the_zone_of_the_reader() -> None:
    """Also where its hours begin at other minutes than ours."""
    volume = volume_of("pots", TREND, MENTIONS)
    pictures = {draw(volume, ZoneInfo(name)) for name in ("Asia/Taipei", "Asia/Kathmandu", "America/St_Johns", "UTC")}

    assert len(pictures) == 4


def test_an_archive_that_names_nobody_is_drawn_by_its_wordings() -> None:
    """Its posts would all be by one account, and all but one an hour repeats."""
    nobody = [
        msgspec.structs.replace(each, post=msgspec.structs.replace(each.post, author=Author()))
        for each in some(12, 3, "Hans", "zh-Hans")
    ]

    assert [each.label for each in volume_of("pots", a_trend(count=12), nobody).series] == ["简"]
