"""A server, workers with all parts of the product, feeds and a simulated Telegram; and a worker nobody disturbs."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from traceback import format_exception
from typing import Any, NamedTuple

from pydantic import SecretStr

from monitor.bot.updates import parse
from monitor.digests.delivery import Terms, is_over
from monitor.duties import jobs
from monitor.models import Job, Message, Parcel, PostKey, Query, Topic
from monitor.services.changes import Changes
from monitor.services.courier import Desk
from monitor.services.looks import Parts
from monitor.settings import Settings, TelegramSettings
from monitor.sinks.members import Members
from monitor.sinks.preview import PreviewSink
from monitor.store import backup, restore
from monitor.store.backup_file import Chunk
from monitor.store.connection import Connection
from monitor.store.departed import DepartedStore
from monitor.store.embedded import EmbeddedStore
from monitor.store.fsck import topic_of
from monitor.store.inbox import InboxStore, Limits
from monitor.store.keeper import SENDER_LEASE, Hold, Keeper, KeptLeases
from monitor.store.outbox import OutboxStore
from monitor.store.repairs import RepairStore
from monitor.store.schedule import LeaseStore
from monitor.store.sender_leases import SenderLeases
from monitor.topics.polling.planning import plan
from monitor.wiring import Monitor
from tests.data import data_path
from tests.integration.couriers import is_done
from tests.model.actors import Actor
from tests.model.feeds import QUERIES, SOURCE, Feeds, FeedSource
from tests.model.seams import SLOWEST, ModelConnection, ModelLine, ModelTelegram
from tests.model.watch import Watch
from tests.model.world import World
from tests.simulators.telegram_api import TOKEN
from tests.simulators.telegram_chats import Chat, Member, User
from tests.simulators.telegram_people import People
from tests.simulators.telegram_spec import Spec
from tests.simulators.telegram_state import new_state

SPEC = "specs/telegram_bot_api_10.1.json.gz"
WORKERS = 3
TOPICS = [
    Topic(name="alpha", title="Alpha", any=("alpha",), sources=(str(QUERIES[0]), str(QUERIES[1])), digest_at="08:00"),
    Topic(name="beta", title="Beta", any=("beta",), sources=(str(QUERIES[1]),), digest_at="20:00"),
]
POLLER_JOB = Job("poller", "telegram")
POLLER_LEASE = timedelta(minutes=3)
BOT = TOKEN.partition(":")[0]
NO_LIMITS = Limits(person=10_000, stranger=10_000, group=10_000, strangers=10_000)
"""Limits are tested elsewhere; here people say much in a short time of the model's."""

CONFIGURATION = "appendonly no\nenable-debug-command yes\n"
"""What survives a power cut is measured by F2; here the server only begins anew, from a snapshot of its own."""


TERMS = Terms()
MOST_ROUNDS = 800
"""Sweeps until all must be at rest; a chat with much to send needs some hundred."""


class SaidCommand(NamedTuple):
    """A command that somebody said: its update, the chat in which it counts, its words; after how many restores."""

    update: int
    chat: str
    text: str
    epoch: int


class HandKeeper(Keeper):
    """A keeper without a thread: the world turns it."""

    def keep(self, hold: Hold) -> None:
        """Renew a lease from now on."""
        self._holds[hold.key] = hold

    @property
    def next_at(self) -> float | None:
        """Return when a lease is to be renewed next."""
        return min((hold.next_at for hold in self._holds.values()), default=None)

    def turn(self) -> None:
        """Renew what is due."""
        for hold in [hold for hold in self._holds.values() if hold.next_at <= self.clock()]:
            self._renew(hold)


