"""The rules: what people, platforms, workers and bad luck may do next. Hypothesis chooses; nothing else is chance."""

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from monitor.models import PostKey
from tests.model.feeds import QUERIES
from tests.model.moves import Moves
from tests.model.plant import WORKERS
from tests.model.seams import SEND_DEATHS, SEND_LOSSES, SEND_REFUSALS, STORE_DEATHS, STORE_FATES, TEXT_REFUSALS

FEED_FATES = ("down", "limited", "empty", "repeats", "paged")
WORDS = ("alpha", "beta", "alpha beta", "noise")
COMMANDS = ("/subscribe alpha", "/subscribe beta", "/unsubscribe alpha", "/unsubscribe beta", "/topics", "/help")
JOBS = ("poll", "digest", "commands")
FATES_AWAKE = ("go", "go", "kill_after", "reset_after")
"""How the request ends that a sender makes who woke too late."""

REST_AFTER = 25
"""Steps between two rests at least: what is never left undone tells nothing of what is."""

FAULTS = (
    *(f"store {fate}" for fate in (*STORE_FATES, *STORE_DEATHS)),
    *(f"send {fate}" for fate in (*SEND_REFUSALS, *TEXT_REFUSALS, *SEND_LOSSES, *SEND_DEATHS)),
    *(f"feed {fate}" for fate in FEED_FATES),
    *("freeze", "woken too late", "clock jump", "hints lost", "hint twice", "server restart", "late post"),
    *("put out", "moved", "foreign message", "backup restored"),
)
"""Every kind of fault. A run of 100,000 steps in which one of them never happened has proved nothing about it."""

workers = st.integers(0, WORKERS - 1)
chats = st.integers(0, 2)
small = st.integers(0, 7)
asks = st.integers(0, 3)
few = st.sampled_from((0, 0, 0, 1, 2))
overslept = st.sampled_from((0.0, 10.0, 45.0, 120.0))
calls_before = st.sampled_from((0, 1, 2, 3, 5, 8, 13, 21, 34))


