"""The methods about messages: send, edit, delete, pin. What they do shows in the ledger."""

from collections.abc import Mapping
from typing import Any

from tests.simulators.telegram_chats import Chat
from tests.simulators.telegram_files import document, file_id_of, photo_sizes
from tests.simulators.telegram_ledger import Shown
from tests.simulators.telegram_refusals import (
    DELETE_FORBIDDEN,
    DELETE_NOT_FOUND,
    EDIT_FORBIDDEN,
    EDIT_NOT_FOUND,
    NOT_MODIFIED,
    PIN_NOT_FOUND,
    REPLY_NOT_FOUND,
    Breach,
    bad_request,
)
from tests.simulators.telegram_spec import Upload
from tests.simulators.telegram_state import State
from tests.simulators.telegram_text import check_keyboard, judge_caption, judge_text

Json = dict[str, Any]
Files = Mapping[str, Upload]

SERVICE = frozenset(
    (
        "new_chat_members",
        "left_chat_member",
        "pinned_message",
        "migrate_to_chat_id",
        "migrate_from_chat_id",
        "forum_topic_created",
        "forum_topic_closed",
        "forum_topic_reopened",
    )
)
_CONTENT = ("text", "entities", "link_preview_options", "caption", "caption_entities", "photo", "document")
_DELETE_WITHIN = 48 * 3600  # core.telegram.org/bots/api#deletemessage


def send_message(state: State, arguments: Json, files: Files) -> Json:
    """Answer sendMessage."""
    return _send(state, arguments, _text(state, "sendMessage", arguments))


def send_photo(state: State, arguments: Json, files: Files) -> Json:
    """Answer sendPhoto."""
    caption = _caption(state, "sendPhoto", arguments)
    return _send(state, arguments, _media(state, "photo", arguments["photo"], files) | caption)


def send_document(state: State, arguments: Json, files: Files) -> Json:
    """Answer sendDocument."""
    caption = _caption(state, "sendDocument", arguments)
    return _send(state, arguments, _media(state, "document", arguments["document"], files) | caption)


def edit_text(state: State, arguments: Json, files: Files) -> Json:
    """Answer editMessageText. An edit without reply_markup takes the keyboard away."""
    shown = _editable(state, arguments)
    if "text" not in shown.message:
        raise bad_request("Bad Request: there is no text in the message to edit")
    return _replace(state, shown, _text(state, "editMessageText", arguments) | _keyboard(arguments))


def edit_caption(state: State, arguments: Json, files: Files) -> Json:
    """Answer editMessageCaption."""
    shown = _editable(state, arguments)
    media = {name: shown.message[name] for name in ("photo", "document") if name in shown.message}
    if not media:
        raise bad_request("Bad Request: there is no caption in the message to edit")
    return _replace(state, shown, media | _caption(state, "editMessageCaption", arguments) | _keyboard(arguments))


def edit_media(state: State, arguments: Json, files: Files) -> Json:
    """Answer editMessageMedia, for photos and documents."""
    shown = _editable(state, arguments)
    media = arguments["media"]
    if media["type"] not in ("photo", "document"):
        raise Breach(501, f"the simulator has no editMessageMedia with {media['type']}")
    content = _media(state, media["type"], media["media"], files) | _caption(state, "editMessageMedia", media)
    return _replace(state, shown, content | _keyboard(arguments))


def edit_markup(state: State, arguments: Json, files: Files) -> Json:
    """Answer editMessageReplyMarkup."""
    shown = _editable(state, arguments)
    kept = {name: shown.message[name] for name in _CONTENT if name in shown.message}
    return _replace(state, shown, kept | _keyboard(arguments))


def stop_live_location(state: State, arguments: Json, files: Files) -> Json:
    """Answer stopMessageLiveLocation. This simulator has no locations, so all that it tells is whose a message is."""
    _editable(state, arguments)
    raise bad_request("Bad Request: there is no live location in the message to edit")


def delete_message(state: State, arguments: Json, files: Files) -> bool:
    """Answer deleteMessage."""
    chat = _chat(state, arguments)
    shown = state.ledger.get(chat.id, arguments["message_id"])
    if shown is None or not shown.is_visible:
        raise bad_request(DELETE_NOT_FOUND)
    if not _may_delete(state, chat, shown):
        raise bad_request(DELETE_FORBIDDEN)
    state.ledger.deleted(state.clock(), chat.id, shown.message_id)
    return True


def delete_messages(state: State, arguments: Json, files: Files) -> bool:
    """Answer deleteMessages: those that cannot be found are passed over."""
    chat = _chat(state, arguments)
    found = [state.ledger.get(chat.id, number) for number in arguments["message_ids"]]
    for shown in found:
        if shown is not None and shown.is_visible and _may_delete(state, chat, shown):
            state.ledger.deleted(state.clock(), chat.id, shown.message_id)
    return True


def pin(state: State, arguments: Json, files: Files) -> bool:
    """Answer pinChatMessage; a new pin leaves a service message."""
    chat = _pinnable(state, arguments)
    shown = state.ledger.get(chat.id, arguments["message_id"])
    if shown is None or not shown.is_visible:
        raise bad_request(PIN_NOT_FOUND)
    if shown.message_id not in chat.pinned:
        chat.pinned.append(shown.message_id)
        state.new_message(chat, state.world.bot, {"pinned_message": shown.message}, sender=_sender(chat))
    return True


