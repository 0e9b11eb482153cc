"""The simulator as a process of its own, for tests that kill everything else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulators.telegram_remote import RemoteSimulator
from tests.unit.simulators.conftest import Asker


@pytest.fixture
def remote(spec_path: Path, tmp_path: Path) -> Iterator[RemoteSimulator]:
    """Yield a simulator in another process."""
    with RemoteSimulator(spec_path, tmp_path / "ledger.jsonl", seed=5) as running:
        yield running


def test_orders_and_reports_cross_the_border_and_the_ledger_is_a_file(remote: RemoteSimulator) -> None:
    ask = Asker(remote.url)
    anna = remote.do("add_user", first_name="Anna")["id"]
    channel = remote.do("add_chat", kind="channel", title="C")["id"]
    remote.do("start", user=anna)
    remote.do("fault", kind="flood", calls=[1])
    first = ask("sendMessage", chat_id=channel, text="digest")
    second = ask("sendMessage", chat_id=channel, text="digest", txet="")
    third = ask("sendMessage", chat_id=channel, text="digest")

    report = remote.do("report")

    assert [answer.get("error_code") for answer in (first, second, third)] == [429, 400, None]
    assert report["faults"] == {"sendMessage flood": 1}
    assert len(report["breaches"]) == 1
    assert len(report["pending_updates"]) == 1
    assert remote.ledger().copies(channel) == {"digest": 1}


def test_people_are_led_from_afar(remote: RemoteSimulator) -> None:
    ask = Asker(remote.url)
    anna = remote.do("add_user", first_name="Anna")["id"]
    group = remote.do("add_chat", kind="group", title="G")["id"]
    forum = remote.do("add_chat", kind="supergroup", title="F", is_forum=True, bot_rights=["can_manage_topics"])["id"]
    remote.do("set_member", chat=forum, user=anna, status="creator")
    thread = remote.do("open_topic", chat=forum, user=anna, name="News")["id"]
    said = remote.do("say", chat=forum, user=anna, text="/topics", thread=thread)
    remote.do("press", chat=forum, user=anna, message_id=said["message_id"], data="x")
    remote.do("close_topic", chat=forum, user=anna, thread=thread)
    upgraded = remote.do("upgrade", chat=group, user=anna)["id"]
    remote.do("kick_bot", chat=forum, user=anna)
    remote.do("add_bot", chat=forum, user=anna, status="member")
    remote.do("block", user=anna)
    remote.do("block", user=anna, undo=True)
    remote.do("limits", enforced=True)
    remote.do("storm", chance=1.0, kinds=["forbidden"])
    stormy = ask("sendMessage", chat_id=upgraded, text="a")
    remote.do("calm")
    calm = [ask("sendMessage", chat_id=upgraded, text="a") for _ in range(2)]

    assert stormy["error_code"] == 403
    assert [answer.get("error_code") for answer in calm] == [None, 429]
    assert len(ask("getUpdates")["result"]) == 11
    assert remote.do("report")["breaches"] == []


def test_unknown_order_is_an_error(remote: RemoteSimulator) -> None:
    with pytest.raises(AssertionError, match="no order 'dance'"):
        remote.do("dance")


def test_what_is_in_the_hands_of_a_poller_is_told_and_the_clock_can_be_turned_back(remote: RemoteSimulator) -> None:
    ask = Asker(remote.url)
    anna = remote.do("add_user", first_name="Anna")["id"]
    now = remote.do("start", user=anna)["date"]
    remote.do("clock", behind=86_400)
    yesterday = remote.do("say", chat=anna, user=anna, text="/topics")["date"]
    before = remote.do("in_hand")
    updates = ask("getUpdates")["result"]
    at_work = remote.do("in_hand")
    ask("getUpdates", offset=updates[-1]["update_id"] + 1)

    assert 86_390 < now - yesterday < 86_410
    assert before == {"polls": 0, "unconfirmed": 0, "waiting": 2}
    assert at_work == {"polls": 1, "unconfirmed": 2, "waiting": 2}
    assert remote.do("in_hand") == {"polls": 2, "unconfirmed": 0, "waiting": 0}
