"""Who may be shown, decided before anything is sent: a forward cannot be recalled.

    A   listed outlets, institutions, officials     name, handle, quote, link
    B   everybody else                              quote, platform, time, link; where quotes need names, the link only
    C   the text endangers or exposes somebody      counted, never shown

C judges the text, never the person, and nothing infers where somebody is. It would rather hide ten harmless posts than
show one dangerous one: a digest loses a quote, a person may lose more.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache, lru_cache
from typing import Literal, NamedTuple, Protocol
from urllib.parse import urlsplit

import re2

from monitor.digests.platforms import content_of
from monitor.models import Mention, Post
from monitor.text.folding import fold

PeopleClass = Literal["A", "B", "C"]
Policy = Literal["default", "names", "links", "counts"]

# Patterns are matched against folded text: lower case, simplified, half width, single spaces.
_PLACE = r"(?:国内|墙内|大陆|内地|境内)"
_RELATIVE = r"(?:儿子|女儿|闺女|孩子|小孩|娃|侄子|侄女|外甥|孙子|孙女)"

AT_RISK = (
    rf"(?:人|我|身|肉身|本人|还|仍|住)在{_PLACE}|我 ?在 ?(?:国 ?内|体制内)|(?:我人|本人|我住)在[^,。!?\n]{{2,4}}",
    r"(?:我|俺)(?:爸|妈|爹|娘|哥|弟|姐|妹|叔|舅|同学|朋友|老公|老婆)?[^,。!?\n]{0,4}被(?:带走|抓|拘|传唤|约谈|喝茶)",
    r"(?:删前|趁没删|被删前|马上删|阅后即焚)",
    (
        r"\bmy (?:[a-z]+ )?(?:brother|sister|father|mother|dad|mom|mum|uncle|aunt|cousin|friend)\b"
        r"[^.!?\n]{0,20}\b(?:arrested|detained|taken)\b"
    ),
    r"墙内|翻墙(?:出来|上来|发)",
    r"(?:怕|会)被(?:查|抓|封号|喝茶|约谈|请去)",
    r"(?:被|去|请|叫)(?:我)?喝茶|国保|(?:警察|派出所|网警)[^,。!?\n]{0,6}(?:找|上门|电话|约谈|叫我|来我)",
    r"(?:不要|别|勿|请勿)(?:外传|截图|外泄|转出去|暴露)|匿名(?:投稿|爆料)|保护(?:我|投稿人)",
    (
        r"\b(?:i am|i'm|im|i live|we are|we're|we live|writing|posting) (?:still )?(?:in|inside|from) "
        r"(?:mainland )?china\b"
    ),
    r"\b(?:inside|behind|within) the (?:great )?(?:fire)?wall\b",
    r"\b(?:don't|do not|pls don't|please don't) (?:share|screenshot|repost|quote) (?:this|me|my)\b",
    r"\b(?:police|officers?|state security) (?:came|called|visited|knocked|summoned|questioned)\b",
    r"\binvited (?:me )?for tea\b",
    r"\b(?:posting|submitted|writing) anonymously\b|\banonymous (?:submission|tip)\b",
)
"""The author may be in danger by having written it."""

WORKPLACE = (
    r"(?:我们|我|咱们|咱|本)(?:这|那)?(?:个)?(?:单位|公司|厂|工厂|学校|医院|机关|科室|部门|局里|局|院里|系里|车间|工地|团队)",
    r"(?:我|俺)(?:是|做|当)(?:一名|个|一个|名)?(?:小学|中学|高中|大学|县|乡|镇|村)?(?:公务员|老师|教师|医生|护士|警察|记者|村干部|编制内|体制内)|我(?:在|于)[^,。!?\n]{0,10}(?:上班|工作|任职|当差)",
    r"\b(?:my|our) (?:workplace|employer|company|office|work unit|factory|school|hospital|department|boss)\b",
    r"(?:俺们|俺)(?:那)?(?:单位|公司|厂|学校|医院)|我(?:爸|妈|爹|娘|哥|弟|姐|妹|老公|老婆)在[^,。!?\n]{0,8}(?:医院|学校|单位|公司|厂|局|上班|工作)",
    r"\bi (?:work|teach) (?:at|for|in)\b|\bwhere i work\b",
)
"""It tells where somebody works."""

CONTACT = (
    r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)",
    r"(?<![\d-])0\d{1,3}[- ]\d{3,4}[- ]?\d{4}(?!\d)|(?<!\d)09\d{2}[- ]?\d{3}[- ]?\d{3}(?!\d)",
    r"\+\d[\d ()-]{7,}\d",
    r"(?<!\d)\d{17}[\dx](?!\d)",
    r"(?:电话|手机|致电|热线|tel|phone|call|whatsapp|line id)[^\w\n]{0,4}\+?\d[\d ()-]{5,}\d",
    r"(?:微信|薇信|vx|wx|qq|加v|加群)(?:号|群|id)?[^\w\n]{0,3}[a-z0-9_-]{5,}",
    r"[a-z0-9._%+-]+@[a-z0-9-]+\.[a-z]{2,}(?:\.[a-z]{2,})?(?!\w)",
)
"""A telephone, an identity number, a private address on some network."""

ADDRESS = (
    r"[路街巷弄道村里](?:\d+|[一二三四五六七八九十百]+)号(?!线|楼盘)",
    r"\d+ ?(?:号楼|栋|幢|单元|室)",
    r"(?:我家住|我住在|住址|家庭地址|地址:)",
    r"\b\d{1,5} (?:[a-z]+ ){1,3}(?:street|st\.|road|rd\.|avenue|ave\.|lane|boulevard|blvd)(?!\w)",
    r"\bi live (?:at|on|in) |\bmy (?:home )?address\b|\bmy name is\b|我(?:叫|的名字是)",
)
"""A place where somebody can be found."""

MINOR = (
    rf"(?:我|我家|我们家|咱家|他家|她家|邻居|亲戚)(?:的)?{_RELATIVE}",
    r"未成年|小学生|初中生|幼儿园",
    r"(?<!\d)(?:[1-9]|1[0-7])岁|(?<![一二三四五六七八九十])(?:[一二三四五六七八九]|十[一二三四五六七]?)岁",
    (
        r"\b(?:my|our|her|his|their) (?:\d+[- ]year[- ]old|son|daughter|kid|kids|child|children|niece|nephew|grandson"
        r"|grandchild|granddaughter)\b"
    ),
    r"\b(?:[1-9]|1[0-7])[- ]year[- ]old\b|\b(?:a minor|minors|underage|schoolboy|schoolgirl)\b",
)
"""A child, or somebody's child."""

