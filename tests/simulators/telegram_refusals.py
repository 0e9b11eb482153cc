"""What the Bot API answers when it refuses, word for word as the open server says it.

The texts follow telegram-bot-api/Client.cpp of github.com/tdlib/telegram-bot-api: products tell cases apart by them.
"""

from collections.abc import Mapping

NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)
EDIT_NOT_FOUND = "Bad Request: message to edit not found"
EDIT_FORBIDDEN = "Bad Request: message can't be edited"
DELETE_NOT_FOUND = "Bad Request: message to delete not found"
DELETE_FORBIDDEN = "Bad Request: message can't be deleted"
PIN_NOT_FOUND = "Bad Request: message to pin not found"
REPLY_NOT_FOUND = "Bad Request: message to be replied not found"
CHAT_NOT_FOUND = "Bad Request: chat not found"
THREAD_NOT_FOUND = "Bad Request: message thread not found"
TOPIC_CLOSED = "Bad Request: TOPIC_CLOSED"
UPGRADED = "Bad Request: group chat was upgraded to a supergroup chat"
TEXT_EMPTY = "Bad Request: message text is empty"
TEXT_TOO_LONG = "Bad Request: message is too long"
CAPTION_TOO_LONG = "Bad Request: message caption is too long"
BUTTON_DATA_INVALID = "Bad Request: BUTTON_DATA_INVALID"
MARKUP_TOO_LONG = "Bad Request: reply markup is too long"
QUERY_TOO_OLD = "Bad Request: query is too old and response timeout expired or query ID is invalid"
NEED_ADMIN = "Bad Request: need administrator rights in the channel chat"
CANNOT_PARSE = "Bad Request: can't parse entities"
BLOCKED = "Forbidden: bot was blocked by the user"
NEVER_STARTED = "Forbidden: bot can't initiate conversation with a user"
TWO_POLLERS = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
WEBHOOK_ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)


class Refused(Exception):
    """An answer with ok=false: the HTTP status, the description, and `parameters` where the API adds them."""

    def __init__(self, code: int, description: str, parameters: Mapping[str, int] | None = None) -> None:
        super().__init__(code, description, parameters)
        self.code = code
        self.description = description
        self.parameters = parameters


class Breach(Refused):
    """A refusal, or a 501, that no correct product provokes: it also fails the test run (see Simulator.breaches)."""


def bad_request(description: str) -> Refused:
    """Return a refusal with status 400."""
    return Refused(400, description)


def flood(seconds: int) -> Refused:
    """Return "too many requests": wait that many whole seconds."""
    return Refused(429, f"Too Many Requests: retry after {seconds}", {"retry_after": seconds})


def migrated(to_chat_id: int) -> Refused:
    """Return the refusal of a group that became a supergroup."""
    return Refused(400, UPGRADED, {"migrate_to_chat_id": to_chat_id})
