"""The daily digest, from the due list to the chat: with a bot and without."""

import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.digests.schedule import DueDigest, Told, window_ending, windows_due
from monitor.duties import jobs
from monitor.models import Incoming, Job, Topic, Window
from monitor.settings import load
from monitor.store.codec import to_ms
from monitor.store.fsck import check
from monitor.store.subscriptions import Change
from monitor.store.subscriptions import Order as SubscriptionOrder
from monitor.topics.polling.planning import digest_job
from monitor.wiring import Monitor, opened
from tests.build import NOW, a_mention, a_topic
from tests.data import data_path
from tests.integration.couriers import parcels
from tests.integration.product import Product
from tests.simulators.telegram_api import TOKEN, Simulator

Opener = Callable[[str], Monitor]


@pytest.fixture(autouse=True)
def durations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")


@pytest.fixture
def telegram() -> Iterator[Simulator]:
    with Simulator(data_path("specs/telegram_bot_api_10.1.json.gz")) as simulator:
        yield simulator
    assert simulator.breaches == []


@pytest.fixture
def open_monitor(redis_url: str, tmp_path: Path) -> Iterator[Opener]:
    """Open all parts on a store, with the given settings."""
    (tmp_path / "topics.toml").write_text('[topics.pots]\nany = ["砸锅卖铁"]\n', encoding="utf-8")
    contexts = []

    def open_with(settings: str) -> Monitor:
        (tmp_path / "monitor.toml").write_text(settings)
        variables = {"MONITOR_CONFIG": str(tmp_path), "MONITOR_HOME": str(tmp_path), "MONITOR_REDIS_URL": redis_url}
        with pytest.MonkeyPatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            context = opened(load(), prefix=f"{tmp_path.name}:")
        monitor = context.__enter__()
        monitor.connection.erase()
        contexts.append(context)
        return monitor

    yield open_with
    for context in contexts:
        context.__exit__(None, None, None)


def stored(monitor: Monitor, *topics: Topic) -> None:
    """Follow topics, each with the same three posts, whose digests are due."""
    monitor.topics.replace(topics, "hash")
    for topic in topics:
        mentions = [
            a_mention(str(n), topic=topic.name, post={"observed_at": NOW - timedelta(hours=6)}) for n in range(3)
        ]
        monitor.mentions.add(topic.name, mentions, oldest=NOW - timedelta(days=30))
    monitor.schedule.sync({digest_job(topic): timedelta(0) for topic in topics})


def test_a_digest_goes_to_the_chat_once_and_says_no_post_twice(telegram: Simulator, open_monitor: Opener) -> None:
    chat = telegram.state.world.add_chat("channel", "Digests").id
    monitor = open_monitor(f'[telegram]\ntoken = "{TOKEN}"\nchat = "{chat}"\napi_url = "{telegram.url}"\n')
    first, second = a_topic(), a_topic(name="pans", title="pans")
    stored(monitor, first, second)

    for topic in (first, second, first):
        jobs.hand_over(monitor, topic, DueDigest(window=window_ending(NOW)), NOW)
    for worker in range(4):
        monitor.connection.execute("ZADD", monitor.connection.keys.work.due, 0, f"deliver:{chat}")
        monitor.connection.execute("UNLINK", monitor.connection.keys.chat(str(chat)).sends)
        jobs.deliver(monitor, str(chat), f"worker {worker}", NOW)

    shown = [each.text for each in telegram.state.ledger.visible(chat)]
    assert ["先砸谁的锅" in each for each in shown] == [False, True, False]
    assert shown[0].startswith("Hello!"), "the first message says where a probe for the next begins"
    assert len(shown) == 3
    assert check(monitor.connection) == []


def test_the_due_list_keeps_a_chat_that_was_written_to(telegram: Simulator, open_monitor: Opener) -> None:
    monitor = open_monitor(f'[telegram]\ntoken = "{TOKEN}"\nchat = "-1001"\napi_url = "{telegram.url}"\n')
    stored(monitor, a_topic())

    jobs.send_digest(monitor, digest_job(a_topic()).subject, "worker", NOW)
    jobs.read_topics(monitor, NOW)

    assert Job("deliver", "-1001") in dict(monitor.schedule.due())
    assert monitor.outgoing.latest(jobs.preview_chat(a_topic()), 5)


