"""The judge of texts: what Telegram's own library would change is a fault."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data import data_path
from tests.simulators.telegram_refusals import Breach
from tests.simulators.telegram_text import check_keyboard, judge_caption, judge_text, utf16_length

Entity = dict[str, object]


def entity(kind: str, offset: int, length: int, **more: str | int) -> Entity:
    """Return an entity as a request has it."""
    return {"type": kind, "offset": offset, "length": length, **more}


@pytest.mark.parametrize(
    ("text", "entities"),
    [
        ("plain", []),
        ("**not bold** __nor italic__ `no code` [no](link) ||no spoiler|| ~~no~~", []),
        ("**a** b", [entity("bold", 0, 5)]),
        ("quote\nnext", [entity("blockquote", 0, 5), entity("bold", 1, 3)]),
        (
            "quote\nnext",
            [entity("expandable_blockquote", 0, 5), entity("text_link", 0, 2, url="https://a.example/x?y=[z](w)")],
        ),
        ("🥣🥣 x", [entity("bold", 2, 2)]),
        ("\u2068砸鍋賣鐵\u2069 · 繁", [entity("bold", 1, 4)]),
        ("\ue000 private use *", [entity("code", 0, 1)]),
        ("x", [entity("text_link", 0, 1, url="HTTPS://A.Example")]),
        ("code", [entity("pre", 0, 4, language="toml")]),
        ("code", [entity("pre", 0, 4)]),
        ("08:00", [entity("date_time", 0, 5, unix_time=1_800_000_000, date_time_format="wDt")]),
        ("now", [entity("date_time", 0, 3, unix_time=1_800_000_000, date_time_format="r")]),
        ("then", [entity("date_time", 0, 4, unix_time=1_800_000_000)]),
    ],
)
def test_text_that_arrives_as_meant_has_no_fault(text: str, entities: list[Entity]) -> None:
    judged = judge_text(text, entities)

    assert judged.faults == ()
    assert judged.text == text
    assert len(judged.entities) == len(entities)


@pytest.mark.parametrize(
    ("text", "entities", "fault"),
    [
        ("a\u202eb", [], "changed at character 1"),
        ("a\rb", [], "changed at character 1"),
        ("a\tb", [], "changed at character 1"),
        ("end\n", [], "changed at character 3"),
        ("  begin", [], "changed at character 0"),
        ("abc", [entity("bold", 1, 0)], "dropped or moved"),
        ("abc def", [entity("code", 0, 7), entity("bold", 0, 3)], "dropped or moved: ('bold', 0, 3"),
        ("abc def", [entity("blockquote", 0, 7), entity("blockquote", 2, 3)], "dropped or moved"),
        ("hello world", [entity("bold", 0, 6), entity("italic", 3, 8)], "dropped or moved"),
        ("ab", [entity("bold", 0, 1), entity("bold", 1, 1)], "not sent so: ('bold', 0, 2"),
        ("ab ", [entity("bold", 0, 3)], "not sent so: ('bold', 0, 2"),
        ("ab", [entity("text_link", 0, 2, url="a.example")], "dropped or moved"),
        ("not a tag", [entity("hashtag", 0, 3)], "dropped or moved: ('hashtag'"),
    ],
)
def test_what_the_server_would_change_is_a_fault(text: str, entities: list[Entity], fault: str) -> None:
    assert any(fault in found for found in judge_text(text, entities).faults)


@pytest.mark.parametrize(
    ("text", "entities", "description"),
    [
        ("", [], "message text is empty"),
        (" \n\t", [], "message text is empty"),
        ("a" * 4097, [], "message is too long"),
        ("🥣" * 2049, [], "message is too long"),
        ("🥣", [entity("bold", 1, 1)], "entity begins in a middle of a UTF-16 symbol at byte offset 4"),
        ("a", [entity("bold", 0, 2)], "ends after the end of the text"),
        ("a", [entity("text_link", 0, 1, url="javascript:alert(1)")], "entity URL 'javascript:alert(1)' is invalid"),
        ("a", [entity("text_link", 0, 1)], "text_link without url"),
        ("a", [entity("date_time", 0, 1)], "invalid date_time entity"),
        ("a", [entity("date_time", 0, 1, unix_time=1, date_time_format="x")], "Invalid date format used"),
        ("a", [entity("custom_emoji", 0, 1, custom_emoji_id="1")], "does not know entities of type 'custom_emoji'"),
        ("\ud83e", [], "strings must be encoded in UTF-8"),
    ],
)
def test_what_the_server_refuses_is_refused_in_its_words(text: str, entities: list[Entity], description: str) -> None:
    with pytest.raises(Breach) as refused:
        judge_text(text, entities)

    assert description in refused.value.description


@pytest.mark.parametrize("text", ["a" * 4096, "🥣" * 2048])
def test_a_full_message_passes(text: str) -> None:
    assert utf16_length(judge_text(text).text) == 4096


def test_captions_are_a_quarter_as_long_and_may_be_empty() -> None:
    assert judge_caption("").text == ""
    assert judge_caption("a" * 1024).faults == ()
    with pytest.raises(Breach, match="caption is too long"):
        judge_caption("a" * 1025)


def test_the_hundred_and_first_entity_is_dropped() -> None:
    text = "ab " * 101 + "."
    entities = [entity("bold", 3 * place, 2) for place in range(101)]

    assert judge_text(text, entities[:100]).faults == ()
    assert judge_text(text, entities).faults[-1] == "101 entities: the server keeps 100"


def test_limits_count_after_markup_is_parsed() -> None:
    assert judge_text("<b>" + "a" * 4096 + "</b>", parse_mode="HTML").entities == (entity("bold", 0, 4096),)


@pytest.mark.parametrize(
    ("text", "mode", "description"),
    [
        ("<b>open", "HTML", "can't parse entities: Can't find end tag corresponding to start tag \"b\""),
        ("1.5", "MarkdownV2", "can't parse entities: Character '.' is reserved"),
    ],
)
def test_broken_markup_is_refused(text: str, mode: str, description: str) -> None:
    with pytest.raises(Breach) as refused:
        judge_text(text, parse_mode=mode)

    assert description in refused.value.description


def test_the_server_finds_links_and_tags_by_itself_outside_of_code_and_links() -> None:
    judged = judge_text("#a http://b.example #c", [entity("text_link", 20, 2, url="https://d.example/")])

    assert [(found["type"], found["offset"]) for found in judged.found] == [("hashtag", 0), ("url", 3)]
    assert [found["offset"] for found in judged.shown] == [0, 3, 20]


@pytest.mark.parametrize(
    ("buttons", "description"),
    [
        ([[{"text": "a", "callback_data": "x" * 65}]], "BUTTON_DATA_INVALID"),
        ([[{"text": "a", "callback_data": "锅" * 22}]], "BUTTON_DATA_INVALID"),
        ([[{"text": "a", "callback_data": ""}]], "BUTTON_DATA_INVALID"),
        ([[{"text": "a"}]], "Text buttons are unallowed in the inline keyboard"),
        ([[{"text": " ", "callback_data": "x"}]], "Text of the button must be non-empty"),
        ([[{"text": "a", "callback_data": "x", "url": "https://a.example"}]], "a button does one thing"),
        ([[{"text": "a", "url": "javascript:alert(1)"}]], "is invalid"),
        ([[{"text": "a", "callback_data": "x"}] * 9], "reply markup is too long"),
        ([[{"text": "a", "callback_data": "x"}]] * 101, "reply markup is too long"),
    ],
)
def test_keyboards_have_limits(buttons: list[list[dict[str, str]]], description: str) -> None:
    with pytest.raises(Breach) as refused:
        check_keyboard({"inline_keyboard": buttons})

    assert description in refused.value.description


def test_a_full_keyboard_passes() -> None:
    check_keyboard({"inline_keyboard": [[{"text": "a", "callback_data": "x" * 64}] * 8] * 12})


_STYLES = st.sampled_from(["bold", "italic", "underline", "spoiler", "code", "blockquote"])
_TEXTS = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from("*_`[]()|~ \n\r\u202e\u2068锅🥣"), max_size=40
)


@settings(max_examples=150, deadline=None)
@given(text=_TEXTS, spans=st.lists(st.tuples(_STYLES, st.integers(0, 40), st.integers(1, 20)), max_size=4))
def test_what_the_judge_lets_through_it_never_changes_again(text: str, spans: list[tuple[str, int, int]]) -> None:
    try:
        once = judge_caption(text, [entity(*span) for span in spans])
    except Breach:
        return

    again = judge_caption(once.text, once.entities)

    assert again.faults == ()
    assert (again.text, again.entities) == (once.text, once.entities)


def test_naughty_strings_are_judged_or_refused_and_stay_as_judged() -> None:
    strings = json.loads(data_path("suites/naughty_strings.json").read_text())
    changed = refused = 0

    for text in strings:
        try:
            once = judge_text(text)
        except Breach:
            refused += 1
            continue
        changed += bool(once.faults)
        assert judge_text(once.text).faults == ()

    assert len(strings) > 500
    assert 0 < refused < 15
    assert 0 < changed < 60