THIRD_PERSON = (
    r"(?:我|我的|我们|咱)(?:的)?(?:同事|邻居|领导|老板|同学|室友|房东|前夫|前妻|老公|老婆|丈夫|妻子)",
    r"(?:她|他)(?:的名字|真名|本名|名叫|叫)",
    r"\bmy (?:coworker|colleague|manager|neighbou?r|roommate|landlord|husband|wife|ex|friend)\b",
)
"""A private person who did not write it."""

_EXPOSING = re.compile(
    "|".join(f"(?:{each})" for each in AT_RISK + WORKPLACE + CONTACT + ADDRESS + MINOR + THIRD_PERSON)
)
_LOOKS_AROUND = re.compile(r"\(\?(?:<!|!)(?:\[[^]]*\]|[^)])*\)|\\b")
_MEMORY = 64 << 20
_OTHER_DIGIT = re.compile(r"[^\D0-9]")
_WITH_DIGITS = range(0x80, 0x20000)
"""Where digits of other scripts are, which RE2 does not take for such; the planes behind hold Han and private use."""

_LINK = re.compile(r"(?:https?://|www\.)[!-~]+")
_HANDLE = re.compile(r"(?<![a-z0-9_.%+/-])@\w")


class Found(Protocol):
    """What is used of a match of RE2, which has no types."""

    def span(self) -> tuple[int, int]: ...


class Pattern(Protocol):
    """What is used of a pattern of RE2."""

    def finditer(self, text: bytes) -> Iterator[Found]: ...


class Shown(NamedTuple):
    """What a digest may show of a post; nothing at all means that it is only counted."""

    name: bool = False
    quote: bool = False
    link: bool = False


class _Listed(NamedTuple):
    """Who may be named: accounts as "source:handle", and hosts of outlets."""

    names: frozenset[str]
    hosts: frozenset[str]


def classify(mention: Mention, named: Collection[str]) -> PeopleClass:
    """Return the class of a mention.

    `named` lists who may be named: "source:handle" on platforms; "rss:" and an address, or a bare host, for outlets
    whose articles stand on that host.
    """
    return classes_of([mention], named)[0]