def test_a_worker_delivers_what_waits_and_never_says_the_token(telegram: Simulator, tmp_path: Path) -> None:
    chat = str(telegram.state.world.add_chat("channel", "Digests").id)
    product = Product(tmp_path)
    product.write_topics('[topics.pots]\nany = ["砸锅卖铁"]\nsources = ["rss:http://127.0.0.1:1/"]\n')
    (tmp_path / "token").write_text(TOKEN)
    product.write_settings(f'[telegram]\nchat = "{chat}"\napi_url = "{telegram.url}"\n')
    product.variables["MONITOR_TELEGRAM__TOKEN_FILE"] = str(tmp_path / "token")
    with product.opened() as monitor:
        monitor.outbox.hand_over(chat, parcels(chat, "d", parts=3))
        monitor.chats.wake(chat, "d")

        with product.running(sys.executable, "-m", "workers") as worker:
            for part in range(3):
                worker.says(f"sent chat={chat} part=d-{part}")

        assert check(monitor.connection) == []
    assert [each.text for each in telegram.state.ledger.visible(int(chat))] == [
        each.message.text for each in parcels(chat, "d", parts=3)
    ]
    assert TOKEN not in worker.log


@pytest.mark.parametrize("settings", ["", '[telegram]\nchat = "-1001"\n'])
def test_without_a_bot_the_digest_is_on_the_page_only(open_monitor: Opener, settings: str) -> None:
    monitor = open_monitor(settings)
    stored(monitor, a_topic())

    jobs.send_digest(monitor, digest_job(a_topic()).subject, "worker", NOW)

    assert len(monitor.outgoing.latest(jobs.preview_chat(a_topic()), 5)) == 1
    assert monitor.chats.all() == []
    assert monitor.outbox.outlook("-1001").head is None


def test_after_an_outage_what_was_missed_is_told_in_order_once_and_at_most_three_a_minute(
    open_monitor: Opener,
) -> None:
    """Five topics, four days away: of each the three old days as one digest, and the last one by itself."""
    monitor = open_monitor('[telegram]\nchat = "-1001"\n')
    topics = [a_topic(name=f"pots{n}", sources=()) for n in range(5)]
    stored(monitor, *topics)
    back = NOW.replace(hour=9)
    monitor.told.begin({topic.name: back.replace(hour=8) - timedelta(days=4) for topic in topics})

    for look in range(6):
        for topic in topics:
            monitor.connection.execute("ZADD", monitor.connection.keys.work.due, 0, str(digest_job(topic)))
            jobs.send_digest(monitor, digest_job(topic).subject, f"worker {look}", back)
        told = [len(monitor.outgoing.latest(jobs.preview_chat(topic), 9)) for topic in topics]
        if look == 0:
            assert sum(told) == 3
        monitor.connection.execute("UNLINK", monitor.connection.keys.chat("-1001").late_digests)

    assert told == [2, 2, 2, 2, 2]
    for topic in topics:
        [(_, away), (_, last)] = monitor.outgoing.latest(jobs.preview_chat(topic), 9)
        assert "while I was away" in away.text
        assert "while I was away" not in last.text
        assert monitor.told.of(topic.name) == Told(end=back.replace(hour=8))
    assert check(monitor.connection) == []


def test_a_digest_that_was_begun_before_a_crash_is_the_one_that_is_told(open_monitor: Opener) -> None:
    monitor = open_monitor("")
    topic = a_topic(sources=())
    stored(monitor, topic)
    back = NOW.replace(hour=9)
    end = back.replace(hour=8)
    begun = DueDigest(window=Window(end - timedelta(days=5), end - timedelta(days=3)), kind="away")
    monitor.told.move(topic.name, None, Told(end=end - timedelta(days=5), begun=begun))

    for look in range(4):
        monitor.connection.execute("ZADD", monitor.connection.keys.work.due, 0, str(digest_job(topic)))
        jobs.send_digest(monitor, digest_job(topic).subject, f"worker {look}", back)

    texts = [message.text for _, message in monitor.outgoing.latest(jobs.preview_chat(topic), 9)]
    assert len(texts) == 3
    assert ["while I was away" in text for text in texts] == [True, True, False]
    assert monitor.told.of(topic.name) == Told(end=end)
    assert check(monitor.connection) == []


