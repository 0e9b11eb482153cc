"""Each fault reaches python-telegram-bot as the design expects it, and does or does not deliver as it says."""

from collections import Counter
from datetime import timedelta

import httpx
import pytest
from telegram import Bot
from telegram.error import BadRequest, ChatMigrated, Forbidden, NetworkError, RetryAfter, TelegramError, TimedOut

from tests.simulators.telegram_api import Simulator
from tests.simulators.telegram_chats import Chat
from tests.simulators.telegram_faults import FAULTS, Fault, FaultKind, FaultPlan, FloodGate, Order, storm
from tests.simulators.telegram_refusals import Refused
from tests.unit.simulators.conftest import Asker, Clock, with_bot


@pytest.mark.parametrize(
    ("kind", "raised", "cause", "delivered"),
    [
        ("flood", RetryAfter, None, 0),
        ("bad_gateway_before", NetworkError, TelegramError, 0),
        ("bad_gateway_after", NetworkError, TelegramError, 1),
        ("hang_up_before", NetworkError, httpx.RemoteProtocolError, 0),
        ("hang_up_after", NetworkError, httpx.RemoteProtocolError, 1),
        ("reset_before", NetworkError, httpx.ReadError, 0),
        ("reset_after", NetworkError, httpx.ReadError, 1),
        ("timeout_before", TimedOut, httpx.ReadTimeout, 0),
        ("timeout_after", TimedOut, httpx.ReadTimeout, 1),
        ("wrong_json_before", TelegramError, ValueError, 0),
        ("wrong_json_after", TelegramError, ValueError, 1),
        ("forbidden", Forbidden, None, 0),
        ("migrated", ChatMigrated, None, 0),
    ],
)
def test_python_telegram_bot_raises_for_each_fault_what_the_design_names(
    telegram: Simulator,
    channel: Chat,
    kind: FaultKind,
    raised: type[TelegramError],
    cause: type[Exception] | None,
    delivered: int,
) -> None:
    telegram.state.faults.add(Order(Fault(kind, seconds=3, to_chat=-1), times=1))

    async def act(bot: Bot) -> TelegramError:
        with pytest.raises(TelegramError) as failed:
            await bot.send_message(channel.id, "a")
        await bot.send_message(channel.id, "after", read_timeout=60)  # the connection of the next call is whole
        return failed.value

    error = with_bot(telegram, act, read_timeout=1)

    assert type(error) is raised
    assert error.__cause__ is None if cause is None else isinstance(error.__cause__, cause)
    assert telegram.state.ledger.copies(channel.id) == Counter({"after": 1, "a": delivered}) + Counter()
    assert telegram.state.faults.happened == {("sendMessage", kind): 1}


def test_flood_names_its_seconds(telegram: Simulator, channel: Chat) -> None:
    telegram.state.faults.add(Order(Fault("flood", seconds=17)))

    with pytest.raises(RetryAfter) as refused:
        with_bot(telegram, lambda bot: bot.send_message(channel.id, "a"))

    assert refused.value.retry_after == timedelta(seconds=17)


def test_bad_gateway_is_told_from_what_the_api_says(telegram: Simulator, channel: Chat) -> None:
    telegram.state.faults.add(Order(Fault("bad_gateway_after")))

    with pytest.raises(NetworkError, match=r"Bad Gateway \(502\)\. Parsing") as failed:
        with_bot(telegram, lambda bot: bot.send_message(channel.id, "a"))

    assert not isinstance(failed.value, BadRequest | TimedOut)


def test_slow_answer_comes_whole(telegram: Simulator, channel: Chat) -> None:
    telegram.state.faults.add(Order(Fault("slow", seconds=0.1)))

    sent = with_bot(telegram, lambda bot: bot.send_message(channel.id, "a"))

    assert telegram.state.ledger.get(channel.id, sent.message_id).text == "a"


