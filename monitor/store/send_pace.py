"""How fast messages may be sent, as Telegram allows it."""

from datetime import timedelta
from typing import NamedTuple


class SendPace(NamedTuple):
    """At most `most` messages in a sliding window."""

    most: int
    window: timedelta


# A message a second to a chat, 20 a minute to a group and 30 a second in all are allowed. A little less: what leaves
# evenly may arrive less so. https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
CHAT_PACE = SendPace(1, timedelta(seconds=1.2))
GROUP_PACE = SendPace(18, timedelta(seconds=61))
BOT_PACE = SendPace(25, timedelta(seconds=1.2))
