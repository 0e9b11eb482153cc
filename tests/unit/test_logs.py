"""What is said, and what is never said."""

import io
import logging
import subprocess
import sys
import threading
from urllib.parse import quote

import pytest

from monitor import logs
from monitor.settings import load

PASSWORD = "/a-pass'word@of\\the:test%/"

UNFORESEEN = """
import threading
from monitor.logs import hide, set_up, show_uncaught
{set_up}
hide({secret!r})
def fail(): raise RuntimeError({secret!r})
thread = threading.Thread(target=fail)
{run}
"""


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    monkeypatch.setattr(logs, "_hidden", ())
    return io.StringIO()


def test_the_password_of_an_outside_store_is_hidden_in_every_spelling(
    said: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"redis://:{quote(PASSWORD, safe='')}@127.0.0.1:1/0"
    monkeypatch.setenv("MONITOR_REDIS_URL", address)
    load()
    handler = logging.StreamHandler(said)
    handler.setFormatter(logs.Line("test"))
    record = logging.makeLogRecord({"msg": "%s %r %s", "args": (PASSWORD, [PASSWORD], address)})

    handler.emit(record)

    assert said.getvalue().count("<hidden>") == 3
    assert "pass" not in said.getvalue()


@pytest.mark.parametrize("set_up", ['set_up("test")', "show_uncaught()"])
@pytest.mark.parametrize("run", ["fail()", "thread.start(); thread.join()"])
def test_errors_that_nobody_foresaw_are_printed_without_secrets(set_up: str, run: str) -> None:
    code = UNFORESEEN.format(set_up=set_up, run=run, secret=PASSWORD)

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)

    assert "RuntimeError: <hidden>" in done.stderr
    assert PASSWORD not in done.stderr


def test_a_level_lets_more_be_heard_and_libraries_that_print_addresses_stay_quiet() -> None:
    root, hook, thread_hook = logging.getLogger(), sys.excepthook, threading.excepthook
    before, handlers = root.level, root.handlers[:]
    try:
        logs.set_up("test")
        logs.set_level("DEBUG")
        assert logging.getLogger("monitor.anything").isEnabledFor(logging.DEBUG)
        assert not logging.getLogger("httpx").isEnabledFor(logging.INFO)
    finally:
        root.setLevel(before)
        root.handlers[:] = handlers
        sys.excepthook, threading.excepthook = hook, thread_hook
