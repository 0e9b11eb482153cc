"""Updates as the published Bot API describes them, made by hypothesis, and the same ones spoilt."""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from tests.data import data_path
from tests.simulators.telegram_spec import Field, Spec

Json = dict[str, Any]

SCALARS: Mapping[str, st.SearchStrategy[Any]] = {
    "Integer": st.integers(-(2**52), 2**52),
    "String": st.text(max_size=20),
    "Boolean": st.booleans(),
    "True": st.just(True),
    "Float": st.floats(allow_nan=False),
}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.characters(categories=["Cs"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
READ = ("message", "edited_message", "channel_post", "callback_query", "my_chat_member", "business_message")
"""Kinds of update to make; the other ones have the same shape to us."""


def spec() -> Spec:
    return Spec.load(data_path("specs/telegram_bot_api_10.1.json.gz"))


@st.composite
def of_type(draw: st.DrawFn, name: str, depth: int = 3) -> Any:
    """Make a value of a type of the specification: required fields, and some of the others while not too deep."""
    if name in SCALARS:
        return draw(SCALARS[name])
    if name.startswith("Array of "):
        return draw(st.lists(of_type(name.removeprefix("Array of "), depth - 1), max_size=1 if depth > 0 else 0))
    if name in spec().subtypes:
        return draw(of_type(draw(st.sampled_from(spec().subtypes[name])), depth))
    known = {field.name: field for field in spec().types.get(name, ())}
    chosen = [field for field in known.values() if field.is_required]
    optional = sorted(known.keys() - {field.name for field in chosen})
    if depth > 0 and optional:
        chosen += [known[each] for each in draw(st.lists(st.sampled_from(optional), max_size=5, unique=True))]
    return {field.name: draw(_value(field, depth - 1)) for field in chosen}


def _value(field: Field, depth: int) -> st.SearchStrategy[Any]:
    if field.values:
        return st.sampled_from(sorted(field.values))
    return of_type(field.types[0], depth)


@st.composite
def updates(draw: st.DrawFn) -> Json:
    """Make an update of one kind, whole as the specification has it."""
    kind = draw(st.sampled_from(READ))
    types = {field.name: field.types[0] for field in spec().types["Update"]}
    body = draw(of_type(types[kind]))
    if types[kind] == "Message":
        body |= draw(st.sampled_from([{}, {"text": "/topics"}, {"text": "hello"}]))
    return {"update_id": draw(st.integers(0, 2**31)), kind: body}


@st.composite
def spoilt(draw: st.DrawFn) -> Any:
    """Make an update in which any one part became something else, or went."""
    update = draw(updates())
    part: Any = update
    while True:
        key = draw(st.sampled_from(sorted(part)))
        if not isinstance(part[key], dict) or not part[key] or draw(st.booleans()):
            break
        part = part[key]
    if draw(st.booleans()):
        del part[key]
    else:
        part[key] = draw(ANYTHING)
    return update
