"""Updates: offsets, one poller, the webhook and its secret, and what people do."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from telegram import Bot, Update
from telegram.error import BadRequest, Conflict

from tests.simulators.telegram_api import Simulator
from tests.simulators.telegram_chats import Chat, Member, User
from tests.unit.simulators.conftest import Asker, Clock, with_bot


def test_update_comes_again_until_a_later_offset_confirms_it(telegram: Simulator, ask: Asker, anna: User) -> None:
    private = telegram.people.private(anna)
    for text in ("one", "two", "three"):
        telegram.people.say(private, anna, text)

    first = [update["update_id"] for update in ask("getUpdates", limit=2)["result"]]
    again = [update["update_id"] for update in ask("getUpdates")["result"]]
    rest = [update["message"]["text"] for update in ask("getUpdates", offset=first[-1] + 1)["result"]]

    assert again == [first[0], first[0] + 1, first[0] + 2]
    assert rest == ["three"]
    assert telegram.state.updates.handed_out[first[0]] == 2


def test_negative_offset_keeps_the_last_and_forgets_the_rest(telegram: Simulator, ask: Asker, anna: User) -> None:
    for text in ("one", "two", "three"):
        telegram.people.say(telegram.people.private(anna), anna, text)

    assert [update["message"]["text"] for update in ask("getUpdates", offset=-1)["result"]] == ["three"]
    assert len(telegram.state.updates.pending) == 1


def test_long_poll_ends_with_what_it_waited_for(telegram: Simulator, ask: Asker, anna: User) -> None:
    answers = []
    poller = threading.Thread(target=lambda: answers.append(ask("getUpdates", timeout=10)))
    poller.start()
    telegram.people.say(telegram.people.private(anna), anna, "hello")
    poller.join(60)

    assert answers[0]["result"][0]["message"]["text"] == "hello"


def test_later_poller_ends_the_earlier_with_a_conflict(telegram: Simulator, ask: Asker, anna: User) -> None:
    heard = []

    def wait() -> None:
        with pytest.raises(Conflict, match="terminated by other getUpdates request"):
            with_bot(telegram, lambda bot: bot.get_updates(timeout=10))
        heard.append("conflict")

    poller = threading.Thread(target=wait)
    poller.start()
    for _ in range(100):  # the first of these may come before the thread's own call
        ask("getUpdates", timeout=0)
        poller.join(0.05)
        if heard:
            break

    assert heard == ["conflict"]
    assert telegram.state.updates.conflicts == 1


def test_client_that_left_is_no_conflict(telegram: Simulator, anna: User) -> None:
    async def act(bot: Bot) -> None:
        with pytest.raises(Exception, match="Timed out"):
            await bot.get_updates(timeout=10, read_timeout=-9.9)  # the library adds the two
        await bot.get_updates(timeout=0)

    with_bot(telegram, act)

    assert telegram.state.updates.conflicts == 0


def test_only_asked_for_kinds_come(telegram: Simulator, ask: Asker, anna: User) -> None:
    ask("getUpdates", allowed_updates=["callback_query"])
    telegram.people.say(telegram.people.private(anna), anna, "hello")
    assert telegram.state.updates.pending == []

    ask("getUpdates", allowed_updates=[])
    telegram.people.say(telegram.people.private(anna), anna, "hello")
    assert len(telegram.state.updates.pending) == 1


def test_button_sends_its_data_and_a_forger_any(telegram: Simulator, ask: Asker, channel: Chat, anna: User) -> None:
    markup = {"inline_keyboard": [[{"text": "Why", "callback_data": "w"}, {"text": "Mute", "callback_data": "m"}]]}
    number = ask("sendMessage", chat_id=channel.id, text="a", reply_markup=markup)["result"]["message_id"]

    telegram.people.press(anna, channel, number, "Mute")
    telegram.people.press(anna, channel, number, data="forged")

    queries = [update.callback_query for update in with_bot(telegram, lambda bot: bot.get_updates())]
    assert [query.data for query in queries] == ["m", "forged"]
    assert queries[0].message.message_id == number


@pytest.mark.parametrize("case", ["unknown", "twice", "late"])
def test_query_is_answered_once_and_in_time(
    telegram: Simulator, channel: Chat, anna: User, clock: Clock, case: str
) -> None:
    message = telegram.people.say(channel, anna, "a")
    query = telegram.people.press(anna, channel, message["message_id"], data="x")

    async def act(bot: Bot) -> None:
        if case == "twice":
            await bot.answer_callback_query(query)
        clock.now += 3600 if case == "late" else 0
        with pytest.raises(BadRequest, match=r"[Qq]uery is too old"):
            await bot.answer_callback_query("17" if case == "unknown" else query)

    with_bot(telegram, act)


def test_bot_hears_of_its_own_standing(telegram: Simulator, anna: User) -> None:
    group = telegram.state.world.add_chat("supergroup", "G", bot=Member("left"))

    telegram.people.add_bot(group, anna)
    telegram.people.kick_bot(group, anna)
    telegram.people.block(anna)
    telegram.people.unblock(anna)

    updates = with_bot(telegram, lambda bot: bot.get_updates())
    changes = [update.my_chat_member for update in updates if update.my_chat_member]
    assert [(change.old_chat_member.status, change.new_chat_member.status) for change in changes] == [
        ("left", "member"),
        ("member", "kicked"),
        ("member", "kicked"),
        ("kicked", "member"),
    ]
    assert [member.id for member in updates[1].message.new_chat_members] == [telegram.state.world.bot.id]


def test_deep_link_brings_its_payload(telegram: Simulator) -> None:
    boris = telegram.state.world.add_user("Boris", language_code="zh-hans")

    telegram.people.start(boris, "kw_7")

    [update] = with_bot(telegram, lambda bot: bot.get_updates())
    assert (update.message.text, update.message.from_user.language_code) == ("/start kw_7", "zh-hans")


class Hook:
    """A webhook on loopback: answers with the statuses it was given, then 200."""

    def __init__(self, statuses: list[int]) -> None:
        self.heard: list[tuple[str | None, Update]] = []
        self.has_heard = threading.Condition()
        hook = self

        class Receiver(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                secret = self.headers["X-Telegram-Bot-Api-Secret-Token"]
                with hook.has_heard:
                    hook.heard.append((secret, Update.de_json(body)))
                    status = statuses.pop(0) if statuses else 200
                    hook.has_heard.notify_all()
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self._thread.start()

    def wait_for(self, number: int) -> list[tuple[str | None, Update]]:
        """Return what was heard when so many updates came."""
        with self.has_heard:
            assert self.has_heard.wait_for(lambda: len(self.heard) >= number, 60)
            return list(self.heard)

    def stop(self) -> None:
        """End the server."""
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()


@pytest.fixture
def hook() -> Iterator[Hook]:
    """Yield a webhook that fails once."""
    running = Hook([500])
    yield running
    running.stop()


def test_webhook_gets_its_secret_and_the_update_again_after_an_error(
    telegram: Simulator, ask: Asker, hook: Hook, anna: User
) -> None:
    ask("setWebhook", url=hook.url, secret_token="s3cret")
    for text in ("one", "two"):
        telegram.people.say(telegram.people.private(anna), anna, text)

    heard = hook.wait_for(3)

    assert [(secret, update.message.text) for secret, update in heard] == [
        ("s3cret", "one"),
        ("s3cret", "one"),
        ("s3cret", "two"),
    ]
    assert "500" in ask("getWebhookInfo")["result"]["last_error_message"]


def test_webhook_and_polling_exclude_each_other(telegram: Simulator, ask: Asker, hook: Hook) -> None:
    ask("setWebhook", url=hook.url)

    with pytest.raises(Conflict, match="webhook is active"):
        with_bot(telegram, lambda bot: bot.get_updates())

    ask("deleteWebhook")
    assert ask("getUpdates")["ok"]


@pytest.mark.parametrize(
    "arguments", [{"url": "https://example.org/x"}, {"url": "http://127.0.0.1:1/", "secret_token": "no space"}]
)
def test_webhook_elsewhere_or_with_a_wrong_secret_is_refused(
    telegram: Simulator, ask: Asker, arguments: dict[str, str]
) -> None:
    assert "bad webhook" in ask("setWebhook", **arguments)["description"]
    assert len(telegram.take_breaches()) == 1
