"""Every chat that was written to, and the pace of the bot over all of them."""

from datetime import timedelta

from monitor.models import Lease
from monitor.services.courier import deliver_job
from monitor.store.connection import Argument, Connection
from monitor.store.schedule import ms
from monitor.store.send_pace import BOT_PACE, SendPace


class ChatList:
    """Implements the Chats protocol: every chat that was written to, and the pace of the bot over all of them."""

    def __init__(self, connection: Connection, pace: SendPace = BOT_PACE) -> None:
        self._connection = connection
        self._pace = pace

    def all(self) -> list[str]:
        """Return every chat that was written to."""
        return sorted(each.decode() for each in self._connection.execute("HKEYS", self._connection.keys.work.chats))

    def wake(self, chat: str, token: str) -> None:
        """Let a chat be looked at now, because of what the token names."""
        keys = self._connection.keys.work
        self._connection.run("wake", (keys.due, keys.due_since, keys.chats), (str(deliver_job(chat)), chat, token))

    def token(self, chat: str) -> str:
        """Return what a chat was woken for last; empty when never."""
        found = self._connection.execute("HGET", self._connection.keys.work.chats, chat)
        return "" if found is None else found.decode()

    def rest(self, lease: Lease, due_in: timedelta, token: str) -> bool:
        """End a look at a chat that began under `token`; False when the lease was lost."""
        keys = self._connection.keys.work
        args = (str(lease.job), lease.fence, ms(due_in), lease.job.subject, token)
        names = (keys.due, keys.due_since, keys.leases, keys.committed, keys.chats)
        return bool(self._connection.run("rest", names, args))

    def move(self, chat: str, address: str) -> None:
        """Know a chat by another id too: what comes from there is this chat's. The first word counts."""
        self._connection.execute("HSETNX", self._connection.keys.work.homes, address, chat)

    def home(self, address: str) -> str:
        """Return under which id a chat is kept: the one that it had first."""
        found = self._connection.execute(*self.reads(address))
        return address if found is None else found.decode()

    def reads(self, address: str) -> tuple[Argument, ...]:
        """Return what `home` asks the store."""
        return ("HGET", self._connection.keys.work.homes, address)

    def has_moved(self, chat: str) -> bool:
        """Tell whether a chat is known by another id too."""
        return chat.encode() in self._connection.execute("HVALS", self._connection.keys.work.homes)

    def admit(self, attempt: str) -> timedelta:
        """Let the bot send once more: zero, or how long it must wait."""
        args = (attempt, self._pace.most, ms(self._pace.window))
        return timedelta(milliseconds=int(self._connection.run("admit", (self._connection.keys.work.bot_sends,), args)))
