"""Who may be shown: what endangers or exposes somebody never is."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.digests import people
from monitor.digests.people import (
    Policy,
    Shown,
    are_exposing,
    classify,
    has_handle,
    is_anything_shown,
    is_exposing,
    show,
    worth_a_look,
)
from monitor.digests.platforms import LABELS, content_of
from monitor.models import Author, PostKey
from tests.build import a_mention

ALL, NOTHING = Shown(name=True, quote=True, link=True), Shown()


@pytest.mark.parametrize(
    "text",
    [
        "人在国内,不敢多说,砸锅卖铁",
        "人在國內,不敢多說",
        "人 在 国 内".replace(" ", "\u200b"),
        "我在大陆看到的",
        "墙内发不出来",
        "牆內發不出來",
        "我们单位也要砸锅卖铁",
        "我們單位也要砸鍋賣鐵",
        "我是公务员,砸锅卖铁",
        "我在县医院上班",
        "昨天被请去喝茶了",
        "派出所给我打电话了",
        "警察上门找我",
        "匿名投稿:砸锅卖铁",
        "怕被查,看完就删",
        "请勿截图",
        "电话 139-0000-0000",
        "+86 139 0000 0000",
        "\uff11\uff13\uff19\uff10\uff10\uff10\uff10\uff10\uff10\uff10\uff10 联系",
        "010-55550000",
        "0912-345-678",
        "tel: +44 20 7946 0000",
        "微信号:abc_12345",
        "加v: kettle99",
        "mail me: someone@mail.example",
        "身份证 110101199003070012",
        "建设路18号楼下",
        "住在3号楼2单元",
        "12 Station Road, where I",
        "我女儿的小学",
        "我家孩子还小",
        "他才14岁",
        "未成年人的照片",
        "我同事被叫去谈话",
        "她叫什么名字",
        "I am in China and cannot say more",
        "I’m inside the firewall",
        "I’m still in China",
        "我是小学老师,看不下去了",
        "我是一名中学老师",
        "俺们厂已经停了",
        "我妈在县医院上班",
        "我爸被带走了",
        "我人在上海",
        "我在体制内",
        "我 在 国 内",
        "警察来我家了",
        "十二岁的孩子也懂",
        "删前速看",
        "my brother was arrested for it",
        "My name is Li Wei and I live in Wuhan",
        "Don't share my name",
        "my employer is on the list",
        "I work at the bureau",
        "the police came to our door",
        "my 8-year-old asked",
        "a 15-year-old boy",
        "my neighbour sold it",
    ],
)
def test_a_text_that_exposes_somebody_is_class_c(text: str) -> None:
    assert is_exposing(text)
    assert classify(a_mention(post={"text": text, "author": Author(handle="post")}), {"bluesky:post"}) == "C"


@pytest.mark.parametrize(
    "text",
    [
        "要砸锅卖铁,先砸谁的锅?",
        "砸锅卖铁四个字写进红头文件",
        "地方债 2026 年到期 13800000 万元",
        "国内经济与国际经济",
        "Smash pots and sell iron: so who eats?",
        "China's counties sell assets",
        "the wall of the old factory",
        "In 1998 the plant closed",
        "为了抽卡砸锅卖铁",
        "爸妈当年砸锅卖铁供我读完大学",
        "see https://a.example/status/13900000000?call=13900000000",
        "ratio 10-20 percent, 2024-10-09 08:00",
        "",
    ],
)
def test_a_harmless_text_is_not(text: str) -> None:
    assert not is_exposing(text)
    assert classify(a_mention(post={"text": text}), ()) == "B"


@pytest.mark.parametrize(
    ("source", "author", "url", "named", "expected"),
    [
        ("bluesky", Author(handle="post.example"), None, "bluesky:post.example", "A"),
        ("bluesky", Author(handle="@Post.example"), None, "Bluesky:@post.example", "A"),
        ("mastodon", Author(handle="post.example"), None, "bluesky:post.example", "B"),
        ("bluesky", Author(handle="other"), None, "bluesky:post.example", "B"),
        ("bluesky", Author(), None, "bluesky:", "B"),
        ("rss", Author(), "https://www.post.example/a", "post.example", "A"),
        ("rss", Author(), "https://news.post.example/a", "rss:https://post.example/feed.xml", "A"),
        ("rss", Author(), "https://notpost.example/a", "post.example", "B"),
        ("rss", Author(), None, "post.example", "B"),
        ("mastodon", Author(), "https://post.example/@a/1", "post.example", "B"),
        ("rss", Author(), "https://[broken", "post.example", "B"),
    ],
)
def test_only_listed_accounts_and_outlets_may_be_named(
    source: str, author: Author, url: str | None, named: str, expected: str
) -> None:
    mention = a_mention(post={"key": PostKey(source, "1"), "author": author, "url": url})

    assert classify(mention, {named}) == expected


@pytest.mark.parametrize(
    ("people_class", "policy", "source", "expected"),
    [
        ("A", "default", "x", ALL),
        ("A", "counts", "bluesky", ALL),
        ("B", "default", "bluesky", Shown(quote=True, link=True)),
        ("B", "default", "x", Shown(link=True)),
        ("B", "names", "x", ALL),
        ("B", "links", "bluesky", Shown(link=True)),
        ("B", "counts", "bluesky", NOTHING),
        ("C", "names", "bluesky", NOTHING),
        ("C", "default", "x", NOTHING),
    ],
)
def test_classes_and_policies(people_class: str, policy: Policy, source: str, expected: Shown) -> None:
    assert show(people_class, policy, source) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("source", LABELS)
@pytest.mark.parametrize("policy", get_args(Policy))
@pytest.mark.parametrize("people_class", get_args(people.PeopleClass))
def test_whether_anything_is_shown_is_the_same_on_every_source(people_class: str, policy: Policy, source: str) -> None:
    assert is_anything_shown(people_class, policy) is any(show(people_class, policy, source))  # type: ignore[arg-type]


def test_quotes_on_x_need_the_name() -> None:
    assert [each for each in LABELS if content_of(each) == "link_only"] == ["x"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("@someone said", True), ("看@某人", True), ("@ noon", False), ("a@mail.example", False), ("x.example/@a", False)],
)
def test_handles_in_a_quote_name_a_third_person(text: str, expected: bool) -> None:
    assert has_handle(text) is expected


PATTERNS = people.AT_RISK + people.WORKPLACE + people.CONTACT + people.ADDRESS + people.MINOR + people.THIRD_PERSON


@given(st.sampled_from(PATTERNS).flatmap(st.from_regex))
def test_nothing_that_exposes_is_missed_at_first_sight(said: str) -> None:
    """The quick look may err to one side only; what it lets through is looked at by the patterns themselves."""
    assert worth_a_look([said])


def test_most_texts_need_no_closer_look() -> None:
    assert not worth_a_look(["砸锅卖铁,先砸谁的锅?", "the kettle was never theirs", "今天天气很好"])


def test_digits_of_other_scripts_are_looked_at_closely() -> None:
    assert worth_a_look([f"今天 {digit} 点" for digit in "٣५๙𝟗"]) == {0, 1, 2, 3}


@given(st.lists(st.one_of(st.sampled_from(PATTERNS).flatmap(st.from_regex), st.text(), st.just("我妈在 ¼"))))
def test_a_text_is_judged_alike_among_others_and_alone(texts: list[str]) -> None:
    assert are_exposing(texts) == list(map(is_exposing, texts))
