"""What is said of time zones that the data base does not know."""

import zoneinfo
from datetime import UTC, datetime, timedelta

import pytest

from monitor.topics.values import Wrong, timezone_of
from monitor.topics.zones import _BY_OFFSET, _PLACES, _SEVERAL


def told(name: str) -> str:
    with pytest.raises(Wrong) as caught:
        timezone_of(name)
    return str(caught.value)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        *(("Asia/Beijing", "Asia/Shanghai"), ("Peking", "Asia/Shanghai"), ("北京", "Asia/Shanghai")),
        *(("HKT", "Asia/Hong_Kong"), ("PST", "America/Los_Angeles"), ("台灣", "Asia/Taipei")),
        *(("taipei", "Asia/Taipei"), ("New York", "America/New_York"), ("San Francisco", "America/Los_Angeles")),
    ],
)
def test_a_wrong_time_zone_is_not_answered_with_a_plausible_wrong_one(written: str, meant: str) -> None:
    """Were: Asia/Harbin for Asia/Beijing, HST (Hawaii) for HKT, MST for PST."""
    assert told(written).endswith(f'; write "{meant}"')


@pytest.mark.parametrize("written", ["UTC+8", "utc+08:00", "GMT +8", "+0800", "ＵＴＣ＋８"])
def test_an_offset_is_not_taken_for_utc(written: str) -> None:
    places = '"Asia/Taipei", "Asia/Shanghai" or "Asia/Hong_Kong"'

    assert told(written) == f'"{written}" is an offset; write a place that has it, such as {places}'


def test_an_offset_of_no_place_that_we_know_gets_no_example() -> None:
    assert told("UTC+8:10") == '"UTC+8:10" is an offset; write a place that has it'


def test_letters_of_several_zones_are_told_so() -> None:
    assert told("CST") == '"CST" means several zones; write "Asia/Shanghai" or "America/Chicago"'


@pytest.mark.parametrize("written", ["XST", "UTD", "ES", "EST5"])
def test_letters_are_never_guessed_by_their_looks(written: str) -> None:
    assert "did you mean" not in told(written)


def test_a_slip_in_a_long_name_still_finds_it() -> None:
    assert told("Asia/Taipai") == 'unknown time zone "Asia/Taipai"; did you mean "Asia/Taipei"?'


def test_every_zone_that_is_suggested_exists_and_has_its_offset() -> None:
    seasons = datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    suggested = {*_PLACES.values(), *(zone for zones in _SEVERAL.values() for zone in zones)}

    assert suggested <= zoneinfo.available_timezones()
    for minutes, zones in _BY_OFFSET.items():
        for zone in map(zoneinfo.ZoneInfo, zones):
            offsets = {moment.astimezone(zone).utcoffset() for moment in seasons}
            assert min(each for each in offsets if each is not None) == timedelta(minutes=minutes), zone.key
