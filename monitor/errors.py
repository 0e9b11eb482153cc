"""The exception tree. The leaf says what the caller must do.

    MonitorError
    ├── ConfigError           every problem at once, at start; a person edits a file
    ├── SourceError           a platform could not be read
    │   ├── SourceUnavailable     back off and try again
    │   ├── RateLimited           come back after .retry_after
    │   ├── OutOfCredit           stop until the budget or the credit is renewed
    │   ├── SourceRejected        a person must act (key, address, permission)
    │   │   └── AccessDenied          our key or our account is refused: no query of the source will do better
    │   ├── PayloadChanged        the answer has another shape: our bug, nothing is wiped
    │   └── SourceBroken          what reads it failed: our bug
    ├── DeliveryError         a digest could not be handed over
    │   ├── DeliveryDelayed       come back after .retry_after
    │   ├── DeliveryUnknown       it may have arrived
    │   ├── RecipientGone         the chat is no longer there
    │   ├── RecipientMoved        the chat has another id now, .chat
    │   └── MessageRejected       our bug
    ├── QueryError            what is wrong in a query, and at which column
    └── StoreError            the store cannot be reached or cannot write

Exceptions cross processes by pickle, so every class hands all its arguments to super().__init__ and words itself in
__str__.
"""

from collections.abc import Sequence
from datetime import timedelta

from monitor.logs import redact


class MonitorError(Exception):
    """Any error that this product raises on purpose.

    Its words are stored, shown and sent, and often others' (a library's, a server's): no secret is left in them.
    """

    def __init__(self, *args: object) -> None:
        super().__init__(*(redact(each) if isinstance(each, str) else each for each in args))


class ConfigError(MonitorError):
    """The configuration is wrong; `problems` holds one sentence per problem, each with its place and remedy."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(tuple(problems))
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n".join(self.problems)


class SourceError(MonitorError):
    """A source could not be read. `source` is its name, `reason` a sentence for a person."""

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(source, reason)
        self.source = source
        self.reason: str = self.args[1]

    def __str__(self) -> str:
        return f"{self.source}: {self.reason}"


class SourceUnavailable(SourceError):
    """The platform or the way to it is down; try again later with backoff."""


class RateLimited(SourceError):
    """The platform asks for patience; try again after `retry_after`."""

    def __init__(self, source: str, reason: str, retry_after: timedelta) -> None:
        MonitorError.__init__(self, source, reason, retry_after)
        self.source = source
        self.reason: str = self.args[1]
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"{self.source}: {self.reason} (again in {self.retry_after.total_seconds():.0f} s)"


class OutOfCredit(SourceError):
    """The platform wants money that the budget does not give. `retry_after`: when our own budget is renewed."""

    def __init__(self, source: str, reason: str, retry_after: timedelta | None = None) -> None:
        MonitorError.__init__(self, source, reason, retry_after)
        self.source = source
        self.reason: str = self.args[1]
        self.retry_after = retry_after


class SourceRejected(SourceError):
    """The platform refuses us until a person acts: a key, an address, a permission."""


class AccessDenied(SourceRejected):
    """The platform refuses our key or our account, whatever is asked."""


class PayloadChanged(SourceError):
    """The answer has another shape than expected. Nothing that was stored is touched."""


class SourceBroken(SourceError):
    """What reads the source raised what nobody foresaw, its cause. Nothing that was stored is touched."""


class DeliveryError(MonitorError):
    """A message could not be handed over. `sink` is where, `reason` a sentence for a person."""

    def __init__(self, sink: str, reason: str) -> None:
        super().__init__(sink, reason)
        self.sink = sink
        self.reason: str = self.args[1]

    def __str__(self) -> str:
        return f"{self.sink}: {self.reason}"


class DeliveryDelayed(DeliveryError):
    """The recipient's platform asks for patience; surely not delivered; again after `retry_after`."""

    def __init__(self, sink: str, reason: str, retry_after: timedelta) -> None:
        MonitorError.__init__(self, sink, reason, retry_after)
        self.sink = sink
        self.reason: str = self.args[1]
        self.retry_after = retry_after


class DeliveryUnknown(DeliveryError):
    """The message may or may not have arrived."""


class RecipientGone(DeliveryError):
    """The chat does not exist any more, or does not want us."""


class RecipientMoved(DeliveryError):
    """The chat goes on under another id, `chat`; surely not delivered."""

    def __init__(self, sink: str, reason: str, chat: str) -> None:
        MonitorError.__init__(self, sink, reason, chat)
        self.sink = sink
        self.reason: str = self.args[1]
        self.chat = chat


class MessageRejected(DeliveryError):
    """The message itself is refused: our bug."""


class QueryError(MonitorError):
    """A keyword query is wrong: `reason` in words a user understands, `column` counted from 1."""

    def __init__(self, reason: str, column: int) -> None:
        super().__init__(reason, column)
        self.reason: str = self.args[0]
        self.column = column

    def __str__(self) -> str:
        return f"column {self.column}: {self.reason}"


class StoreError(MonitorError):
    """The store cannot be reached, or cannot write. `reason` says what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason: str = self.args[0]

    def __str__(self) -> str:
        return self.reason
