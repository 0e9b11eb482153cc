"""What is behind the numbers: /why, /chart, and a digest now."""

import logging
from collections.abc import Callable, Sequence
from importlib import import_module
from zoneinfo import ZoneInfo

from monitor.bot.asked import Answer, Asked
from monitor.bot.opinions import opinion_told
from monitor.bot.topics_meant import topic_meant
from monitor.digests.charts import PICTURES, Kind, caption_of, volume_of
from monitor.digests.compose import Brief, compose
from monitor.digests.gist import what_happened, what_it_is_compared_with, what_rose
from monitor.digests.headline import window_words
from monitor.digests.render import render
from monitor.digests.schedule import window_ending
from monitor.digests.wishing import wished
from monitor.models import Topic, Trend, Window
from monitor.nouns.wishes import Wishes
from monitor.pipeline import Gathered, gather
from monitor.readers.shelves import named_in, shelf_in
from monitor.readers.topic_names import title_of
from monitor.readers.under_digests import buttons_below, hour_named
from monitor.saying import phrase, say

PLATFORM = "platform"
NOW = "now"
LONGEST_WHY = 3500
NO_PICTURE = phrase("I cannot draw here; whoever runs me can see why in the log.")
WORKED_OUT = phrase("How this is worked out:")
NO_RISE_NOW = phrase("Nothing stands out in that hour any more: its posts were withdrawn, or are no longer kept.")
log = logging.getLogger(__name__)


def why(asked: Asked) -> Answer:
    """Tell how the numbers of the last 24 hours came about; below an alert, those of its hour."""
    if asked.is_press:
        for topic in asked.monitor.topics.all():
            hour = hour_named(topic, asked.words)
            if hour is not None:
                return _alert_explained(asked, topic, hour)
    return _with_topic(asked, "w", _explained)


def chart(asked: Asked) -> Answer:
    """Draw the last 24 hours, by script, or with "platform" by platform."""
    words = asked.words.split()
    kind: Kind = "platform" if words[-1:] == [PLATFORM] else "script"
    left = " ".join(words[:-1]) if kind == "platform" else asked.words
    return _with_topic(asked._replace(words=left), "c", lambda asked, topic: _drawn(asked, topic, kind))


def digest(asked: Asked) -> Answer:
    """Give the digest of the last 24 hours at once; the daily one comes as ever."""
    words = asked.words.split()
    left = " ".join(words[1:]) if words[:1] == [NOW] else asked.words
    return _with_topic(asked._replace(words=left), "d", _told_now)


def _with_topic(asked: Asked, action: str, tell: Callable[[Asked, Topic], Answer]) -> Answer:
    topic = topic_meant(asked, action)
    return topic if isinstance(topic, Answer) else tell(asked, topic)


def gathered_now(asked: Asked, topic: Topic) -> Gathered:
    """Return what was seen of a topic in the last 24 hours, in the languages and the time zone of the chat."""
    return _gathered(asked, topic, window_ending(asked.now))


def _gathered(asked: Asked, topic: Topic, window: Window) -> Gathered:
    wishes = asked.monitor.wishes.of(asked.chat, topic.name) or Wishes()
    shelf = shelf_in(asked.monitor, topic, wishes, asked.now)
    return gather(wished(topic, wishes), window, shelf, asked.now)


def _explained(asked: Asked, topic: Topic) -> Answer:
    trend = gathered_now(asked, topic).trend
    zone = zone_in(asked, topic)
    worked_out = ("", say(WORKED_OUT), *trend.arithmetic) if trend.arithmetic else ()
    return _told(asked, topic, trend, (what_happened(trend, zone), what_it_is_compared_with(trend), *worked_out))


def _alert_explained(asked: Asked, topic: Topic, hour: Window) -> Answer:
    """Tell of the hour of an alert with the usual that the alert has: that of a day is another."""
    trend = _gathered(asked, topic, hour).trend
    if trend.burst is None:
        return _told(asked, topic, trend, (say(NO_RISE_NOW),))
    # Posts that came later count too, and those that were withdrawn do not.
    known = (what_rose(trend.burst, zone_in(asked, topic)), say("As it is known now."))
    return _told(asked, topic, trend, (*known, "", say(WORKED_OUT), *trend.burst_told))


def _told(asked: Asked, topic: Topic, trend: Trend, sentences: Sequence[str]) -> Answer:
    title = say("{topic}, {window}", topic=title_of(topic), window=window_words(trend, zone_in(asked, topic)))
    opinion = opinion_told(asked.monitor, topic)
    lines = (title, *sentences)
    return Answer("\n".join((*lines, opinion) if opinion else lines)[:LONGEST_WHY])


def _drawn(asked: Asked, topic: Topic, kind: Kind) -> Answer:
    gathered, zone = gathered_now(asked, topic), zone_in(asked, topic)
    volume = volume_of(topic.title, gathered.trend, gathered.mentions, kind)
    try:
        return Answer(caption_of(volume, zone), photo=import_module(PICTURES).draw(volume, zone))
    except (ImportError, OSError) as e:
        # Its library or its font is not installed, or cannot be read: the numbers are there all the same.
        log.warning("no picture", extra={"topic": topic.name, "reason": str(e)})
        return Answer(f"{caption_of(volume, zone)}\n{say(NO_PICTURE)}")


def _told_now(asked: Asked, topic: Topic) -> Answer:
    monitor = asked.monitor
    window = window_ending(asked.now)
    brief = Brief(topic=topic, window=window, kind=NOW, chat=asked.chat, people=asked.policy, named=named_in(monitor))
    made = compose(brief, *gathered_now(asked, topic))
    message = render(made, asked.chat, zone_in(asked, topic))
    below = buttons_below(monitor, topic, asked.chat, asked.now)
    return Answer(message.text, message.entities, buttons=below, quotes=message.quotes)


def zone_in(asked: Asked, topic: Topic) -> ZoneInfo:
    """Return the time zone that holds in the chat."""
    return ZoneInfo(wished(topic, asked.monitor.wishes.of(asked.chat, topic.name)).timezone)