def unpin(state: State, arguments: Json, files: Files) -> bool:
    """Answer unpinChatMessage; without a message the latest pin goes."""
    chat = _pinnable(state, arguments)
    number = arguments.get("message_id", chat.pinned[-1] if chat.pinned else None)
    if number not in chat.pinned:
        raise bad_request("Bad Request: message to unpin not found")
    chat.pinned.remove(number)
    return True


def _send(state: State, arguments: Json, content: Json) -> Json:
    chat = state.world.chat(arguments["chat_id"])
    thread = arguments.get("message_thread_id")
    state.world.check_write(chat, thread)
    content = content | _keyboard(arguments) | _reply(state, chat, arguments)
    if thread is not None:
        content |= {"message_thread_id": thread, "is_topic_message": True}
    if arguments.get("protect_content"):
        content |= {"has_protected_content": True}
    state.gate.admit(chat.id, chat.kind)
    silent = bool(arguments.get("disable_notification"))
    return state.new_message(chat, state.world.bot, content, sender=_sender(chat), silent=silent)


def _text(state: State, where: str, arguments: Json) -> Json:
    judged = judge_text(arguments["text"], arguments.get("entities", ()), arguments.get("parse_mode"))
    state.note(where, judged)
    preview = {name: arguments[name] for name in ("link_preview_options",) if name in arguments}
    return {"text": judged.text} | ({"entities": judged.shown} if judged.shown else {}) | preview


def _caption(state: State, where: str, arguments: Json) -> Json:
    given = arguments.get("caption", "")
    judged = judge_caption(given, arguments.get("caption_entities", ()), arguments.get("parse_mode"))
    state.note(where, judged)
    if not judged.text:
        return {}
    return {"caption": judged.text} | ({"caption_entities": judged.shown} if judged.shown else {})


def _media(state: State, kind: str, given: str, files: Files) -> Json:
    if given.startswith(("http://", "https://")):
        raise Breach(501, "the simulator fetches nothing: send a file or a file_id")
    upload = files.get(given.removeprefix("attach://")) or state.files.get(given)
    if upload is None:
        raise bad_request("Bad Request: wrong file identifier/HTTP URL specified")
    file_id = file_id_of(upload, kind)
    measured = photo_sizes(upload, file_id) if kind == "photo" else document(upload, file_id)
    state.files[file_id] = upload
    return {kind: measured}


def _keyboard(arguments: Json) -> Json:
    """Return the keyboard as a message shows it: inline ones stay with the message, the others do not."""
    markup = arguments.get("reply_markup", {})
    if not markup.get("inline_keyboard"):
        return {}
    check_keyboard(markup)
    return {"reply_markup": markup}


def _reply(state: State, chat: Chat, arguments: Json) -> Json:
    parameters = arguments.get("reply_parameters")
    if parameters is None:
        return {}
    shown = state.ledger.get(chat.id, parameters["message_id"])
    if shown is not None and shown.is_visible:
        return {
            "reply_to_message": {name: value for name, value in shown.message.items() if name != "reply_to_message"}
        }
    if parameters.get("allow_sending_without_reply"):
        return {}
    raise bad_request(REPLY_NOT_FOUND)


def _sender(chat: Chat) -> Chat | None:
    return chat if chat.kind == "channel" else None


def _chat(state: State, arguments: Json) -> Chat:
    chat = state.world.chat(arguments["chat_id"])
    state.world.check_read(chat)
    return chat


def _editable(state: State, arguments: Json) -> Shown:
    if "chat_id" not in arguments or "message_id" not in arguments:
        raise Breach(400, "Bad Request: message identifier is not specified")
    chat = _chat(state, arguments)
    shown = state.ledger.get(chat.id, arguments["message_id"])
    if shown is None or not shown.is_visible:
        raise bad_request(EDIT_NOT_FOUND)
    may_edit_all = chat.kind == "channel" and state.world.bot_in(chat).has("can_edit_messages")
    if SERVICE & set(shown.message) or (shown.by != state.world.bot.id and not may_edit_all):
        raise bad_request(EDIT_FORBIDDEN)
    return shown


def _replace(state: State, shown: Shown, content: Json) -> Json:
    before = {name: value for name, value in shown.message.items() if name in (*_CONTENT, "reply_markup")}
    if _seen(before) == _seen(content):
        raise bad_request(NOT_MODIFIED)
    now = state.clock()
    frame = {name: value for name, value in shown.message.items() if name not in before}
    message = frame | content | {"edit_date": int(now)}
    state.ledger.edited(now, message)
    return message


def _seen(content: Json) -> Json:
    """Return what "not modified" compares; the wish for a preview counts where there is something to preview."""
    kinds = {entity["type"] for entity in content.get("entities", ())}
    return content if kinds & {"url", "text_link"} else content | {"link_preview_options": None}


def _may_delete(state: State, chat: Chat, shown: Shown) -> bool:
    if state.world.bot_in(chat).has("can_delete_messages"):
        return True
    is_young = state.clock() - shown.first_seen < _DELETE_WITHIN
    return is_young and (shown.by == state.world.bot.id or chat.kind == "private")


def _pinnable(state: State, arguments: Json) -> Chat:
    chat = _chat(state, arguments)
    right = "can_edit_messages" if chat.kind == "channel" else "can_pin_messages"
    if chat.kind != "private" and not state.world.bot_in(chat).has(right):
        raise bad_request("Bad Request: not enough rights to manage pinned messages in the chat")
    return chat
