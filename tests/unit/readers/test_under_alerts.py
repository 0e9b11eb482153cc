"""What a button under an alert tells of: that alert's own hour."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor.models import Window
from monitor.readers.buttons import LONGEST, Press, Signer
from monitor.readers.under_digests import OF_ALERTS, alert_named, hour_named
from tests.build import NOW, a_topic

HOUR = timedelta(hours=1)
STEP = timedelta(minutes=5)


@given(st.integers(-100_000, 5_000_000), st.text(min_size=1, max_size=40))
def test_why_under_an_alert_means_the_hour_of_that_alert(steps: int, name: str) -> None:
    """It told of the last day, with another "usual" than the alert above it."""
    topic, end = a_topic(name=name), NOW + steps * STEP
    hour = Window(end - HOUR, end)

    button = Signer(b"key", "*", "-1001234567890").sign(Press("w", alert_named(topic, hour)), NOW)

    assert len(button.encode()) <= LONGEST
    assert hour_named(topic, alert_named(topic, hour)) == hour
    assert hour_named(a_topic(name=f"{name}2"), alert_named(topic, hour)) is None


def test_other_buttons_name_no_hour() -> None:
    topic = a_topic()

    assert [hour_named(topic, words) for words in (topic.name, "", f"abcdefgh{OF_ALERTS}", "@")] == [None] * 4
