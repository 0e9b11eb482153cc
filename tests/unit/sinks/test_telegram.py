"""What each failure of the Bot API says about a message, and that the token is said nowhere."""

import io
import logging
import socket
import traceback
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from monitor import logs
from monitor.errors import (
    DeliveryDelayed,
    DeliveryError,
    DeliveryUnknown,
    MessageRejected,
    RecipientGone,
    RecipientMoved,
)
from monitor.models import Entity, Message, Parcel
from monitor.sinks.telegram import TelegramSink
from monitor.sinks.telegram_line import Account
from monitor.sinks.telegram_refusals import translate

SECRET = "123456:planted-canary-of-a-token"


@pytest.fixture(autouse=True)
def durations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")


def caused(error: TelegramError, cause: Exception) -> TelegramError:
    error.__cause__ = cause
    return error


REQUEST = httpx.Request("POST", f"https://api.example/bot{SECRET}/sendMessage")
TABLE = {
    "flood": (lambda: RetryAfter(37), DeliveryDelayed),
    "kicked": (lambda: Forbidden("Forbidden: bot was kicked from the channel chat"), RecipientGone),
    "no chat": (lambda: BadRequest("Bad Request: chat not found"), RecipientGone),
    "closed topic": (lambda: BadRequest("Bad Request: TOPIC_CLOSED"), RecipientGone),
    "no rights": (lambda: BadRequest("Bad Request: need administrator rights in the channel chat"), RecipientGone),
    "format": (lambda: BadRequest("Bad Request: can't parse entities"), MessageRejected),
    "too long": (lambda: BadRequest("Bad Request: message is too long"), MessageRejected),
    "migrated": (lambda: ChatMigrated(-1009), RecipientMoved),
    "refused token": (lambda: InvalidToken(f"The token `{SECRET}` was rejected"), DeliveryDelayed),
    "conflict": (lambda: Conflict("terminated by other getUpdates request"), DeliveryDelayed),
    "refused": (lambda: caused(NetworkError("x"), httpx.ConnectError("no", request=REQUEST)), DeliveryDelayed),
    "connect": (lambda: caused(TimedOut(), httpx.ConnectTimeout("no", request=REQUEST)), DeliveryDelayed),
    "pool": (lambda: caused(TimedOut(), httpx.PoolTimeout("no", request=REQUEST)), DeliveryDelayed),
    "read": (lambda: caused(TimedOut(), httpx.ReadTimeout("no", request=REQUEST)), DeliveryUnknown),
    "write": (lambda: caused(TimedOut(), httpx.WriteTimeout("no", request=REQUEST)), DeliveryUnknown),
    "reset": (lambda: caused(NetworkError("x"), httpx.ReadError("no", request=REQUEST)), DeliveryUnknown),
    "hang-up": (lambda: caused(NetworkError("x"), httpx.RemoteProtocolError("no", request=REQUEST)), DeliveryUnknown),
    "gateway": (lambda: NetworkError("Bad Gateway (502). Parsing the server response failed"), DeliveryUnknown),
    "not JSON": (lambda: TelegramError("Invalid server response"), DeliveryUnknown),
    "deadline": (TimeoutError, DeliveryUnknown),
}


@pytest.mark.parametrize("name", TABLE)
def test_each_failure_says_what_to_do(name: str) -> None:
    make, expected = TABLE[name]

    error = translate(make(), SECRET)

    assert type(error) is expected
    assert error.reason
    assert SECRET not in repr(error) + str(error)


def test_a_flood_says_for_how_long_and_a_migration_whereto() -> None:
    delayed, moved = translate(RetryAfter(37), SECRET), translate(ChatMigrated(-1009), SECRET)

    assert isinstance(delayed, DeliveryDelayed)
    assert delayed.retry_after == timedelta(seconds=37)
    assert isinstance(moved, RecipientMoved)
    assert moved.chat == "-1009"


PARCEL = Parcel(
    message=Message(
        id="d-0", chat="-1001", digest_id="d", part=0, text="text", entities=(Entity(type="bold", offset=0, length=4),)
    )
)


@pytest.fixture
def heard() -> Iterator[io.StringIO]:
    """Collect every line of the log, at the most talkative level, as the product writes it."""
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    handler.setFormatter(logs.Line("test"))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield said
    root.removeHandler(handler)
    root.setLevel(level)


def test_a_refused_connection_was_never_sent_and_the_token_is_said_nowhere(heard: io.StringIO) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    logs.hide(SECRET)
    sink = TelegramSink(Account(SECRET, f"http://127.0.0.1:{port}"), timedelta(seconds=2))

    with pytest.raises(DeliveryDelayed) as caught:
        sink.send(PARCEL, "-1001", is_plain=False)

    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    sink.close()
    assert SECRET not in told
    assert SECRET not in repr(sink) + repr(Account(SECRET)) + str(vars(sink))
    assert heard.getvalue()
    assert SECRET not in heard.getvalue()


def test_a_silent_server_is_left_after_our_patience_and_may_have_delivered() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        sink = TelegramSink(Account(SECRET, f"http://127.0.0.1:{silent.getsockname()[1]}"), timedelta(seconds=0.2))

        with pytest.raises(DeliveryUnknown):
            sink.send(PARCEL, "-1001", is_plain=False)

        sink.close()


def test_a_closed_sink_begins_anew() -> None:
    sink = TelegramSink(Account(SECRET, "http://127.0.0.1:1"), timedelta(seconds=1))
    for _ in range(2):
        with pytest.raises(DeliveryError):
            sink.delete("-1001", 5)
        sink.close()


def test_lines_of_anybody_are_rid_of_a_hidden_secret(heard: io.StringIO) -> None:
    logs.hide(SECRET)

    error = ValueError(f"https://api.example/bot{SECRET}/getMe")
    logging.getLogger("elsewhere").error("failed at %s", SECRET, exc_info=error, extra={"url": SECRET})

    assert SECRET not in heard.getvalue()
    assert heard.getvalue().count("<hidden>") >= 3