class Model(Moves):
    """One run. A class of its own for each use sets `plant` and `totals`."""

    # What is normal.

    @rule(feed=st.integers(0, 1), words=st.sampled_from(WORDS), count=st.integers(1, 4))
    def publish(self, feed: int, words: str, count: int) -> None:
        """Let a feed show new posts."""
        self._step("publish", feed, words, count)
        for _ in range(count):
            self.plant.feeds.publish(QUERIES[feed], words, 0)

    @rule(seconds=st.sampled_from((0.3, 1.3, 3.0, 8.0, 25.0, 70.0, 660.0)))
    def pass_time(self, seconds: float) -> None:
        """Let time pass."""
        self._step("pass_time", seconds)
        self.plant.advance(seconds)

    @rule()
    def come_to_digest(self) -> None:
        """Let time pass until the next digest is due."""
        self._step("come_to_digest")
        self._come_to("digest")

    @rule(worker=workers, pick=small)
    def begin(self, worker: int, pick: int) -> None:
        """Let a worker take up a hint."""
        self._step("begin", worker, pick)
        self._busy(worker, pick)

    @rule(worker=workers, calls=st.sampled_from((1, 2, 3, 5, 8, 13, 21)))
    def work(self, worker: int, calls: int) -> None:
        """Let a worker make some calls."""
        self._step("work", worker, calls)
        if (each := self._busy(worker)) is not None:
            self._go(each, calls)

    @rule(worker=workers)
    def end_job(self, worker: int) -> None:
        """Let a worker come to the end of its job."""
        self._step("end_job", worker)
        each = next(iter(self._at_work(worker)), None) or self._busy(worker)
        if each is not None:
            self._finish(each)

    @rule(worker=workers)
    def poll_telegram(self, worker: int) -> None:
        """Let a process ask for updates and keep them."""
        self._step("poll_telegram", worker)
        self._start(self._free(worker), "poller")

    @rule(worker=workers, chat=chats, digest=st.integers(0, 5), parts=st.integers(1, 3), posts=small)
    def hand_over(self, worker: int, chat: int, digest: int, parts: int, posts: int) -> None:
        """Let a process hand a digest of some parts to a chat, now and then one that it handed over before."""
        self._step("hand_over", worker, chat, digest, parts, posts)
        name = f"d{self.plant.epoch}.{digest}.{parts}.{posts}"
        keys = [PostKey("rss", f"pool/{posts + n}") for n in range(2)]
        self._start(self._free(worker), "hand over", self.plant.chats[chat], name, parts, keys)

    @rule(chat=st.integers(0, 1), text=st.sampled_from(COMMANDS))
    def say(self, chat: int, text: str) -> None:
        """Let the owner say a command, in private or in the group."""
        self._step("say", chat, text)
        self.plant.say(chat, text)

    @precondition(lambda self: self.restless >= REST_AFTER)
    @rule()
    def rest(self) -> None:
        """Let everything come to rest without faults, and judge."""
        self._step("rest")
        self._rest()

    # What is not.

    @rule(worker=workers, fate=st.sampled_from(STORE_FATES), calls=calls_before)
    def fail_store(self, worker: int, fate: str, calls: int) -> None:
        """Let a call to the store fail."""
        self._step("fail_store", worker, fate, calls)
        self._fail_store(worker, fate, calls, is_known=True)

    @rule(worker=workers, fate=st.sampled_from(STORE_DEATHS), calls=calls_before, is_known=st.booleans())
    def die(self, worker: int, fate: str, calls: int, is_known: bool) -> None:
        """Let a process die at a call to the store, done or not; others may know that it is dead, or not."""
        self._step("die", worker, fate, calls, is_known)
        self._fail_store(worker, fate, calls, is_known=is_known)

    @rule(worker=workers, chat=chats, fate=st.sampled_from(SEND_REFUSALS), asks=asks)
    def refuse_send(self, worker: int, chat: int, fate: str, asks: int) -> None:
        """Let a request to Telegram fail without having been done."""
        self._step("refuse_send", worker, chat, fate, asks)
        self._fail_send(worker, chat, fate, asks)

    @rule(worker=workers, chat=chats, parts=st.integers(1, 3), fate=st.sampled_from(TEXT_REFUSALS))
    def refuse_text(self, worker: int, chat: int, parts: int, fate: str) -> None:
        """Let Telegram refuse a message for what it says, this time or each time."""
        self._step("refuse_text", worker, chat, parts, fate)
        each = self._sender(worker, chat, 0, "sendMessage", parts)
        if each is not None:
            self._fail_here(each, fate)

    @rule(worker=workers, chat=chats, fate=st.sampled_from(SEND_LOSSES), asks=asks)
    def lose_send(self, worker: int, chat: int, fate: str, asks: int) -> None:
        """Let a request to Telegram be done, and its answer be lost; or let nobody know whether it was done."""
        self._step("lose_send", worker, chat, fate, asks)
        self._fail_send(worker, chat, fate, asks)

    @rule(worker=workers, chat=chats, fate=st.sampled_from(SEND_DEATHS), asks=asks, is_known=st.booleans())
    def die_sending(self, worker: int, chat: int, fate: str, asks: int, is_known: bool) -> None:
        """Let a process die at a request to Telegram, before it, after it, or while it is on its way."""
        self._step("die_sending", worker, chat, fate, asks, is_known)
        self._fail_send(worker, chat, fate, asks, is_known=is_known)

    @rule(worker=workers, fate=st.sampled_from(FEED_FATES))
    def fail_feed(self, worker: int, fate: str) -> None:
        """Let a feed be down, empty, impatient, or show again what it showed."""
        self._step("fail_feed", worker, fate)
        each, job = self._free(worker), self._ripe("poll")
        if job is not None and self._take_up(each, job) is not None and self._go_to(each, "feed"):
            self._fail_here(each, fate)

    @rule(worker=workers, chat=chats, to_send=st.booleans(), asks=asks)
    def freeze(self, worker: int, chat: int, to_send: bool, asks: int) -> None:
        """Stop a process where it stands, or just before it asks something of Telegram."""
        self._step("freeze", worker, chat, to_send, asks)
        each = self._sender(worker, chat, asks) if to_send else self._busy(worker)
        if each is not None:
            self._freeze(each)

    @rule(worker=workers, keeper_first=st.booleans(), seconds=st.sampled_from((0.0, 7.0, 30.0, 100.0)))
    def wake(self, worker: int, keeper_first: bool, seconds: float) -> None:
        """Let a frozen process go on after a while, its keeper's thread before its work or after."""
        self._step("wake", worker, keeper_first, seconds)
        self.plant.advance(seconds)
        for each in self._frozen(worker)[:1]:
            self._wake(each, keeper_first=keeper_first)

    @rule(worker=workers, chat=chats, fate=st.sampled_from(FATES_AWAKE), asks=few, seconds=overslept)
    def oversleep(self, worker: int, chat: int, fate: str, asks: int, seconds: float) -> None:
        """Freeze a sender before a request; another ends its work and more time passes; then it makes the request."""
        self._step("oversleep", worker, chat, fate, asks, seconds)
        each = self._sender(worker, chat, asks)
        if each is not None and self._freeze(each):
            self._deliver_all(worker, chat)
            self.plant.advance(seconds)
            self._wake(each, keeper_first=False, fate=fate)

    @rule(
        worker=workers, kind=st.sampled_from(("poll", "digest", "commands")), calls=calls_before, feed=st.integers(0, 1)
    )
    def outrun(self, worker: int, kind: str, calls: int, feed: int) -> None:
        """Freeze a process within a job, let another do the same job with more in it, and let the first go on."""
        self._step("outrun", worker, kind, calls, feed)
        each, job = self._free(worker), self._ripe(kind)
        if job is None or self._take_up(each, job) is None:
            return
        self._go(each, calls + 1)
        if not self._freeze(each):
            return
        self.plant.feeds.publish(QUERIES[feed], WORDS[2], 0)
        self.plant.advance(self.plant.until_free(job))
        other = self._free(worker)
        if self._take_up(other, job) is not None:
            self._finish(other)
        self._wake(each, keeper_first=False)

    @rule(worker=workers, minutes=st.sampled_from((-90, -5, 5, 90)))
    def jump_clock(self, worker: int, minutes: int) -> None:
        """Let the clock of one machine jump; the store's does not."""
        self._step("jump_clock", worker, minutes)
        self.plant.jump(worker, minutes)
        self._fault("clock jump")

    @rule(pick=small, is_lost=st.booleans())
    def disturb_hints(self, pick: int, is_lost: bool) -> None:
        """Lose the hints that are on their way, as Celery does with those of a killed worker, or bring one twice."""
        self._step("disturb_hints", pick, is_lost)
        self._sweep()
        if not self.hints:
            return
        if is_lost:
            self.hints.clear()
        else:
            self.hints.append(self.hints[pick % len(self.hints)])
        self._fault("hints lost" if is_lost else "hint twice")

    @rule(fate=st.sampled_from(("refuse", "lose")), keeps_hints=st.booleans())
    def restart_server(self, fate: str, keeps_hints: bool) -> None:
        """Let the server begin anew: calls under way fail, done or not, and hints may be gone."""
        self._step("restart_server", fate, keeps_hints)
        for each in self.plant.workers:
            pending = None if each.actor is None or each.is_frozen else each.actor.pending
            if pending is not None and pending[0] == "store":
                self._go(each, 1, fate)
        self.plant.restart()
        if not keeps_hints:
            self.hints.clear()
        self._fault("server restart")

    @rule(feed=st.integers(0, 1), words=st.sampled_from(WORDS[:3]), minutes=st.sampled_from((3, 50, 400)))
    def publish_late(self, feed: int, words: str, minutes: int) -> None:
        """Let a feed show a post long after it was written, among newer ones."""
        self._step("publish_late", feed, words, minutes)
        self.plant.feeds.publish(QUERIES[feed], words, minutes)
        self._fault("late post")

    @rule(does_move=st.booleans())
    def change_group(self, does_move: bool) -> None:
        """Let the group become a supergroup, once; or somebody put the bot out of it, or back in."""
        self._step("change_group", does_move)
        if self.plant.move() if does_move else self.plant.put_out_or_in():
            self._fault("moved" if does_move else "put out")

    @rule(is_restored=st.booleans())
    def keep_backup(self, is_restored: bool) -> None:
        """Make a backup, or stop everything and restore the last one."""
        self._step("keep_backup", is_restored)
        if not is_restored:
            self.plant.back_up()
        elif self.plant.restore():
            self.hints.clear()
            self._fault("backup restored")

    @rule(chat=chats, count=st.integers(1, 3))
    def write_among(self, chat: int, count: int) -> None:
        """Let somebody else write into a chat, which takes ids."""
        self._step("write_among", chat, count)
        self.plant.write_among(chat, count)
        self._fault("foreign message")

    @invariant()
    def holds(self) -> None:
        """Nothing that must always hold was seen broken."""
        self._judge()
        self.is_whole = True
