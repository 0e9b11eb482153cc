"""The methods the simulated server has, and those about the bot, its chats, its commands and its updates."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from tests.simulators import telegram_messages as messages
from tests.simulators.telegram_chats import Chat, Member
from tests.simulators.telegram_refusals import QUERY_TOO_OLD, Breach, bad_request
from tests.simulators.telegram_spec import Upload
from tests.simulators.telegram_state import State
from tests.simulators.telegram_updates import Webhook

Json = dict[str, Any]
Files = Mapping[str, Upload]
Method = Callable[[State, Json, Files], object]

COMMAND_LIMIT = 100
_QUERY_SECONDS = 15 * 60  # how long a callback query may be answered; not published, seen in practice
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


def get_me(state: State, arguments: Json, files: Files) -> Json:
    """Answer getMe."""
    powers = {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}
    return state.world.bot.json() | powers


def get_chat(state: State, arguments: Json, files: Files) -> Json:
    """Answer getChat: the object ChatFullInfo."""
    chat = _readable(state, arguments)
    gifts = dict.fromkeys(
        ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"),
        False,
    )
    pinned = state.ledger.get(chat.id, chat.pinned[-1]) if chat.pinned else None
    shown = {"pinned_message": pinned.message} if pinned is not None and pinned.is_visible else {}
    return chat.json() | {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": gifts} | shown


def get_chat_member(state: State, arguments: Json, files: Files) -> Json:
    """Answer getChatMember."""
    chat = _readable(state, arguments)
    user = state.world.users.get(arguments["user_id"])
    if user is None:
        raise bad_request("Bad Request: PARTICIPANT_ID_INVALID")
    return chat.members.get(user.id, Member("left")).json(user, chat.kind)


def get_chat_administrators(state: State, arguments: Json, files: Files) -> list[Json]:
    """Answer getChatAdministrators: without other bots."""
    chat = _readable(state, arguments)
    if chat.kind == "private":
        raise bad_request("Bad Request: there are no administrators in the private chat")
    admins = [
        (user_id, member) for user_id, member in chat.members.items() if member.status in ("creator", "administrator")
    ]
    users = state.world.users
    return [
        member.json(users[user_id], chat.kind)
        for user_id, member in admins
        if not users[user_id].is_bot or user_id == state.world.bot.id
    ]


def get_chat_member_count(state: State, arguments: Json, files: Files) -> int:
    """Answer getChatMemberCount."""
    chat = _readable(state, arguments)
    return (
        2
        if chat.kind == "private"
        else sum(member.status not in ("left", "kicked") for member in chat.members.values())
    )


def leave_chat(state: State, arguments: Json, files: Files) -> bool:
    """Answer leaveChat."""
    chat = _readable(state, arguments)
    if chat.kind == "private":
        raise bad_request("Bad Request: chat member status can't be changed in private chats")
    state.world.set_member(chat, state.world.bot, Member("left"))
    return True


def send_chat_action(state: State, arguments: Json, files: Files) -> bool:
    """Answer sendChatAction."""
    chat = state.world.chat(arguments["chat_id"])
    if chat.kind == "channel":
        raise bad_request("Bad Request: channel chats aren't supported")
    state.world.check_write(chat, arguments.get("message_thread_id"))
    state.actions.append((chat.id, arguments["action"]))
    return True


def set_my_commands(state: State, arguments: Json, files: Files) -> bool:
    """Answer setMyCommands."""
    commands = arguments["commands"]
    if len(commands) > COMMAND_LIMIT:
        raise Breach(400, "Bad Request: BOT_COMMANDS_TOO_MUCH")
    if not all(_COMMAND.fullmatch(command["command"]) for command in commands):
        raise Breach(400, "Bad Request: BOT_COMMAND_INVALID")
    state.commands[_command_key(arguments)] = commands
    return True


def get_my_commands(state: State, arguments: Json, files: Files) -> list[Json]:
    """Answer getMyCommands."""
    return state.commands.get(_command_key(arguments), [])


def delete_my_commands(state: State, arguments: Json, files: Files) -> bool:
    """Answer deleteMyCommands."""
    state.commands.pop(_command_key(arguments), None)
    return True


def answer_callback_query(state: State, arguments: Json, files: Files) -> bool:
    """Answer answerCallbackQuery: once, and in time."""
    asked_at = state.queries.pop(arguments["callback_query_id"], None)
    if asked_at is None or state.clock() - asked_at > _QUERY_SECONDS:
        raise bad_request(QUERY_TOO_OLD)
    state.answers[arguments["callback_query_id"]] = arguments
    return True


def set_webhook(state: State, arguments: Json, files: Files) -> bool:
    """Answer setWebhook; unlike Telegram it takes plain HTTP, to this machine only."""
    parts = urlsplit(arguments["url"])
    if arguments["url"] and (parts.scheme != "http" or parts.hostname not in ("127.0.0.1", "localhost")):
        raise Breach(400, "Bad Request: bad webhook: the simulator sends to http://127.0.0.1 only")
    secret = arguments.get("secret_token")
    if secret is not None and not _SECRET.fullmatch(secret):
        raise Breach(400, "Bad Request: bad webhook: secret token contains unallowed characters")
    state.updates.allow(arguments.get("allowed_updates"))
    if arguments.get("drop_pending_updates"):
        state.updates.drop()
    state.updates.set_webhook(Webhook(arguments["url"], secret) if arguments["url"] else None)
    return True


def delete_webhook(state: State, arguments: Json, files: Files) -> bool:
    """Answer deleteWebhook."""
    if arguments.get("drop_pending_updates"):
        state.updates.drop()
    state.updates.set_webhook(None)
    return True


def get_webhook_info(state: State, arguments: Json, files: Files) -> Json:
    """Answer getWebhookInfo."""
    return state.updates.webhook_info()


def _setter(name: str) -> Method:
    def answer(state: State, arguments: Json, files: Files) -> bool:
        state.profile[name, arguments.get("language_code", "")] = arguments.get(name, "")
        return True

    return answer


def _getter(name: str) -> Method:
    def answer(state: State, arguments: Json, files: Files) -> Json:
        asked = state.profile.get((name, arguments.get("language_code", "")))
        return {name: asked or state.profile.get((name, ""), "")}

    return answer


# getUpdates waits, so the server answers it by itself (see telegram_api.py).
METHODS: Mapping[str, Method] = {
    "getMe": get_me,
    "getChat": get_chat,
    "getChatMember": get_chat_member,
    "getChatAdministrators": get_chat_administrators,
    "getChatMemberCount": get_chat_member_count,
    "leaveChat": leave_chat,
    "sendChatAction": send_chat_action,
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "deleteMyCommands": delete_my_commands,
    "setMyName": _setter("name"),
    "getMyName": _getter("name"),
    "setMyDescription": _setter("description"),
    "getMyDescription": _getter("description"),
    "setMyShortDescription": _setter("short_description"),
    "getMyShortDescription": _getter("short_description"),
    "answerCallbackQuery": answer_callback_query,
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
    "sendMessage": messages.send_message,
    "sendPhoto": messages.send_photo,
    "sendDocument": messages.send_document,
    "editMessageText": messages.edit_text,
    "editMessageCaption": messages.edit_caption,
    "editMessageMedia": messages.edit_media,
    "editMessageReplyMarkup": messages.edit_markup,
    "stopMessageLiveLocation": messages.stop_live_location,
    "deleteMessage": messages.delete_message,
    "deleteMessages": messages.delete_messages,
    "pinChatMessage": messages.pin,
    "unpinChatMessage": messages.unpin,
}


def _readable(state: State, arguments: Json) -> Chat:
    chat = state.world.chat(arguments["chat_id"])
    state.world.check_read(chat)
    return chat


def _command_key(arguments: Json) -> tuple[str, str]:
    scope = arguments.get("scope") or {"type": "default"}
    return "/".join(str(scope[name]) for name in sorted(scope, reverse=True)), arguments.get("language_code", "")
