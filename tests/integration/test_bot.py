"""The bot as its owner meets it: `monitor up`, `monitor owner`, and commands that outlive a killed process."""

import os
import re
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from monitor.cli.bot import bot, owner
from monitor.errors import ConfigError
from monitor.store.fsck import check
from tests.data import data_path
from tests.integration.product import Product, changed_environment, wait_until
from tests.simulators.telegram_api import TOKEN, Simulator
from tests.simulators.telegram_chats import User

TOPICS = 'feeds = ["http://127.0.0.1:9/feed"]\n[topics.pots]\ntitle = "Pots"\nany = ["砸锅卖铁"]\nsources = ["rss"]\n'


@pytest.fixture
def telegram() -> Iterator[Simulator]:
    with Simulator(data_path("specs/telegram_bot_api_10.1.json.gz"), seed=7) as simulator:
        yield simulator
    assert simulator.breaches == []


@pytest.fixture
def product(tmp_path: Path, telegram: Simulator) -> Product:
    made = Product(tmp_path)
    made.write_topics(TOPICS)
    made.write_settings(f'[telegram]\ntoken = "{TOKEN}"\napi_url = "{telegram.url}"\n')
    return made


def replies(telegram: Simulator, user: User) -> list[str]:
    bot = telegram.state.world.bot.id
    return [shown.text for shown in telegram.state.ledger.visible(user.id, bot)]


def test_an_owner_is_made_by_a_link_and_is_answered_also_after_a_kill(product: Product, telegram: Simulator) -> None:
    olga = telegram.state.world.add_user("Olga")
    with product.running() as up:
        up.says("obeys nobody yet")
        up.says("polling")
        pid = re.search(r"role=bot pid=(\d+)", up.log)
        assert pid is not None
        link = re.search(r"https://t\.me/(\w+)\?start=(\S+)", product.run("owner").stdout)
        assert link is not None
        assert link[1] == telegram.state.world.bot.username

        with telegram.lock:
            telegram.people.start(olga, link[2])
        wait_until(lambda: len(replies(telegram, olga)) == 1)
        os.kill(int(pid[1]), signal.SIGKILL)
        with telegram.lock:
            telegram.people.say(telegram.people.private(olga), olga, "/people")
        wait_until(lambda: len(replies(telegram, olga)) == 2)

        with product.opened() as monitor:
            assert monitor.people.owners() == [str(olga.id)]
            assert check(monitor.connection) == []
        assert up.stop() == 0, up.log

    assert f"{olga.id}: owner" in replies(telegram, olga)[1]
    assert link[2] not in up.log, "what makes owners is in no log"
    assert TOKEN not in up.log
    assert "Traceback" not in up.log


def test_a_webhook_takes_what_was_waiting_and_stops_in_order(product: Product, telegram: Simulator) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    product.variables["MONITOR_TELEGRAM__WEBHOOK_URL"] = f"http://127.0.0.1:{port}/hook"
    product.variables["MONITOR_TELEGRAM__WEBHOOK_PORT"] = str(port)
    anna = telegram.state.world.add_user("Anna")
    telegram.people.start(anna)

    with product.running(sys.executable, "-m", "monitor", "bot") as process:
        process.says("webhook set")
        wait_until(lambda: not telegram.state.updates.pending)
        assert process.stop() == 0, process.log

    with product.opened() as monitor:
        assert monitor.inbox.waiting() == 1
    kept = (product.home / "webhook.key").read_text()
    assert kept[:32] not in process.log
    assert kept[32:] not in process.log


@pytest.mark.parametrize("token", ["7000001:wrong", TOKEN])
def test_who_looks_after_the_product_is_told_what_is_wrong_with_the_bot(product: Product, token: str) -> None:
    product.variables["MONITOR_TELEGRAM__TOKEN"] = token

    said, owner_said = product.run("doctor").stdout, product.run("owner").stdout

    remedy = "mend its token" if token != TOKEN else "run `monitor owner`"
    assert re.search(rf"✗ bot: .*\n  → .*{remedy}", said)
    assert ("Send your bot this message" in owner_said) == (token != TOKEN)
    assert "wrong" not in said + owner_said


@pytest.mark.parametrize("command", [bot, owner])
def test_without_a_token_one_sentence_says_what_to_do(command: click.Command, product: Product) -> None:
    product.write_settings("")

    with changed_environment({"MONITOR_CONFIG": str(product.config), "MONITOR_HOME": str(product.home)}):
        refused = CliRunner().invoke(command)

    assert isinstance(refused.exception, ConfigError)
    assert "MONITOR_TELEGRAM__TOKEN_FILE" in str(refused.exception)
