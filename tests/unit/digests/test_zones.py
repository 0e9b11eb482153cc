"""Whose time it is: readers far from each other read the same digest, and citations go to people who did not."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from monitor.digests.citation import citation_of
from monitor.digests.render import render
from monitor.digests.zones import cited_time, own_time
from monitor.saying import LANGUAGES, speaking
from tests.unit.digests.cases import CASES, ZONE, a_reaction, a_said, at


@pytest.mark.parametrize(
    ("zone", "names"),
    [
        (ZoneInfo("Asia/Taipei"), ("Taipei time", "台北时间", "台北時間")),
        (ZoneInfo("Asia/Kathmandu"), ("Asia/Kathmandu time", "Asia/Kathmandu 时间", "Asia/Kathmandu 時間")),
        (ZoneInfo("UTC"), ("UTC", "UTC", "UTC")),
        (UTC, ("UTC", "UTC", "UTC")),
        (timezone(timedelta(hours=8)), ("UTC+08:00", "UTC+08:00", "UTC+08:00")),
    ],
)
def test_a_zone_is_called_by_its_city_in_the_language_of_its_reader(zone: ZoneInfo, names: tuple[str, ...]) -> None:
    for language, name in zip(LANGUAGES, names, strict=True):
        with speaking(language):
            assert own_time(zone) == name


def test_no_digest_tells_a_time_without_saying_whose_it_is() -> None:
    """Two readers of one desk, in Taipei and in London, read "Wed 08:00" and thought of two moments."""
    for language, name in zip(LANGUAGES, ("Taipei time", "台北时间", "台北時間"), strict=True):
        with speaking(language):
            texts = {case: render(digest, "preview", ZONE).text for case, digest in CASES.items()}
        assert {case: text.count(name) for case, text in texts.items()} == dict.fromkeys(CASES, 1)


def test_a_citation_has_the_times_of_its_reader_and_their_distance_from_utc() -> None:
    post = {"observed_at": at("14:40")}
    said = a_said("砸锅卖铁", "砸锅卖铁", "bluesky", at("14:31"), post=post)

    assert citation_of(a_reaction(said, "砸锅卖铁"), ZONE).split("\n")[1:] == [
        "Bluesky, 2026-03-10 14:31, seen 2026-03-10 14:40 (Taipei time, UTC+8)",
        "https://bluesky.example/1",
    ]
    with speaking("zh-Hant"):
        assert "2026-03-10 14:31，讀取於 2026-03-10 14:40（台北時間，UTC+8）" in citation_of(
            a_reaction(said, "砸锅卖铁"), ZONE
        )
    assert "2026-03-10 06:31, seen 2026-03-10 06:40 (UTC)" in citation_of(a_reaction(said, "砸锅卖铁"), UTC)


@pytest.mark.parametrize(
    ("zone", "times", "said"),
    [
        ("Asia/Kathmandu", (datetime(2026, 3, 10, tzinfo=UTC),), "Asia/Kathmandu time, UTC+5:45"),
        ("America/St_Johns", (datetime(2026, 1, 10, tzinfo=UTC),), "America/St_Johns time, UTC-3:30"),
        ("Europe/London", (datetime(2026, 1, 10, tzinfo=UTC),), "London time, UTC+0"),
        # Clocks went forward between the post and the look at it.
        (
            "Europe/Berlin",
            (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), datetime(2026, 3, 29, 1, 1, tzinfo=UTC)),
            "Berlin time, UTC+1/UTC+2",
        ),
    ],
)
def test_the_distance_from_utc_is_that_of_the_time_that_is_cited(
    zone: str, times: tuple[datetime, ...], said: str
) -> None:
    assert cited_time(times, ZoneInfo(zone)) == said
