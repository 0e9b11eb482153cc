"""One readable line per event: time, role, event, then its fields."""

import html
import logging
import re
import sys
import threading
from datetime import UTC, datetime
from types import TracebackType

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_QUIET = ("httpx", "httpcore", "kombu", "amqp", "celery", "telegram")
"""Libraries that say too much, or print addresses that hold secrets: heard only when they warn, at every level."""
_SHORTEST = 4
"""What is shorter keeps no secret, and to hide it would make every line unreadable."""
_LETTERS = {"\n": r"\\{1,7}n|⏎", "\r": r"\\{1,7}r", "\t": r"\\{1,7}t", "\b": r"\\{1,7}b", "\f": r"\\{1,7}f"}
"""How control characters are escaped, and how a line of ours shows a new one."""
_hidden: dict[str, re.Pattern[str]] = {}
_hiding = threading.Lock()

log = logging.getLogger(__name__)


def hide(secret: str) -> None:
    """Keep a secret out of every line from now on, whoever says it and however it is escaped there."""
    global _hidden  # noqa: PLW0603 - one process says its lines in one place
    if len(secret) < _SHORTEST:
        return
    with _hiding:
        known = _hidden | {secret: re.compile("".join(map(_spellings, secret)))}
        # The longest first: of an address that holds a password nothing but the address would be left.
        _hidden = dict(sorted(known.items(), key=lambda each: len(each[0]), reverse=True))


def redact(text: str) -> str:
    """Return a text without the secrets that are known to this process."""
    for pattern in _hidden.values():
        text = pattern.sub("<hidden>", text)
    return text


def _spellings(character: str) -> str:
    """Return a pattern of all that a character may become: in an address, in JSON, in HTML, by `repr` of `repr` …

    Runs have a limit: a text of nothing but backslashes takes a time that grows with it, not with its square.
    """
    if re.fullmatch("[A-Za-z0-9]", character):
        return character
    code, raw = ord(character), character.encode("utf-8", "surrogatepass")
    in_address = "".join(f"%(?:25){{0,3}}{byte:02x}" for byte in raw)
    in_bytes = "".join(rf"\\{{1,7}}x{byte:02x}" for byte in raw)
    by_number = rf"\\{{1,7}}(?:x|u0{{0,2}}|U0{{2,4}}){code:02x}|&#0{{0,5}}{code};|&#x0{{0,5}}{code:x};"
    in_halves = "".join(rf"\\{{1,7}}u{character.encode('utf-16-be', 'surrogatepass')[n : n + 2].hex()}" for n in (0, 2))
    in_html = re.escape(html.escape(character))
    by_letter = _LETTERS.get(character, "(?!)")
    by_code = rf"(?i:{in_address}|{in_bytes}|{by_number}|{in_halves})"
    return rf"(?:\\{{0,7}}{re.escape(character)}|{by_letter}|{by_code}|{in_html})"


class Line(logging.Formatter):
    """Formats constant text and its fields: 20:31:05 worker polled source=rss new=3."""

    def __init__(self, role: str) -> None:
        super().__init__()
        self._role = role

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and a traceback below it where there is one."""
        at = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        level = "" if record.levelno == logging.INFO else f"{record.levelname} "
        fields = {name: value for name, value in vars(record).items() if name not in _STANDARD and name != "data"}
        said = "".join(f" {name}={_quoted(value)}" for name, value in fields.items())
        line = f"{at} {self._role:<7} {level}{record.getMessage()}{said}"
        return redact(f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line)


def set_up(role: str) -> None:
    """Send every log of this process to standard error, and libraries that print addresses only when they warn.

    `set_level` changes how much is said, once the settings are known.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Line(role))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    log.handlers.clear()
    log.propagate = True
    set_level("INFO")
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    # It prints a traceback for each answer of a broken gateway; the courier says in a line what became of the message.
    logging.getLogger("telegram.request").setLevel(logging.CRITICAL)
    sys.excepthook = _ended
    threading.excepthook = _thread_ended


def set_level(level: str) -> None:
    """Say what is at least as important as this: DEBUG, INFO, WARNING or ERROR."""
    logging.getLogger().setLevel(level)


def show_uncaught() -> None:
    """Print what ends a short command, which has no log, without secrets: Python itself would print them."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Line("monitor"))
    log.addHandler(handler)
    log.propagate = False
    sys.excepthook = _ended
    threading.excepthook = _thread_ended


def _ended(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    log.critical("an error that nobody foresaw", exc_info=(kind, error, trace))


def _thread_ended(said: threading.ExceptHookArgs) -> None:
    if said.exc_type is SystemExit or said.exc_value is None:
        return
    name = said.thread.name if said.thread is not None else "unknown"
    caught = said.exc_type, said.exc_value, said.exc_traceback
    log.critical("a thread ended by an error that nobody foresaw", exc_info=caught, extra={"of": name})


def _quoted(value: object) -> str:
    text = str(value).replace("\n", "⏎")
    return f'"{text}"' if " " in text or not text else text
