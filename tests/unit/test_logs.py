"""What is said, and what is never said."""

import html
import io
import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor import logs
from monitor.errors import DeliveryUnknown, MonitorError, SourceBroken, SourceUnavailable, StoreError
from monitor.seams.quarantine import worded
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
    monkeypatch.setattr(logs, "_hidden", {})
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


ESCAPES: dict[str, Callable[[str], str]] = {
    "by repr of repr, as Celery prints errors": lambda secret: repr(RuntimeError(f"connected by {secret!r}")),
    "in a repr of bytes": lambda secret: repr(secret.encode()),
    "in JSON": json.dumps,
    "in JSON in JSON": lambda secret: json.dumps(json.dumps(secret)),
    "in HTML": html.escape,
    "in an address of an address": lambda secret: quote(quote(secret, safe=""), safe=""),
    "in an address in small letters": lambda secret: quote(secret, safe="").lower(),
}


@pytest.mark.parametrize("way", ESCAPES)
def test_a_secret_is_hidden_however_it_was_escaped(said: io.StringIO, way: str) -> None:
    secret = "begins/@:%'\"\\é🔥&<ends"

    logs.hide(secret)

    assert logs.redact(f"before {ESCAPES[way](secret)} after").count("<hidden>") == 1
    assert "ends" not in logs.redact(ESCAPES[way](secret))
    assert logs.redact("begins with something else, and ends") == "begins with something else, and ends"


@given(st.text(min_size=4, max_size=20), st.sampled_from(sorted(ESCAPES)))
def test_whatever_a_secret_is_made_of_nothing_of_it_is_left(secret: str, way: str) -> None:
    before = logs._hidden
    try:
        logs._hidden = {}
        logs.hide(secret)
        escaped = ESCAPES[way](secret) if "small" not in way else quote(secret, safe="")
        assert logs.redact(f"[{escaped}]").count("<hidden>") >= 1
    finally:
        logs._hidden = before


@pytest.mark.parametrize(
    "error",
    [
        SourceUnavailable("x", PASSWORD),
        StoreError(PASSWORD),
        DeliveryUnknown("x", PASSWORD),
        SourceBroken("x", PASSWORD),
    ],
)
def test_no_error_holds_a_secret_that_could_be_stored_with_its_words(said: io.StringIO, error: MonitorError) -> None:
    logs.hide(PASSWORD)
    again = type(error)(*error.args)

    assert again.reason == "<hidden>"  # type: ignore[attr-defined]
    assert PASSWORD not in repr(again) + str(again)


def test_a_line_of_backslashes_is_read_in_linear_time(said: io.StringIO) -> None:
    """Without a limit to their runs a hundred thousand took ten minutes: anybody's post could have stopped a worker."""
    logs.hide("/begins with a sign")
    began = time.process_time()

    logs.redact("\\" * 100_000)
    logs.redact("%25" * 100_000)

    assert time.process_time() - began < 2


def test_a_cut_leaves_no_half_of_a_secret(said: io.StringIO) -> None:
    logs.hide(PASSWORD)

    assert worded(RuntimeError("x" * 290 + PASSWORD)) == f"RuntimeError: {'x' * 290}<hidden>"


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
