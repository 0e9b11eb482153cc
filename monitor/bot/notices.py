"""What a sender is told whose updates are too many."""

from monitor.bot.answer import reply
from monitor.models import Incoming
from monitor.wiring import Monitor

SLOW_DOWN = {
    "zh-hans": "您的消息太多，有些没有处理。请稍等一分钟。",
    "zh-hant": "您的訊息太多，有些沒有處理。請稍等一分鐘。",
    "en": "Too many messages: some were left out. Please wait a minute.",
}


def slow_down(monitor: Monitor, update: Incoming) -> None:
    """Tell somebody to wait; the inbox lets this happen once an hour for each person."""
    reply(monitor, update, f"slow:{update.id}", words(update.language))


def words(language: str | None) -> str:
    """Return the notice in somebody's language."""
    tag = (language or "en").lower()
    if tag.startswith("zh"):
        is_traditional = any(part in tag for part in ("hant", "tw", "hk", "mo"))
        return SLOW_DOWN["zh-hant" if is_traditional else "zh-hans"]
    return SLOW_DOWN["en"]
