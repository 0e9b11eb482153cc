"""Orders to a simulator in another process: one POST per order, JSON both ways. Names stand for users and chats' ids.

{"do": "add_user", "first_name": "Anna"}                     → {"id": 5001001}
{"do": "fault", "kind": "bad_gateway_after", "chance": 0.2}  → {}
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tests.simulators.telegram_chats import Chat, Member, User
from tests.simulators.telegram_faults import Fault, Order, storm

if TYPE_CHECKING:
    from tests.simulators.telegram_api import Simulator

Json = dict[str, Any]
CONTROL_PATH = "/simulator"


def control(simulator: "Simulator", order: Json) -> object:
    """Carry out an order; return its answer, or {"error": …}."""
    verb = order.pop("do", None)
    if verb not in VERBS:
        return {"error": f"no order {verb!r}; there are {', '.join(sorted(VERBS))}"}
    with simulator.lock:
        return VERBS[verb](simulator, order)


def _add_user(simulator: "Simulator", order: Json) -> Json:
    return {"id": simulator.state.world.add_user(**order).id}


def _add_chat(simulator: "Simulator", order: Json) -> Json:
    rights = order.pop("bot_rights", None)
    bot = None if rights is None else Member("administrator", frozenset(rights))
    return {"id": simulator.state.world.add_chat(**order, bot=bot).id}


def _set_member(simulator: "Simulator", order: Json) -> Json:
    member = Member(order["status"], frozenset(order.get("rights", ())), bool(order.get("is_anonymous")))
    simulator.state.world.set_member(_chat(simulator, order), _user(simulator, order), member)
    return {}


def _start(simulator: "Simulator", order: Json) -> Json:
    return simulator.people.start(_user(simulator, order), order.get("payload", ""))


def _say(simulator: "Simulator", order: Json) -> Json:
    sender = simulator.state.world.chat(order["sender"]) if "sender" in order else None
    chat, user = _chat(simulator, order), _user(simulator, order)
    return simulator.people.say(chat, user, order["text"], thread=order.get("thread"), sender=sender)


def _press(simulator: "Simulator", order: Json) -> Json:
    chat, user = _chat(simulator, order), _user(simulator, order)
    label, data = order.get("label"), order.get("data")
    return {"id": simulator.people.press(user, chat, order["message_id"], label, data=data)}


def _block(simulator: "Simulator", order: Json) -> Json:
    user = _user(simulator, order)
    (simulator.people.unblock if order.get("undo") else simulator.people.block)(user)
    return {}


def _kick_bot(simulator: "Simulator", order: Json) -> Json:
    simulator.people.kick_bot(_chat(simulator, order), _user(simulator, order))
    return {}


def _add_bot(simulator: "Simulator", order: Json) -> Json:
    member = Member(order.get("status", "member"), frozenset(order.get("rights", ())))
    simulator.people.add_bot(_chat(simulator, order), _user(simulator, order), member)
    return {}


def _upgrade(simulator: "Simulator", order: Json) -> Json:
    return {"id": simulator.people.upgrade(_chat(simulator, order), _user(simulator, order)).id}


def _open_topic(simulator: "Simulator", order: Json) -> Json:
    return {"id": simulator.people.open_topic(_chat(simulator, order), _user(simulator, order), order["name"])}


def _close_topic(simulator: "Simulator", order: Json) -> Json:
    simulator.people.close_topic(_chat(simulator, order), _user(simulator, order), order["thread"])
    return {}


def _fault(simulator: "Simulator", order: Json) -> Json:
    fault = Fault(order.pop("kind"), order.pop("seconds", 1.0), order.pop("to_chat", None))
    calls = order.pop("calls", None)
    simulator.state.faults.add(Order(fault, **order, calls=None if calls is None else frozenset(calls)))
    return {}


def _storm(simulator: "Simulator", order: Json) -> Json:
    simulator.state.faults.add(*storm(**order))
    return {}


def _calm(simulator: "Simulator", order: Json) -> Json:
    simulator.state.faults.stop()
    return {}


def _limits(simulator: "Simulator", order: Json) -> Json:
    simulator.state.gate.is_enforced = order["enforced"]
    return {}


def _clock(simulator: "Simulator", order: Json) -> Json:
    simulator.behind = order["behind"]
    return {}


def _in_hand(simulator: "Simulator", order: Json) -> Json:
    return simulator.state.updates.in_hand()._asdict()


def _report(simulator: "Simulator", order: Json) -> Json:
    state = simulator.state
    return {
        "breaches": list(state.breaches),
        "refusals": dict(state.refusals),
        "calls": dict(state.faults.calls),
        "faults": {f"{method} {kind}": number for (method, kind), number in state.faults.happened.items()},
        "peaks": dict(state.gate.peaks),
        "flood_refusals": state.gate.refused,
        "pending_updates": state.updates.pending,
        "handed_out": dict(state.updates.handed_out),
        "conflicts": state.updates.conflicts,
        "answers": dict(state.answers),
    }


VERBS: Mapping[str, Callable[["Simulator", Json], Json]] = {
    "add_user": _add_user,
    "add_chat": _add_chat,
    "set_member": _set_member,
    "start": _start,
    "say": _say,
    "press": _press,
    "block": _block,
    "kick_bot": _kick_bot,
    "add_bot": _add_bot,
    "upgrade": _upgrade,
    "open_topic": _open_topic,
    "close_topic": _close_topic,
    "fault": _fault,
    "storm": _storm,
    "calm": _calm,
    "limits": _limits,
    "clock": _clock,
    "in_hand": _in_hand,
    "report": _report,
}


def _chat(simulator: "Simulator", order: Json) -> Chat:
    return simulator.state.world.chat(order["chat"])


def _user(simulator: "Simulator", order: Json) -> User:
    return simulator.state.world.users[order["user"]]
