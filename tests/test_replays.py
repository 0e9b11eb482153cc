"""Every script of the store does the same however often it is replayed; tests/chaos/f12_replays.py tries many more."""

import uuid
from collections.abc import Iterator

import pytest

from monitor.store.keys import Keyspace
from tests.data import ROOT
from tests.replays.cases import CASES, faults_of, replay
from tests.replays.replayer import Replayer

SCRIPTS = sorted(path.stem for path in (ROOT / "monitor/store/scripts").glob("*.lua"))
STATES = 16


@pytest.fixture(params=["valkey", "redis"])
def replayer(request: pytest.FixtureRequest) -> Iterator[Replayer]:
    connected = Replayer(request.getfixturevalue(f"{request.param}_url"), Keyspace(f"test-{uuid.uuid4().hex[:8]}:"))
    yield connected
    connected.clear()
    connected.close()


def test_every_script_says_how_it_is_replayed() -> None:
    """Add a generator of states to tests/replays and its name to CASES: redis-py replays every command by itself."""
    assert sorted(CASES) == SCRIPTS


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_script_does_the_same_however_often_it_is_replayed(replayer: Replayer, name: str) -> None:
    replay(name, replayer, seed=1, states=STATES)

    assert faults_of(name, replayer, STATES) == []


def test_a_script_that_does_more_is_found(replayer: Replayer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The judge is judged: a counter, a clock that is written, a key without a name of its own."""
    texts = {
        "counter": "redis.call('INCR', KEYS[1])",
        "clock": "redis.call('HSET', KEYS[1], 'at', redis.call('TIME')[1])",
        "list": "redis.call('RPUSH', KEYS[1], ARGV[1])",
        "expiry": "redis.call('SET', KEYS[1], 1, 'EXAT', redis.call('TIME')[1] + 9000000)",
    }
    monkeypatch.setattr("tests.replays.replayer.script_text", texts.__getitem__)
    with replayer.replaying((0, 5000)):
        for name in texts:
            replayer.run(name, (f"{replayer.keys.prefix}{name}",), ("x",))

    assert [each.script for each in replayer.more] == list(texts)