def test_order_strikes_its_calls_of_its_methods_in_its_chat(telegram: Simulator, ask: Asker, channel: Chat) -> None:
    other = telegram.state.world.add_chat("channel", "Other")
    telegram.state.faults.add(Order(Fault("flood"), method="send*", calls=frozenset({2, 4, 5}), chat=channel.id))

    chats = (channel, channel, channel, other, channel)
    answers = [ask("sendMessage", chat_id=chat.id, text="a") for chat in chats]

    assert [answer["ok"] for answer in answers] == [True, False, True, True, False]
    assert ask("getMe")["ok"]


def test_same_seed_means_the_same_faults() -> None:
    def verdicts(seed: int) -> list[Fault | None]:
        plan = FaultPlan(seed)
        plan.add(*storm(0.4))
        return [plan.verdict("sendMessage", 1) for _ in range(400)]

    assert verdicts(7) == verdicts(7)
    assert verdicts(7) != verdicts(8)


def test_verdict_does_not_depend_on_other_methods_between() -> None:
    alone, mixed = FaultPlan(1), FaultPlan(1)
    for plan in (alone, mixed):
        plan.add(*storm(0.5, method="*"))

    apart = [alone.verdict("sendMessage", 1) for _ in range(50)]
    between = [(mixed.verdict("sendMessage", 1), mixed.verdict("editMessageText", 1))[0] for _ in range(50)]

    assert apart == between


def test_storm_keeps_its_share_and_uses_every_kind() -> None:
    plan = FaultPlan(3)
    plan.add(*storm(0.4))

    verdicts = [plan.verdict("sendMessage", 1) for _ in range(4000)]

    assert sum(verdict is not None for verdict in verdicts) / 4000 == pytest.approx(0.4, abs=0.03)
    assert {kind for _, kind in plan.happened} == set(FAULTS) - {"migrated"}


def test_calm_ends_the_storm() -> None:
    plan = FaultPlan()
    plan.add(*storm(1.0))
    plan.stop()

    assert plan.verdict("sendMessage", 1) is None


def test_one_message_a_second_and_chat(clock: Clock) -> None:
    gate = FloodGate(clock, is_enforced=True)
    gate.admit(1, "private")
    clock.now += 0.25

    with pytest.raises(Refused) as refused:
        gate.admit(1, "private")
    gate.admit(2, "private")
    clock.now += 0.75
    gate.admit(1, "private")

    assert refused.value.parameters == {"retry_after": 1}
    assert (gate.refused, gate.peaks["chat"], gate.peaks["overall"]) == (1, 1, 2)


def test_twenty_messages_a_minute_and_group(clock: Clock) -> None:
    gate = FloodGate(clock, is_enforced=True)
    for _ in range(20):
        gate.admit(-1, "channel")
        clock.now += 1

    with pytest.raises(Refused) as refused:
        gate.admit(-1, "channel")

    assert refused.value.parameters == {"retry_after": 40}


def test_thirty_messages_a_second_overall(clock: Clock) -> None:
    gate = FloodGate(clock, is_enforced=True)
    for chat in range(30):
        gate.admit(chat, "private")

    with pytest.raises(Refused):
        gate.admit(31, "private")

    clock.now += 1
    gate.admit(31, "private")


def test_peaks_are_measured_without_being_enforced(telegram: Simulator, ask: Asker, channel: Chat) -> None:
    for _ in range(25):
        assert ask("sendMessage", chat_id=channel.id, text="a")["ok"]

    assert telegram.state.gate.peaks == {"chat": 25, "group": 25, "overall": 25}


def test_limits_refuse_over_http(telegram: Simulator, ask: Asker, channel: Chat) -> None:
    telegram.state.gate.is_enforced = True

    answers = [ask("sendMessage", chat_id=channel.id, text="a") for _ in range(2)]

    assert answers[1]["parameters"] == {"retry_after": 1}
    assert telegram.state.ledger.copies(channel.id) == {"a": 1}
