"""Builds every object once per process; the only place that names concrete classes."""

import hashlib
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

from monitor.digests.delivery import Terms
from monitor.errors import ConfigError, StoreError
from monitor.home import author_key, on_disk, secret_key
from monitor.models import Query, Topic
from monitor.nouns.coverage import Tally
from monitor.pipeline import Stages
from monitor.processes.isolation import ForkIsolation
from monitor.processes.liveness import is_dead
from monitor.protocols import Sink
from monitor.seams.pace import Pace
from monitor.seams.sessions import Sessions
from monitor.seams.spending import Metered, Sharing
from monitor.seams.streams import Ruled
from monitor.seams.teaching import Taught
from monitor.services.changes import Changes
from monitor.services.desk import Desk
from monitor.services.looks import Parts
from monitor.settings import Settings
from monitor.sinks.members import Members
from monitor.sinks.preview import PreviewSink
from monitor.sinks.telegram import TelegramSink
from monitor.sinks.telegram_line import Account
from monitor.sources import SOURCES, STREAMS, open_all
from monitor.sources.body import Limits
from monitor.sources.http import Client
from monitor.store.breakers import BreakerStore
from monitor.store.connection import QUICK, Connection, store_now
from monitor.store.embedded import EmbeddedStore
from monitor.store.erasure import MessageEraser
from monitor.store.floods import FloodList
from monitor.store.keeper import SENDER_LEASE, Keeper, KeptLeases, steady
from monitor.store.keys import Keyspace
from monitor.store.migration import migrate
from monitor.store.outbox import OutboxStore
from monitor.store.pace import PaceStore
from monitor.store.schedule import LeaseStore
from monitor.store.sender_leases import SenderLeases
from monitor.store.sessions import SessionStore
from monitor.store.spend import SpendStore
from monitor.stores import Stores
from monitor.text.authors import make_disguise, make_filter
from monitor.text.languages import make_tagger
from monitor.topics.matcher.matching import Matcher
from monitor.topics.polling.planning import (
    plan,
    queries_of,
)
from monitor.topics.queries.packing import asked_alone
from monitor.topics.values import did_you_mean


class Monitor(Stores):
    """All parts of one process: a bag, no behaviour but opening and closing."""

    def __init__(self, settings: Settings, connection: Connection, embedded: EmbeddedStore | None) -> None:
        super().__init__(connection)
        self.settings = settings
        self.embedded = embedded
        self.broker_url = broker_of(connection.url) if embedded is None else embedded.broker_url
        self.keeper = Keeper()
        self._renewals = quick(connection)
        self.leases = KeptLeases(self.job_leases, LeaseStore(self._renewals), self.keeper)
        renewals = SenderLeases(self._renewals)
        self.sender_leases = KeptLeases(SenderLeases(connection, is_dead), renewals, self.keeper, SENDER_LEASE)
        self.outbox = OutboxStore(connection, leases=self.sender_leases)
        self.words = MessageEraser(connection, settings.telegram.language)
        self.sink: Sink = PreviewSink(self.outgoing, partial(datetime.now, UTC), self.words.erase_late)
        self.telegram = make_telegram(settings)
        self.members = None if self.telegram is None else Members(self.telegram.standing, steady)
        self.client = make_client(settings, PaceStore(connection), SessionStore(connection))
        self.sources, self.streams = open_all(self.client, settings.sources)
        self.platforms: dict[str, object] = {**self.sources, **self.streams}
        self.spending = self._metered()
        for name, source in self.sources.items():
            if isinstance(source, Taught):
                source.teach = partial(self.packs.learn, name)
            if isinstance(source, Ruled):
                source.topics = self.topics.all
        self.isolation = ForkIsolation(settings.sources, settings.language.engine)
        stores = self.leases, self.progress, self.mentions
        self.breakers = BreakerStore(connection, lambda source: hash_of(settings.sources.get(source, {})))
        self.changes = Changes(self.mentions, self.mentions, self.words, self.departed, self.quarantine)
        apart = self.quarantine, self.isolation
        self.parts = Parts(self.sources, *stores, *apart, self.changes, self.breakers, self.keep_tallies)
        self._stages: tuple[tuple[int, int], Stages] | None = None
        self._signing_key: bytes | None = None
        self.topics_seen: str | None = None
        """The hash of the topics file when this process last looked at it; topics_file.py keeps it."""
        self.topics_found: str | None = None
        """The hash of a topics file that is not in force yet: it may have been half saved."""
        self._lock = threading.Lock()

    def stages(self) -> Stages:
        """Return the deciding parts for the topics in force, rebuilt when these changed, or who is forgotten."""
        version = self.topics.version(), self.forgotten.count()
        with self._lock:
            if self._stages is None or self._stages[0] != version:
                stages = make_stages(self.topics.all(), self.settings, self.forgotten.all())
                self._stages = version, stages._replace(retired=[each.name for each in self.topics.retired()])
            return self._stages[1]

    def _metered(self) -> dict[str, SpendStore]:
        """Give each source that costs money the meter that all workers share."""
        found = {}
        for name, source in self.sources.items():
            if isinstance(source, Metered):
                purse = source.purse if isinstance(source, Sharing) else name
                source.meter = found[name] = SpendStore(self.connection, name, source.budget, self.topics_of, purse)
        return found

    def topics_of(self, query: Query) -> list[str]:
        """Return the names of the topics that are read by a query."""
        topics, learned = self.topics.all(), self.packs.learned()
        return [topic.name for topic in topics if query in queries_of(topic, topics, learned)]

    def keep_tallies(self, query: Query, tallies: Sequence[Tally]) -> None:
        """Keep what a platform counted for a query, for each topic whose posts these are and nobody else's."""
        self.tallies.note(asked_alone(query, self.topics.all(), self.packs.learned()), query, tallies)

    def plan(self) -> dict[Query, timedelta]:
        """Return all queries that are polled, and how often."""
        return plan(self.topics.all(), self.packs.learned())

    def queries_of(self, topic: Topic) -> list[Query]:
        """Return the queries by which a topic is read."""
        return queries_of(topic, self.topics.all(), self.packs.learned())

    def now(self) -> datetime:
        """Return the time on the store's clock: there is one, and machines have several."""
        return store_now(self.connection)

    def signing_key(self) -> bytes:
        """Return the key under which buttons and invitations are signed; it is read once."""
        if self._signing_key is None:
            self._signing_key = secret_key(self.settings.home / "button.key")
        return self._signing_key

    def desk(self) -> Desk | None:
        """Return what deliveries are made with; None when no bot is set."""
        if self.telegram is None:
            return None
        terms = Terms(policy=self.settings.telegram.when_unknown)
        return Desk(
            self.outbox,
            self.outbox,
            self.chats,
            self.telegram,
            self.telegram,
            self.repairs,
            steady,
            terms,
            floods=FloodList(self.connection),
            holds=self.sender_leases.is_sure,
            look_again=self.words.erase_late_in,
        )

    def close(self) -> None:
        """Close sockets and child processes."""
        if self.telegram is not None:
            self.telegram.close()
        self.client.close()
        self.isolation.close()
        for source in self.sources.values():
            close = getattr(source, "close", None)
            if close is not None:
                close()
        self.keeper.close()
        self._renewals.close()
        self.connection.close()


