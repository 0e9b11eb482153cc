"""The queue of hints takes JSON and nothing that could act: whoever can write into it makes the worker do nothing."""

import os
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from kombu import Connection as Broker
from kombu import Producer

from monitor.wiring import Monitor
from tests.integration.product import Product, Running, wait_until
from workers.app import QUEUE

TOPICS = '[topics.pots]\nany = ["砸锅卖铁"]\nsources = ["rss:http://127.0.0.1:1/"]\n'


class Stage(NamedTuple):
    """A worker that runs, and its store for us."""

    running: Running
    monitor: Monitor


class Acts:
    """What does something when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self._path),)


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Stage]:
    """A worker that works."""
    product = Product(tmp_path)
    product.write_topics(TOPICS)
    with product.opened() as monitor, product.running(sys.executable, "-m", "workers") as running:
        running.says("ready")
        yield Stage(running, monitor)


def send(broker_url: str, body: bytes, content_type: str, encoding: str) -> None:
    headers = {"task": "poll", "id": "1", "lang": "py", "argsrepr": "", "kwargsrepr": ""}
    with Broker(broker_url) as broker, broker.channel() as channel:
        producer = Producer(channel)
        kind = {"content_type": content_type, "content_encoding": encoding}
        producer.publish(body, routing_key=QUEUE, exchange="", headers=headers, **kind)


@pytest.mark.parametrize("content_type", ["application/x-python-serialize", "application/x-yaml", "application/json"])
def test_a_message_that_acts_when_it_is_read_is_refused(worker: Stage, tmp_path: Path, content_type: str) -> None:
    canary = tmp_path / "canary"
    bodies = {
        "application/x-python-serialize": pickle.dumps([[Acts(canary)], {}, {}]),
        "application/x-yaml": f"!!python/object/apply:os.mkdir ['{canary}']".encode(),
        "application/json": pickle.dumps([[Acts(canary)], {}, {}]),  # one that lies about itself
    }
    pickle.loads(bodies["application/x-python-serialize"])
    assert canary.is_dir(), "it would act"
    canary.rmdir()

    words = "ContentDisallowed" if "json" not in content_type else "decode message body"
    for times in (1, 2):  # the second shows that it goes on
        send(worker.monitor.broker_url, bodies[content_type], content_type, "binary")
        wait_until(lambda times=times: worker.running.log.count(words) >= times)  # type: ignore[misc]
    assert not canary.exists()