class Worker(Monitor):
    """All parts of a worker process, on the model's store, clock, feeds and Telegram."""

    def __init__(self, plant: "Plant", name: str, actor: Actor | None) -> None:
        self.world = plant.world
        connection = ModelConnection(plant.url, plant.world, plant.watch, actor)
        super().__init__(plant.settings, connection, None)
        self.client.close()
        self.name, self.actor = name, actor
        self.job: Job | None = None
        self.is_frozen = False
        self.skew = timedelta(0)
        self.runs = 0
        self._line = ModelLine(plant.telegram, plant.world, plant.watch, actor)
        self._renewing = ModelConnection(plant.url, plant.world, plant.watch)
        self._feeds = plant.feeds
        self.inbox = InboxStore(connection, NO_LIMITS)
        self.reborn(name)

    def reborn(self, name: str) -> None:
        """Be a new process: nothing is held in memory."""
        self.name = name
        self.is_frozen = False
        self.hands = HandKeeper(self.world.steady)
        self.keeper = self.hands
        leases, connection = LeaseStore(self.connection), self.connection
        self.job_leases = leases
        self.leases = KeptLeases(leases, LeaseStore(self._renewing), self.keeper)
        senders = SenderLeases(connection, self.world.is_dead)
        self.sender_leases = KeptLeases(senders, SenderLeases(self._renewing), self.keeper, SENDER_LEASE)
        self.outbox = OutboxStore(connection, leases=self.sender_leases)
        self.sink = PreviewSink(self.outgoing, self.world.time)
        self.sources = {SOURCE: FeedSource(self._feeds, self.actor)}
        changes = Changes(self.mentions, self.mentions, self.words, DepartedStore(connection), self.quarantine)
        self.parts = Parts(
            self.sources, self.leases, self.progress, self.mentions, self.quarantine, None, changes, self.breakers
        )
        assert self.telegram is not None, "the model has a bot"
        self.telegram._line = self._line  # type: ignore[assignment]
        self.members = Members(self.telegram.standing, self.world.steady)

    def adopt(self, plant: "Plant") -> None:
        """Begin a new run, in its world."""
        self.world = plant.world
        self._feeds = plant.feeds
        self.skew = timedelta(0)
        for each in (self.connection, self._renewing, self._line.request):
            each.world, each.watch = plant.world, plant.watch  # type: ignore[attr-defined]
        self.reborn(f"{self.name.partition('.')[0]}.0")

    def desk(self) -> Desk | None:
        """Return what deliveries are made with, on the model's clock."""
        desk = super().desk()
        return None if desk is None else desk._replace(clock=self.world.steady)

    def owner(self) -> str:
        """Return a name for one run of a task."""
        self.runs += 1
        return f"{self.name}/{self.runs}"

    def now(self) -> datetime:
        """Return the time as this worker's clock shows it."""
        return self.world.time() + self.skew

    def do(self, job: Job) -> None:
        """Do a job, as its task does."""
        match job.kind:
            case "poll":
                jobs.poll(self, job.subject, self.owner(), self.now)
            case "digest":
                jobs.send_digest(self, job.subject, self.owner(), self.now())
            case "deliver":
                jobs.deliver(self, job.subject, self.owner(), self.now())
            case "commands":
                jobs.answer_commands(self, job.subject, self.owner(), self.now())
            case "prune":
                jobs.prune(self, job.subject, self.owner(), self.now())
            case "score":
                jobs.score(self, job.subject, self.owner(), self.now())

    def take_updates(self, telegram: ModelTelegram) -> None:
        """Do what the poller does in one round: lease, question, inbox. Its loop is not in the model."""
        lease = self.leases.acquire(POLLER_JOB, self.owner(), POLLER_LEASE)
        if lease is None:
            return
        try:
            if not self.leases.renew(lease, POLLER_LEASE):
                return
            offset = self.inbox.offset(BOT)
            if self.actor is not None:
                self.actor.gate("store", "getUpdates")
            asked = {} if offset is None else {"offset": offset}
            found = telegram.state.updates.poll(asked | {"limit": 100}, lambda: False)
            updates = [update for update in map(parse, found) if update is not None]
            if updates:
                self.inbox.take_in(BOT, updates, max(update.id for update in updates) + 1, lease)
        finally:
            self.leases.release(lease)

    def hand_over(self, chat: str, digest: str, parts: int, posts: list[PostKey]) -> None:
        """Hand a digest of several parts to a chat; the first part shows all its posts."""
        made = [
            Parcel(
                message=Message(
                    id=f"{digest}-{n}", chat=chat, digest_id=digest, part=n, text=f"digest {digest} part {n}"
                ),
                posts=tuple(posts) if n == 0 else (),
            )
            for n in range(parts)
        ]
        if not self.outbox.hand_over(chat, made):
            self.chats.wake(chat, digest)