@contextmanager
def opened(settings: Settings, prefix: str | None = None) -> Iterator[Monitor]:
    """Open the store, embedded or outside, and yield all parts; under another key prefix when one is given."""
    check_sources(settings)
    embedded = None if settings.redis_url else EmbeddedStore(settings.home)
    if embedded is not None:
        with on_disk(settings.home):
            embedded.attach()
    monitor = None
    try:
        url = embedded.url if embedded is not None else outside_url(settings)
        connection = Connection(url, Keyspace(prefix) if prefix else Keyspace())
        connection.check()
        migrate(connection)
        monitor = Monitor(settings, connection, embedded)
        yield monitor
    except StoreError as e:
        reason = None if embedded is None else embedded.cause_of_death()
        if reason is None:
            raise
        said = f"the embedded store stopped ({reason}); nothing that it acknowledged is lost"
        raise StoreError(f"{said}; free some space if its disk is full, and start again") from e
    finally:
        if monitor is not None:
            monitor.close()
        if embedded is not None:
            embedded.detach()


def check_sources(settings: Settings) -> None:
    """Raise ConfigError for options of sources that there are not: they would be passed over."""
    names = (*SOURCES, *STREAMS)
    unknown = [name for name in settings.sources if name not in names]
    if unknown:
        remedies = [did_you_mean(name, names) or f"; known are {', '.join(sorted(names))}" for name in unknown]
        problems = [f"[sources.{name}]: no such source{remedy}" for name, remedy in zip(unknown, remedies, strict=True)]
        raise ConfigError([f"{settings.config / 'monitor.toml'}: {problem}" for problem in problems])


def quick(connection: Connection) -> Connection:
    """Return another way to the same store, on which nobody waits for long."""
    return Connection(connection.url, connection.keys, QUICK)


def hash_of(options: Mapping[str, str]) -> str:
    """Return a hash of a source's settings: it tells that they changed, and not what they are."""
    said = "".join(f"{len(part)}:{part}" for pair in sorted(options.items()) for part in pair)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def broker_of(url: str) -> str:
    """Return a store's address in Celery's spelling, which has another word for sockets."""
    return f"redis+socket://{url.removeprefix('unix://')}" if url.startswith("unix://") else url


def outside_url(settings: Settings) -> str:
    """Return the address of the outside store."""
    assert settings.redis_url is not None, "asked only when an outside store is set"
    return settings.redis_url.get_secret_value()


def make_client(settings: Settings, pace: Pace | None = None, sessions: Sessions | None = None) -> Client:
    """Return the one HTTP client; `pace` keeps the buckets of platforms, `sessions` what logging in brought."""
    fetch = settings.fetch
    limits = Limits(max_bytes=fetch.max_bytes, max_ratio=fetch.max_ratio, deadline=fetch.deadline_seconds)
    client = Client(limits, allow=fetch.allow, user_agent=fetch.user_agent, pace=pace)
    client.sessions = sessions
    return client


def make_telegram(settings: Settings) -> TelegramSink | None:
    """Return the bot, which connects at its first call; None when no token is set."""
    if settings.telegram.token is None:
        return None
    return TelegramSink(Account(settings.telegram.token.get_secret_value(), settings.telegram.api_url))


def make_stages(topics: list[Topic], settings: Settings, forgotten: Collection[str] = ()) -> Stages:
    """Return the deciding parts for some topics; `forgotten` are the tombs of authors who asked for it."""
    people = settings.people
    key = author_key(settings.home)
    return Stages(
        topics={topic.name: topic for topic in topics},
        matcher=Matcher(topics),
        tag=make_tagger(settings.language.engine),
        disguise=make_disguise(key, people.named, keep_names=people.policy == "names"),
        is_forgotten=make_filter(key, frozenset(forgotten)),
    )
