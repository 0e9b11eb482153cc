"""The chart: what it counts, what stands under it, and that it is a picture with the characters of both scripts."""

import struct
from datetime import timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

from fontTools.ttLib import TTCollection

from monitor.catalogs import catalog
from monitor.digests.charts import caption_of, volume_of
from monitor.digests.pictures import draw
from monitor.models import Mention, PostKey, Window
from monitor.nouns.burst import Burst
from monitor.saying import speaking
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
    return [a_mention(f"{name}{n}", post=post, script=script, language=language) for n in range(count)]


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
        "13:00–16:00 升溫：15 則（相同文字只計一次）"
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
    assert struct.unpack(">II", first[16:24]) == (1080, 600)
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
        a_mention(f"{source}{n}", post=at | {"key": PostKey(source, str(n))})
        for source, count in said
        for n in range(count)
    ]

    volume = volume_of("pots", a_trend(count=26), mentions, "platform")

    assert [(each.label, each.is_rest) for each in volume.series] == [
        ("Bluesky", False),
        ("Mastodon", False),
        ("other", True),
    ]