def test_a_late_digest_is_tried_again_for_the_chat_for_which_it_failed(
    open_monitor: Opener, telegram: Simulator
) -> None:
    """After an outage each digest is hours late, and the store may stumble over one chat just then."""
    chats = [str(telegram.state.world.add_chat("channel", name).id) for name in ("One", "Two")]
    monitor = open_monitor(f'[telegram]\ntoken = "{TOKEN}"\napi_url = "{telegram.url}"\n')
    topic = a_topic(sources=())
    stored(monitor, topic)
    for n, chat in enumerate(chats):
        update = Incoming(id=n, kind="message", chat=chat, chat_type="channel", user="5")
        monitor.subscriptions.apply(SubscriptionOrder(chat, update, changes=(Change("subscribe", topic.name),)))
    due = DueDigest(window=window_ending(NOW.replace(hour=8)))
    late = due.window.end + timedelta(hours=20)
    broken = monitor.connection.keys.chat(chats[0]).claims
    monitor.connection.execute("SET", broken, "no hash")

    first = jobs.tell(monitor, topic, due, monitor.told.of(topic.name), late)
    monitor.connection.execute("UNLINK", broken)
    second = jobs.tell(monitor, topic, due, monitor.told.of(topic.name), late)

    assert (first, second) == (False, True)
    assert all(monitor.outbox.outlook(chat).head is not None for chat in chats)
    assert monitor.told.of(topic.name) == Told(end=due.window.end)
    assert check(monitor.connection) == []


def test_a_chat_that_fails_for_an_hour_holds_up_nobody(open_monitor: Opener, telegram: Simulator) -> None:
    chat = str(telegram.state.world.add_chat("channel", "One").id)
    monitor = open_monitor(f'[telegram]\ntoken = "{TOKEN}"\nchat = "{chat}"\napi_url = "{telegram.url}"\n')
    topic = a_topic(sources=())
    stored(monitor, topic)
    due = DueDigest(window=window_ending(NOW.replace(hour=8)))
    monitor.connection.execute("SET", monitor.connection.keys.chat(chat).claims, "no hash")
    monitor.told.move(topic.name, None, Told(end=due.window.start, begun=due, tries=jobs.MOST_TRIES - 1))

    assert not jobs.tell(monitor, topic, due, monitor.told.of(topic.name), NOW)
    assert jobs.tell(monitor, topic, due, monitor.told.of(topic.name), NOW)
    assert monitor.told.of(topic.name) == Told(end=due.window.end)


def test_a_process_that_stood_still_tells_nothing_again(open_monitor: Opener) -> None:
    monitor = open_monitor("")
    topic = a_topic(sources=())
    stored(monitor, topic)
    due = DueDigest(window=window_ending(NOW.replace(hour=8)))
    monitor.told.begin({topic.name: due.window.start})
    before = monitor.told.of(topic.name)
    jobs.tell(monitor, topic, due, monitor.told.of(topic.name), NOW)

    moved = monitor.told.move(topic.name, before, Told(end=due.window.start, begun=due))

    assert not moved
    assert monitor.told.of(topic.name) == Told(end=due.window.end)


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        pytest.param(timedelta(0), [8], id="stopped before it was due"),
        pytest.param(timedelta(minutes=30, seconds=34), [8], id="stopped while it waited for the last posts"),
        pytest.param(timedelta(days=1), [], id="told before"),
    ],
)
def test_a_digest_that_was_due_during_an_upgrade_is_told_after_it(
    open_monitor: Opener, due: timedelta, expected: list[int]
) -> None:
    """What was told is not written down in the data of a release that knew due times only."""
    monitor = open_monitor("")
    stored(monitor, a_topic(name="pots", title="pots", sources=()))
    back = NOW.replace(hour=9)
    jobs.read_topics(monitor, back)
    [topic] = monitor.topics.all()
    keys = monitor.connection.keys.work
    monitor.connection.execute("UNLINK", keys.told)
    monitor.connection.execute("ZADD", keys.due, to_ms(back.replace(hour=8) + due), str(digest_job(topic)))

    jobs.read_topics(monitor, back)

    told = monitor.told.of(topic.name)
    assert told is not None
    assert [each.window.end.hour for each in windows_due(topic, told, back)] == expected
    assert check(monitor.connection) == []