def classes_of(mentions: Sequence[Mention], named: Collection[str]) -> list[PeopleClass]:
    """Return the class of each of many mentions, as `classify` does."""
    exposing = are_exposing(each.post.text for each in mentions)
    listed = _listed(frozenset(named)) if named else None
    return [
        "C" if exposes else "A" if listed and _is_named(each.post, listed) else "B"
        for each, exposes in zip(mentions, exposing, strict=True)
    ]


def show(people_class: PeopleClass, policy: Policy = "default", source: str = "") -> Shown:
    """Return what may be shown of a class under a policy, on a source.

    "names" shows class B as class A; "links" shows the link alone, "counts" nothing of it. Class A is shown under every
    policy, class C under none.
    """
    if people_class == "C":
        return Shown()
    if people_class == "A" or policy == "names":
        return Shown(name=True, quote=True, link=True)
    if policy == "counts":
        return Shown()
    return Shown(quote=policy == "default" and content_of(source) == "excerpt", link=True)


def is_anything_shown(people_class: PeopleClass, policy: Policy) -> bool:
    """Tell whether anything of a class is shown under a policy: what is not quoted, on whatever source, is linked."""
    return any(show(people_class, policy))


def is_exposing(text: str) -> bool:
    """Tell whether a text suggests danger for its author or shows a private person (class C). Links are not read."""
    return are_exposing([text])[0]


def are_exposing(texts: Iterable[str]) -> list[bool]:
    """Tell of each of many texts whether it is exposing, as `is_exposing` does."""
    all_said = [_without_links(fold(text)) for text in texts]
    closer = worth_a_look(all_said)
    return [at in closer and _EXPOSING.search(said) is not None for at, said in enumerate(all_said)]


def worth_a_look(all_said: Iterable[str]) -> set[int]:
    """Return the places of the folded texts that deserve a closer look: no text lacks this that is exposing.

    RE2 reads them all at once, a text a line, in a fifth of the time of one by one.
    """
    lines = "\n".join(all_said).encode()
    line = end_before = 0
    found: set[int] = set()
    for each in _first_sight().finditer(lines):
        start, end = each.span()
        line += lines.count(b"\n", end_before, start)
        last = line + lines.count(b"\n", start, end)
        found.update(range(line, last + 1))
        line, end_before = last, end
    return found


def _without_links(folded: str) -> str:
    return _LINK.sub(" ", folded) if "://" in folded or "www." in folded else folded


@cache
def _first_sight() -> Pattern:
    """Return the pattern of what exposes without looks around and borders of words, which RE2 does not know.

    RE2 reads a text once for all alternatives, which is twenty times as fast.
    """
    options = re2.Options()
    options.max_mem = _MEMORY
    options.log_errors = False
    options.never_capture = True
    wide = _LOOKS_AROUND.sub("", _EXPOSING.pattern).replace(r"[^\w\n]", r"[^\n]")
    digits = "".join(_OTHER_DIGIT.findall("".join(map(chr, _WITH_DIGITS))))
    pattern: Pattern = re2.compile(f"{wide}|[{digits}]", options)
    return pattern


def has_handle(text: str) -> bool:
    """Tell whether a text addresses an account, as "@name": quoting it would name a third person."""
    return _HANDLE.search(fold(text)) is not None


@lru_cache(maxsize=16)
def _listed(named: frozenset[str]) -> _Listed:
    """Return whom a list names: the same list is asked of all posts of a window."""
    names = frozenset(entry.replace(":@", ":").casefold() for entry in named)
    return _Listed(names, frozenset(_host(entry.removeprefix("rss:")) for entry in names) - {""})


def _is_named(post: Post, listed: _Listed) -> bool:
    source = post.key.source
    names = (f"{source}:{name.lstrip('@')}".casefold() for name in (post.author.handle, post.author.id) if name)
    if not listed.names.isdisjoint(names):
        return True
    return source == "rss" and post.url is not None and _is_on_host(post.url, listed.hosts)


def _is_on_host(url: str, hosts: Collection[str]) -> bool:
    host = _host(url)
    return bool(host) and any(host == each or host.endswith(f".{each}") for each in hosts)


def _host(address: str) -> str:
    """Return the host of an address, or a bare host itself; "" for anything else, such as "source:handle"."""
    if "//" not in address:
        return "" if ":" in address else address.removeprefix("www.")
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:
        return ""
