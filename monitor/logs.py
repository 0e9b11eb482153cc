"""One readable line per event: time, role, event, then its fields."""

import logging
import sys
from datetime import UTC, datetime

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_QUIET = ("httpx", "httpcore", "kombu", "amqp", "celery", "telegram")
"""Libraries that say too much, or print addresses that hold secrets: heard only when they warn."""
_hidden: set[str] = set()


def hide(secret: str) -> None:
    """Keep a secret out of every line from now on, whoever says it."""
    if secret:
        _hidden.add(secret)


class Line(logging.Formatter):
    """Formats constant text and its fields: 20:31:05 worker polled source=rss new=3."""

    def __init__(self, role: str) -> None:
        super().__init__()
        self._role = role

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and a traceback below it where there is one."""
        at = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        level = "" if record.levelno <= logging.INFO else f"{record.levelname} "
        fields = {name: value for name, value in vars(record).items() if name not in _STANDARD and name != "data"}
        said = "".join(f" {name}={_quoted(value)}" for name, value in fields.items())
        line = f"{at} {self._role:<7} {level}{record.getMessage()}{said}"
        said_all = f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line
        for secret in _hidden:
            said_all = said_all.replace(secret, "<hidden>")
        return said_all


def set_up(role: str, level: str = "INFO") -> None:
    """Send every log of this process to standard error, and libraries that print addresses only when they warn."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Line(role))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    # It prints a traceback for each answer of a broken gateway; the courier says in a line what became of the message.
    logging.getLogger("telegram.request").setLevel(logging.CRITICAL)


def _quoted(value: object) -> str:
    text = str(value).replace("\n", "⏎")
    return f'"{text}"' if " " in text or not text else text
