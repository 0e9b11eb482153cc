"""An alert reads as in the specification, is loud, and fits every chat."""

import msgspec

from monitor.digests.alert import render_alert
from monitor.digests.draft import utf16_length
from monitor.models import SharedLink, Window
from tests.unit.digests.cases import ZONE, a_burst, a_digest, a_reaction, a_said, a_trend, at

HOUR = Window(at("14:00"), at("15:00"))
QUOTED = a_said("要砸锅卖铁,先砸谁的锅?", "砸锅卖铁", "bluesky", at("14:31"))


def test_an_alert_has_the_lines_of_the_specification_and_is_loud() -> None:
    digest = a_digest(
        kind="alert",
        trend=a_trend(window=HOUR),
        reactions=(a_reaction(QUOTED, "砸锅卖铁", gained=None), a_reaction(QUOTED, "砸锅卖铁")),
        link=SharedLink(
            url="https://northernpost.example/a", count=9, first_seen=at("14:05"), title="锅", outlet="Northern Post"
        ),
    )

    message = render_alert(digest, a_burst(), 128, "-1001", ZONE)

    shown = message.text.translate({0x2068: None, 0x2069: None})
    assert shown.split("\n") == [
        "#砸锅卖铁 rising: 64 posts in 60 min",
        "14:00–15:00 Taipei time, usual then 9.2 · 51 accounts, 3 platforms",
        "Most shared: Northern Post: 《锅》",
        "要砸锅卖铁,先砸谁的锅?",
        "Bluesky 14:31 · 简 · ♥310",
        "Next 6 h: only above 128 an hour.",
    ]
    assert not message.silent
    assert (message.chat, message.digest_id, message.id) == ("-1001", digest.id, f"{digest.id}-0")
    assert [each.type for each in message.entities] == ["bold", "text_link", "blockquote", "bold", "text_link"]
    assert [each.key for each in message.quotes] == [QUOTED.post.key]


def test_an_alert_with_nothing_to_quote_or_to_link_is_three_lines() -> None:
    message = render_alert(a_digest(trend=a_trend(window=HOUR)), a_burst(), 2_000, "1", ZONE)

    assert message.text.split("\n")[2:] == ["Next 6 h: only above 2,000 an hour."]


def test_the_longest_alert_is_one_message() -> None:
    wide = "長" * 400
    link = SharedLink(url="https://a.example/", count=2, first_seen=at("14:05"), title=wide, outlet=wide)
    digest = a_digest(title=wide, trend=a_trend(window=HOUR), link=link, reactions=(a_reaction(QUOTED, "砸锅卖铁"),))
    burst = msgspec.structs.replace(a_burst(), posts=10**6, accounts=10**6, expected=10.0**6)

    message = render_alert(digest, burst, 2 * 10**6, "1", ZONE)

    assert utf16_length(message.text) < 1000
