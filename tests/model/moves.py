"""How the rules move workers: who is free, what waits for them, how far they go."""

from collections import Counter
from typing import ClassVar

from hypothesis.stateful import RuleBasedStateMachine

from monitor.models import Job
from tests.model.actors import Kind
from tests.model.judge import findings
from tests.model.plant import Plant, Worker

LONGEST_SLEEP = 900.0
"""Seconds that pass at most by themselves when nothing is due and something is to be done."""

LONGEST_JOB = 5_000
"""Calls of one job; more is a job that does not end."""

MOST_TRIES, PACE = 3, 3.0
"""How often a chat is looked at until something can be sent to it, and seconds from one look to the next."""

MOST_DELIVERIES = 8
"""Looks at a chat until the message at the head of its queue is over: one to send, three to probe, and again."""


class Totals:
    """What was really done, over all runs of a process."""

    def __init__(self) -> None:
        self.steps = 0
        self.runs = 0
        self.rests = 0
        self.faults: Counter[str] = Counter()
        self.actions: Counter[str] = Counter()
        self.broken: list[str] = []
        self.trace: list[str] = []
        self.late = 0


class Moves(RuleBasedStateMachine):
    """One run, without its rules. A class of its own for each use sets `plant` and `totals`."""

    plant: ClassVar[Plant]
    totals: ClassVar[Totals]

    def __init__(self) -> None:
        super().__init__()
        self.plant.begin()
        self.totals.runs += 1
        self.hints: list[Job] = []
        self.restless = 0
        self.handed = 0
        self.is_whole = True

    def teardown(self) -> None:
        """Come to rest a last time, and count what was done."""
        try:
            if self.is_whole and not self.plant.world.broken:
                self._rest()
                self._judge()
        finally:
            self.totals.faults += self.plant.world.faults
            self.totals.actions += self.plant.world.actions
            self.totals.late += len(self.plant.watch.late) + len(self.plant.watch.scribbled)

    def _step(self, name: str, *arguments: object) -> None:
        self.totals.steps += 1
        self.is_whole = False
        self.restless += 1
        self.plant.world.actions[name] += 1
        self.plant.world.note(name, *arguments)

    def _fault(self, kind: str) -> None:
        self.plant.world.fault(kind)

    def _judge(self) -> None:
        broken = self.plant.world.broken
        if broken:
            self.totals.broken = list(broken)
            self.totals.trace = list(self.plant.world.trace)
            raise AssertionError("; ".join(broken))

    def _rest(self) -> None:
        self.hints.clear()
        self.restless = 0
        self.plant.settle()
        self.totals.rests += 1
        if not self.plant.world.broken:
            self.plant.world.accuse(*findings(self.plant))

    def _is_idle(self, worker: Worker) -> bool:
        return worker.actor is not None and not worker.actor.is_busy and not worker.is_frozen

    def _sweep(self, kind: str = "") -> None:
        """Take hints where there are none, waiting for the first; those of a kind come first."""
        calm = self.plant.calm
        if not any(job.kind.startswith(kind) for job in self.hints):
            calm.job_leases.bury(self.plant.world.is_dead)
            self.hints += calm.schedule.take(50)
        if not any(job.kind.startswith(kind) for job in self.hints):
            soonest = next(at for job, at in calm.schedule.due() if job.kind.startswith(kind))
            self.plant.advance(min((soonest - self.plant.world.time()).total_seconds(), LONGEST_SLEEP) + 0.001)
            self.hints += calm.schedule.take(50)
        self.hints.sort(key=lambda job: not job.kind.startswith(kind))

    def _come_to(self, kind: str) -> None:
        """Let time pass until the next job of a kind is due, however long that is."""
        due = [at for job, at in self.plant.calm.schedule.due() if job.kind == kind]
        self.plant.advance(max(0.0, (min(due) - self.plant.world.time()).total_seconds()) + 1)

    def _ripe(self, kind: str) -> Job | None:
        """Return a job of a kind that is due, and in which there is something to do."""
        if kind == "digest":
            self._come_to(kind)
        if kind == "commands":
            self.plant.say(0, "/topics")
            self.plant.calm.take_updates(self.plant.telegram)
        self._sweep(kind)
        return self.hints.pop(0) if self.hints and self.hints[0].kind == kind else None

    def _awake(self, first: int) -> list[Worker]:
        """Return who is not frozen, beginning with one; somebody always is."""
        return [each for each in self._from(first) if not each.is_frozen]

    def _frozen(self, first: int) -> list[Worker]:
        """Return who is frozen, beginning with one."""
        return [each for each in self._from(first) if each.is_frozen]

    def _at_work(self, first: int) -> list[Worker]:
        """Return who is at work and not frozen, beginning with one."""
        return [each for each in self._awake(first) if not self._is_idle(each)]

    def _from(self, first: int) -> list[Worker]:
        """Return all workers, beginning with one."""
        return [*self.plant.workers[first:], *self.plant.workers[:first]]

    def _free(self, first: int) -> Worker:
        """Return a worker that has nothing to do; where all are at work, one ends what it does."""
        awake = self._awake(first)
        idle = [each for each in awake if self._is_idle(each)]
        if not idle:
            self._finish(awake[0])
        return idle[0] if idle else awake[0]

    def _deliver(self, first: int, chat: int, parts: int = 1) -> Worker | None:
        """Return a worker that delivers to a chat, to which something is to be sent now; None when there is none."""
        name = self.plant.chats[chat]
        job = Job("deliver", name)
        at_it = next((each for each in self._awake(first) if self.plant.is_at(each, job)), None)
        if at_it is not None:
            return at_it
        each = self._free(first)
        if self.plant.calm.outbox.load(name).waiting == 0:
            self.handed += 1
            self.plant.calm.hand_over(name, f"n{self.plant.epoch}.{self.handed}", parts, [])
        self._await_turn(name, job)
        return self._take_up(each, job)

    def _await_turn(self, chat: str, job: Job) -> None:
        """Let time pass until something may be sent to a chat, and whoever is frozen over it has lost the right to."""
        plant, desk = self.plant, self.plant.calm.desk()
        view = plant.calm.outbox.outlook(chat)
        waits = [plant.until_free(job)]
        if view.head is not None and not view.extras:
            waits.append((view.head.delivery.due - view.now).total_seconds())
        if desk is not None and desk.floods is not None:
            waits.append(desk.floods.wait().total_seconds())
        plant.advance(min(max(waits), LONGEST_SLEEP) + 0.001)
        plant.calm.chats.wake(chat, f"model {plant.world.now}")

    def _take_up(self, worker: Worker, job: Job) -> Worker | None:
        """Let an idle worker begin a job; None when it ended at once."""
        self.plant.world.note(" ", worker.name, "takes up", job)
        self._start(worker, "job", job)
        return worker if worker.actor is not None and worker.actor.is_busy else None

    def _busy(self, first: int, pick: int = 0) -> Worker | None:
        """Return a worker that is at work, having taken up a hint if it was idle; None when nothing is to be done."""
        each = self._awake(first)[0]
        if self._is_idle(each):
            self._sweep()
            return self._take_up(each, self.hints.pop(pick % len(self.hints))) if self.hints else None
        return each

    def _start(self, worker: Worker, what: str, *arguments: object) -> None:
        assert worker.actor is not None, "a worker of the model has a thread"
        worker.actor.begin(self.plant.task(worker, what, *arguments))
        self.plant.see_to(worker)

    def _go(self, worker: Worker, calls: int = 1, fate: str = "go", *, is_known: bool = True) -> None:
        self.plant.go(worker, calls, fate, is_known=is_known)

    def _go_to(self, worker: Worker, kind: Kind, what: str = "") -> bool:
        """Let a worker go on until it stands before a call of a kind; False when its job ended before."""
        assert worker.actor is not None, "a worker of the model has a thread"
        for _ in range(LONGEST_JOB):
            if worker.actor.pending is None:
                return False
            if worker.actor.pending[0] == kind and worker.actor.pending[1].startswith(what):
                return True
            self._go(worker)
        raise AssertionError("a job does not end")

    def _finish(self, worker: Worker) -> None:
        assert worker.actor is not None, "a worker of the model has a thread"
        while worker.actor.is_busy:
            self._go(worker, 50)

    def _sender(self, first: int, chat: int, asks: int, what: str = "", parts: int = 1) -> Worker | None:
        """Return a worker before a request to Telegram for a chat, after some that passed; None when there is none.

        A message that has to wait for the pace of its chat is waited for.
        """
        for _ in range(MOST_TRIES):
            each = self._deliver(first, chat, parts)
            for _ in range(asks):
                if each is not None and self._go_to(each, "telegram"):
                    self._go(each)
            if each is not None and self._go_to(each, "telegram", what):
                return each
            asks = 0
            self.plant.advance(PACE)
        return None

    def _fail_send(self, worker: int, chat: int, fate: str, asks: int, *, is_known: bool = True) -> None:
        each = self._sender(worker, chat, asks)
        if each is not None:
            self._fail_here(each, fate, is_known=is_known)

    def _fail_store(self, worker: int, fate: str, calls: int, *, is_known: bool) -> None:
        each = self._busy(worker)
        if each is None or each.actor is None:
            return
        if calls:
            self._go(each, calls)
        if each.actor.is_busy and self._go_to(each, "store"):
            self._fail_here(each, fate, is_known=is_known)

    def _fail_here(self, worker: Worker, fate: str, *, is_known: bool = True) -> None:
        """Let the call before which a worker stands end as `fate` says."""
        assert worker.actor is not None, "a worker of the model has a thread"
        kind, what = worker.actor.pending or ("", "")
        self.plant.world.note(" ", worker.name, kind, what, "->", fate)
        self._fault(f"{'send' if kind == 'telegram' else kind} {fate}")
        self._go(worker, 1, fate, is_known=is_known)

    def _freeze(self, worker: Worker) -> bool:
        """Stop a worker where it stands; False when it is the last that is awake, or has nothing to do."""
        if len(self._awake(0)) < 2 or worker.actor is None or not worker.actor.is_busy:
            return False
        worker.is_frozen = True
        self._fault("freeze")
        return True

    def _wake(self, worker: Worker, *, keeper_first: bool, fate: str = "go") -> None:
        """Let a frozen worker make its next call, its keeper's thread before it or after."""
        worker.is_frozen = False
        if self.plant.has_lost(worker):
            self._fault("woken too late")
        if keeper_first:
            worker.hands.turn()
        if fate == "go":
            self._go(worker)
        else:
            self._fail_here(worker, fate)

    def _deliver_all(self, worker: int, chat: int) -> None:
        """Let a worker deliver to a chat until the message at the head of its queue is over."""
        name = self.plant.chats[chat]
        head = self.plant.calm.outbox.outlook(name).head
        for _ in range(MOST_DELIVERIES):
            now = self.plant.calm.outbox.outlook(name).head
            if head is None or now is None or now.id != head.id:
                return
            each = self._deliver(worker, chat)
            if each is not None:
                self._finish(each)
