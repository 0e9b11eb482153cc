"""Where Chinese words begin and end, as jieba's dictionary sees it: 头发 is not in 街头发狂, nor 国家 in 中国家庭.

The dictionary is asked about single places only, where something was found: a few microseconds each.
"""

import re
from functools import cache
from importlib import import_module
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import rjieba

CONTEXT = 10
"""Characters before and after a place that are looked at."""

_NEWER = (
    *(
        "微博",
        "微信",
        "公众号",
        "新冠",
        "支付宝",
        "淘宝",
        "抖音",
        "小红书",
        "知乎",
        "二维码",
        "网红",
        "大数据",
        "区块链",
    ),
    *("第三方", "人工智能", "疫情", "客户端", "互联网", "自媒体", "高铁", "共享单车", "直播", "短视频"),
    *("网路", "捷运", "北韩", "南韩", "普丁"),
)
"""Words that came up after the dictionary was made, and those that Taiwan has for things of every day."""

_COMMON = 3000
"""How often those are counted as seen, of 60 million words: as often as 互联网."""

_PEOPLE_ONLY_THEN = re.compile(
    r"(?<=[那这某每]个)人才|(?<=[的些个個别有過过])人才(?="
    r"[会能懂去敢叫服买赔感应肯想愿真最知][^议力]|[会能懂]|不[会能敢懂想是]|是(?!很|最)|这|值得|可[以能]|有[资机])"
)
"""人才, talent, where it is 人 and 才 (only those who …), which no dictionary of single words can tell."""

_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏"
    "韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦"
    "俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷曲盛翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄"
)
_DOUBLE_SURNAMES = frozenset(
    ("欧阳", "上官", "司马", "诸葛", "司徒", "东方", "夏侯", "皇甫", "尉迟", "公孙", "慕容", "令狐")
)
"""The commonest surnames, of nine in ten people who write in Chinese."""


class Fit(NamedTuple):
    """How a place fits the words around it: whether it begins and ends with words, and is divided between some."""

    begins: bool
    ends: bool
    is_divided: bool


def fit_of(before: str, word: str, after: str) -> Fit:
    """Return how simplified Han characters fit the words of what stands before and after them."""
    head = before[-CONTEXT:]
    borders = set(accumulate(map(len, _jieba().cut(head + word + after[:CONTEXT], False)), initial=0))
    start, end = len(head), len(head) + len(word)
    return Fit(start in borders, end in borders, any(border in borders for border in range(start + 1, end)))


def is_part_of_longer(before: str, word: str, after: str, shortest: int = 2) -> bool:
    """Tell whether a place shares a word of at least `shortest` characters with what is around it.

    A compound does not count, which ends with the word (应用程式, but not 方程式) or adds one character (预设值).
    """
    head = before[-CONTEXT:]
    start, end, at = len(head), len(head) + len(word), 0
    for piece in _jieba().cut(head + word + after[:CONTEXT], False):
        first, last = at, at + len(piece)
        at = last
        is_shared = first < end and last > start and not (start <= first and last <= end)
        ends_with_it = last == end and start - first > 1 and is_word(piece[: start - first])
        is_compound = ends_with_it or (first == start and last == end + 1)
        if is_shared and len(piece) >= shortest and not is_compound:
            return True
    return False


def is_word(word: str) -> bool:
    """Tell whether the dictionary holds a word."""
    return _jieba().has_word(word)


def is_chance(before: str, word: str, after: str) -> bool:
    """Tell whether a word of the dictionary stands there only by chance: its characters belong to other words."""
    if not is_word(word):
        return False
    if word == "人才":
        head = before[-2:]
        return _PEOPLE_ONLY_THEN.search(f"{head}{word}{after[:3]}") is not None
    return _is_divided(before, word, after)


def _is_divided(before: str, word: str, after: str) -> bool:
    """Tell what `fit_of` tells of a place's inside, in a third of the time."""
    head = before[-CONTEXT:]
    at, start = 0, len(head)
    for piece in _jieba().cut(head + word + after[:CONTEXT], False):
        at += len(piece)
        if at > start:
            return at < start + len(word)
    return False


def words_in(text: str) -> list[str]:
    """Return the words of simplified Han characters; those that no dictionary holds are guessed from their letters."""
    return list(_jieba().cut(text, True))


def may_be_person(word: str) -> bool:
    """Tell whether a Chinese word may be or hold a person's name: by jieba's dictionary, its surname, or a hidden part.

    What the dictionary holds and does not call a name is none, whatever it begins with: 高铁, 白菜.
    """
    return "某" in word or any(_is_name(part, tag) for part, tag in _jieba().tag(word, True))


def _is_name(part: str, tag: str) -> bool:
    if tag.startswith("nr"):
        return True
    is_known = len(part) > 1 and is_word(part)
    return not is_known and (part[0] in _SURNAMES or part[:2] in _DOUBLE_SURNAMES)


@cache
def _jieba() -> "rjieba.Jieba":
    # It reads its dictionary at import, in 0.1 s, which most commands never need; a second one would take 25 MB.
    jieba: rjieba.Jieba = import_module("rjieba")._DEFAULT_JIEBA  # noqa: SLF001 - it offers no other way
    for word in _NEWER:
        jieba.add_word(word, _COMMON, None)
    return jieba
