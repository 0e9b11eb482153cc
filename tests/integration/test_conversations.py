"""The running product keeps the conversations of tests/conversations/, word for word."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.digests.schedule import last_digest
from monitor.duties import jobs
from monitor.store.fsck import check
from monitor.wiring import Monitor
from tests.build import a_mention
from tests.data import data_path
from tests.integration.product import Product, wait_until
from tests.integration.transcripts import FOLDER, TOPICS, Hurry, Stage, steps_of
from tests.simulators.telegram_api import TOKEN, Simulator

FILES = sorted(FOLDER.glob("*.txt"))
TOPICS_FILE = """
feeds = ["http://127.0.0.1:1/feed"]
[topics.smash-pots]
title = "砸锅卖铁"
any = ["砸锅卖铁"]
sources = ["rss"]
[topics.water]
title = "Water"
any = ["water"]
sources = ["rss"]
"""


@pytest.fixture(scope="module")
def telegram() -> Iterator[Simulator]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PTB_TIMEDELTA", "true")
        with Simulator(data_path("specs/telegram_bot_api_10.1.json.gz"), seed=21) as simulator:
            yield simulator
        assert simulator.breaches == []


@pytest.fixture(scope="module")
def monitor(telegram: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Monitor]:
    """Run the product's worker and poller, and open the same store."""
    product = Product(tmp_path_factory.mktemp("product"))
    product.write_topics(TOPICS_FILE)
    paid = "[sources.x]\nbudget = 1.0\nbudget_topic = 0.5\n"
    product.write_settings(f'[telegram]\ntoken = "{TOKEN}"\napi_url = "{telegram.url}"\n{paid}')
    with product.opened() as monitor:
        jobs.read_topics(monitor, datetime.now(UTC))
        follow(monitor)
        with (
            product.running(sys.executable, "-m", "workers") as worker,
            product.running(sys.executable, "-m", "monitor", "bot") as bot,
            Hurry(monitor),
        ):
            worker.says("ready")
            bot.says("polling")
            wait_until(lambda: telegram.state.faults.calls["getUpdates"] > 0)
            yield monitor
        assert check(monitor.connection) == []


def follow(monitor: Monitor) -> None:
    """Let three posts of each topic stand in the window of its last digest, and in the last 24 hours."""
    for topic in monitor.topics.all():
        end = min(last_digest(topic, datetime.now(UTC)), datetime.now(UTC))
        at = max(end - timedelta(hours=1), datetime.now(UTC) - timedelta(hours=23))
        at = min(at, end - timedelta(seconds=1))
        mentions = [a_mention(f"{topic.name}{n}", topic=topic.name, post={"observed_at": at}) for n in range(3)]
        monitor.mentions.add(topic.name, mentions, oldest=at - timedelta(days=1))


@pytest.mark.parametrize("file", FILES, ids=[each.stem for each in FILES])
def test_a_conversation_goes_as_it_is_written(file: Path, telegram: Simulator, monitor: Monitor) -> None:
    assert {topic.name for topic in monitor.topics.all()} == set(TOPICS)
    stage = Stage(telegram, monitor)
    try:
        stage.play(steps_of(file.read_text(encoding="utf-8")))
    finally:
        stage.leave()