class Backup(NamedTuple):
    """A copy of the store, and what the world knew then: messages taken, and late edits that had been told of."""

    chunks: list[Chunk]
    taken: dict[str, dict[str, int]]
    told: set[tuple[str, int]]


class Plant:
    """Everything there is, built once and begun anew for each run."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._store = EmbeddedStore(folder, CONFIGURATION)
        self._store.attach()
        self.url = self._store.url
        self.telegram = ModelTelegram(Spec.load(data_path(SPEC)))
        self._new_world()
        telegram = TelegramSettings(token=SecretStr(TOKEN), api_url="http://127.0.0.1:9", chat=self.channel)
        self.settings = Settings(home=folder, redis_url=SecretStr(self.url), telegram=telegram)
        self.calm = Worker(self, "calm.0", None)
        self.workers = [Worker(self, f"w{n}.0", Actor()) for n in range(WORKERS)]

    def begin(self) -> None:
        """Begin a run: an empty store, an empty Telegram, and a first message in each chat."""
        self._new_world()
        raw = self.calm.connection._client
        raw.flushall()
        for worker in (self.calm, *self.workers):
            if worker.actor is not None and worker.actor.is_busy:
                worker.actor.go(fate="kill")
            worker.adopt(self)
        self.calm.connection.check()
        self.calm.topics.replace(TOPICS, "model")
        self.calm.people.grant(self.owner, "owner")
        self._sync()
        self.people.start(self.state.world.users[int(self.owner)])
        self.state.updates.drop()
        for chat in self.chats:
            self.calm.hand_over(chat, f"hello-{chat.lstrip('-')}", 1, [])
            jobs.deliver(self.calm, chat, self.calm.owner(), self.calm.now())

    def _sync(self) -> None:
        calm = self.calm
        now = self.world.time()
        calm.told.begin({topic.name: now - timedelta(hours=1) for topic in TOPICS})
        jobs_ = jobs.jobs_of(TOPICS, plan(TOPICS), now) | jobs.bot_jobs(calm)
        calm.schedule.sync(jobs_ | {Job("deliver", chat): timedelta(0) for chat in self.chats})

    def _new_world(self) -> None:
        self.world = World()
        self.watch = Watch(self.world)
        self.watch.unstored = self.unstored
        self.watch.will_look = self.will_look
        self.feeds = Feeds(self.world)
        self.state = self.telegram.state = new_state(7, self.world.steady, None, limits=False)
        self.people = People(self.state)
        self.asked: list[SaidCommand] = []
        self.disturbed: set[str] = set()
        self.backup: Backup | None = None
        self.epoch = 0
        user = self.state.world.add_user("Olga")
        self.group = self.state.world.add_chat("group", "Group")
        channel = self.state.world.add_chat("channel", "Channel")
        self.state.world.set_member(self.group, user, Member("creator"))
        self.owner, self.channel = str(user.id), str(channel.id)
        self.chats = [self.owner, str(self.group.id), self.channel]

    def advance(self, seconds: float) -> None:
        """Let time pass: what is on its way arrives, and whoever is not frozen keeps what it holds."""
        until = self.world.now + int(seconds * 1000)
        while self.world.now < until:
            times = [event for event in (self.world.next_event(),) if event is not None]
            times += [int(at * 1000) + 1 for at in map(_next_renewal, self.workers) if at is not None]
            self.world.now = max(self.world.now, min([*times, until]))
            self.world.happen()
            for worker in self.workers:
                if not worker.is_frozen:
                    worker.hands.turn()

    # What people and platforms do.

    def say(self, chat: int, text: str) -> None:
        """Let the owner say something in private or in the group."""
        user = self.state.world.users[int(self.owner)]
        room = self.people.private(user) if chat == 0 else self._group_now()
        before = self.state.updates._next_id
        self.people.say(room, user, text)
        if self.state.updates._next_id > before:
            self.asked.append(SaidCommand(before, self.chats[chat], text, self.epoch))

    def write_among(self, chat: int, count: int) -> None:
        """Let somebody else's messages take ids: no update tells the bot of them."""
        room = (self.people.private(self._user()), self._group_now(), self.state.world.chats[int(self.channel)])[chat]
        for _ in range(count):
            self.state.new_message(room, self._user(), {"text": "words"})

    def put_out_or_in(self) -> bool:
        """Let somebody put the bot out of the group, or back in; say whether it was put out."""
        room = self._group_now()
        self.disturbed.add(self.chats[1])
        if self.state.world.bot_in(room).status == "kicked":
            self.people.add_bot(room, self._user())
            return False
        self.people.kick_bot(room, self._user())
        return True

    def move(self) -> bool:
        """Let the group become a supergroup; say whether it did."""
        room = self._group_now()
        if room.kind != "group" or self.state.world.bot_in(room).status == "kicked":
            return False
        self.disturbed |= {self.chats[1], str(self.people.upgrade(room, self._user()).id)}
        return True

    def jump(self, worker: int, minutes: int) -> None:
        """Let a worker's clock be wrong by some minutes."""
        self.workers[worker].skew = timedelta(minutes=minutes)

    def _user(self) -> User:
        return self.state.world.users[int(self.owner)]

    def _group_now(self) -> Chat:
        room = self.state.world.chats[self.group.id]
        return room if room.migrated_to is None else self.state.world.chats[room.migrated_to]

    # How workers are led.

    def task(self, worker: Worker, what: str, *arguments: Any) -> Callable[[], object]:
        """Return a piece of work of a worker."""
        worker.job = arguments[0] if what == "job" else None
        match what:
            case "job":
                return partial(worker.do, *arguments)
            case "poller":
                return partial(worker.take_updates, self.telegram)
            case _:
                return partial(worker.hand_over, *arguments)

    def is_at(self, worker: Worker, job: Job) -> bool:
        """Tell whether a worker is at a job."""
        return worker.actor is not None and worker.actor.is_busy and worker.job == job

    def until_free(self, job: Job) -> float:
        """Return seconds until nobody holds a job any more, if nobody renews what is held."""
        tills = [held.till for (_, name), held in self.watch.held.items() if name == str(job)]
        return (max([*tills, self.world.now]) - self.world.now) / 1000

    def has_lost(self, worker: Worker) -> bool:
        """Tell whether a worker held something when it was let go last that somebody else may have by now."""
        held = [each for each in self.watch.held.values() if each.owner == f"{worker.name}/{worker.runs}"]
        return not held or any(each.till <= self.world.now for each in held)

    def go(self, worker: Worker, calls: int, fate: str = "go", *, is_known: bool = True) -> None:
        """Let a worker make some calls, the first as its fate says; who dies is replaced."""
        assert worker.actor is not None, "a worker of the model has a thread"
        worker.actor.go(calls, fate)
        if fate.startswith("kill"):
            self._replace(worker, is_known=is_known)
        self.see_to(worker)

    def see_to(self, worker: Worker) -> None:
        """Look whether a worker's job ended, and whether by a fault of ours."""
        assert worker.actor is not None, "a worker of the model has a thread"
        if not worker.actor.is_busy:
            self.watch.is_over(worker.actor, has_failed=worker.actor.ended is not None)
        if worker.actor.error is not None:
            error, worker.actor.error = worker.actor.error, None
            self.world.accuse(f"a job raised {type(error).__name__}: {error}\n{''.join(format_exception(error))}")

    def _replace(self, worker: Worker, *, is_known: bool) -> None:
        if is_known:
            self.world.dead.add(worker.name)
        name, _, life = worker.name.partition(".")
        worker.reborn(f"{name}.{int(life) + 1}")

    # How all comes to rest.

    def settle(self) -> None:
        """Let everybody end what they are at, and do all that is due, without faults, until nothing is left to do."""
        for worker in self.workers:
            worker.is_frozen, worker.skew = False, timedelta(0)
            while worker.actor is not None and worker.actor.is_busy:
                self.go(worker, 50)
        for _ in range(MOST_ROUNDS):
            self.calm.take_updates(self.telegram)
            self.calm.job_leases.bury(self.world.is_dead)
            due = self.calm.schedule.take(50)
            for job in due:
                self.calm.do(job)
            if not due and self.is_quiet():
                return
            if not due:
                soonest = self.calm.schedule.due()[0][1] - self.world.time()
                self.advance(max(soonest.total_seconds(), 0.001))
        self.world.accuse(f"no rest after {MOST_ROUNDS} rounds: {self.busy_with()}")

    def is_quiet(self) -> bool:
        """Tell whether nothing is left to do."""
        return not self.busy_with()

    def busy_with(self) -> list[str]:
        """Return what is left to do."""
        calm, left = self.calm, []
        if calm.inbox.waiting() or self.state.updates.pending:
            left.append("updates")
        if self.world.next_event() is not None:
            left.append("requests on their way")
        left += [job for (_, job), held in self.watch.held.items() if held.till > self.world.now]
        left += [chat for chat in {*self.chats, *calm.chats.all()} if not is_done(calm.connection, chat)]
        left += [
            str(query)
            for query in QUERIES
            if int(calm.progress.resume(query).cursor or 0) < len(self.feeds.shown[query])
        ]
        return left

    def unstored(self, query: Query, cursor: str) -> list[str]:
        """Return the posts that a feed showed up to a place and that are not stored under each of their topics."""
        shown = self.feeds.upto(query, cursor)
        missing: list[str] = []
        for topic in TOPICS:
            stored = set(self.calm.connection.execute("HKEYS", self.calm.connection.keys.topic(topic.name).posts))
            missing += [p.key for p in shown if topic.any[0] in p.post.text and p.key.encode() not in stored]
        return missing

    def will_look(self, chat: str, address: str, message: str) -> bool:
        """Tell whether somebody must look for a copy of a message that arrives in its chat now.

        SaidCommand of what the product knows of the message, not of what it planned: that is to be judged.
        """
        pending = self.calm.outbox.find(chat, message)
        if pending is None or pending.delivery.address != address or pending.delivery.base is None:
            return False
        delivery = pending.delivery
        if not is_over(delivery):
            return delivery.is_doubtful
        looked_at = delivery.due + TERMS.late_look_after
        return delivery.is_doubtful and delivery.attempts > 1 and self.world.time() < looked_at

    def back_up(self) -> None:
        """Keep a copy of the store, as a backup does, and what the world knew then."""
        connection = self.calm.connection
        kept = [chunk for name in sorted(connection.scan("*")) for chunk in backup.chunks(connection, name)]
        taken = {chat: dict(ids) for chat, ids in self.watch.taken.items()}
        self.backup = Backup(kept, taken, self.watch.told_of())

    def restore(self) -> bool:
        """Stop everything, and begin again with the last backup; False when there is none."""
        if self.backup is None:
            return False
        self._kill_all()
        self.advance(SLOWEST + 1)
        connection = self.calm.connection
        connection._client.flushall()
        self.watch.restored(self.backup.taken)
        for chunk in self.backup.chunks:
            restore._put(connection, chunk)
        known = connection.execute("ZRANGE", connection.keys.work.inbox_known, 0, -1)
        self.watch.forgot([each.decode() for each in known])
        self.watch.unmended(self._under_repair(connection), self.backup.told)
        restore._let_time_pass(connection, self.world.time())
        self.epoch += 1
        return True

    def _under_repair(self, connection: Connection) -> set[str]:
        """Return the addresses of chats in which a backup would have given words back, which a restore does not."""
        assert self.backup is not None
        names = [connection.keys.prefix + each.key for each in self.backup.chunks]
        chats = {topic_of(name) for name in names if restore._family(connection, name) in ("extras", "late")}
        return chats | {RepairStore(connection).address(chat) for chat in chats}

    def _kill_all(self) -> None:
        for worker in self.workers:
            if worker.actor is not None and worker.actor.is_busy:
                self.go(worker, 1, "kill", is_known=True)
            worker.is_frozen = False

    def restart(self) -> None:
        """Let the server begin anew: its data goes through its own snapshot, its scripts are forgotten."""
        raw = self.calm.connection._client
        raw.script_flush()
        raw.execute_command("DEBUG", "RELOAD")

    def close(self) -> None:
        """End the threads and the server."""
        for worker in (self.calm, *self.workers):
            if worker.actor is not None:
                worker.actor.end()
            worker.connection.actor = None  # type: ignore[attr-defined]
            worker.close()
        self._store.detach()


def _next_renewal(worker: Worker) -> float | None:
    return None if worker.is_frozen else worker.hands.next_at
