"""Addresses: one form for those that lead to the same page, and what a reader is shown of them."""

import re
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

from monitor.models import Span

KEPT = 8192
"""Addresses whose one form is kept: what many share is asked for many times."""

_DEFAULT_PORTS = {"http": 80, "https": 443}
_LINK = re.compile(r"https?://[^\s<>\"'`{}|\\^\u2018-\u201f\u2026\u2e80-\uffef]+", re.IGNORECASE)
_CLOSING = {")": "(", "]": "["}
_TRAILING = ".,;:!?*_~'"
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\x9f\ud800-\udfff\\]|\s")
_HOST = re.compile(r"[^\s/?#@:%\[\]<>\"^`{|}.][^\s/?#@:%\[\]<>\"^`{|}]*|\[[0-9a-f:.]+\]")
_PORT = re.compile(r"(?::\d*)?")

# Parameters that tell a site where its reader came from, and nothing about the page: of large platforms and mailers.
_TRACKER_PREFIXES = ("utm_", "mtm_", "hsa_", "at_custom", "wt.mc_")
_TRACKERS = frozenset(
    (
        *("fbclid", "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "msclkid", "yclid", "ysclid", "twclid", "ttclid"),
        *("igshid", "igsh", "li_fat_id", "mc_cid", "mc_eid", "mkt_tok", "vero_id", "_hsenc", "_hsmi", "_openstat"),
        *("spm", "scm", "spm_id_from", "vd_source", "share_source", "share_medium", "share_plat", "share_session_id"),
        *("share_tag", "share_from", "ref_src", "ref_url", "s_cid", "cmpid", "ocid", "xtor", "sr_share", "wickedid"),
        *("at_medium", "at_campaign", "at_link_id", "at_link_origin", "at_link_type", "at_format", "at_bbc_team"),
        *("at_ptr_name", "guccounter", "guce_referrer", "guce_referrer_sig"),
    )
)

_DRESSES = frozenset(("www", "m", "mobile", "amp", "wap"))
_SAME_SITES = {"twitter.com": "x.com"}
_STATUS = re.compile(r"/status(?:es)?/(\d+)")
_AMP = re.compile(r"^/amp(?=/)|/amp/?$|(?<=\.)amp\.(?=html?$)")
_PHONE = frozenset(("amp", "amp=1", "amp=true", "outputType=amp", "m=1", "mobile=1"))


@lru_cache(KEPT)
def canonical(url: str) -> str | None:
    """Return one form for http(s) addresses of the same page, None for anything else.

    Lower-case scheme and host, no default port, fragment, credentials or tracker parameters, the rest of the query
    sorted. The path is kept as it is: its case and its slashes can matter.
    """
    parts = _split(url)
    if parts is None or parts.hostname is None:
        return None
    host_name = _host_with_port(parts)
    query = "&".join(sorted(pair for pair in parts.query.split("&") if pair and not _is_tracker(pair)))
    address = f"{parts.scheme}://{host_name}{parts.path or '/'}"
    return f"{address}?{query}" if query else address


@lru_cache(KEPT)
def page_key(url: str) -> str | None:
    """Return what the addresses of one page have in common: those of phones, of AMP, with http or https, with or
    without a last slash; None for what is no address.

    It is compared with others and leads nowhere. Of video sites and X the id decides, whatever their host.
    """
    parts = _split(url)
    if parts is None or parts.hostname is None:
        return None
    name, path = _host_with_port(parts), parts.path
    while (prefix := name.partition(".")[0]) in _DRESSES and name.count(".") > 1:
        name = name.removeprefix(f"{prefix}.")
    name = _SAME_SITES.get(name, name)
    if name == "youtu.be":
        return f"youtube.com/watch?v={path.strip('/')}"
    if name == "x.com" and (status := _STATUS.search(path)):
        return f"x.com/status/{status[1]}"
    query = sorted(pair for pair in parts.query.split("&") if pair and not _is_tracker(pair) and pair not in _PHONE)
    if name == "youtube.com" and (video := next((pair for pair in query if pair.startswith("v=")), None)):
        query = [video]
    return f"{name}{_AMP.sub('', path).rstrip('/')}" + (f"?{'&'.join(query)}" if query else "")


def host(url: str) -> str | None:
    """Return the host as a reader is shown it, without "www.", None when there is none."""
    parts = _split(url)
    if parts is None or parts.hostname is None:
        return None
    return parts.hostname.removeprefix("www.") or None


def links_in(text: str) -> tuple[str, ...]:
    """Return the http(s) addresses written in a text, each once, in order, without the punctuation after them.

    An address ends where Han, kana or Hangul begins: running text follows it without a space.
    """
    links = (text[span.start : span.end] for span in link_spans(text))
    return tuple(dict.fromkeys(link for link in links if host(link) is not None))


def link_spans(text: str) -> list[Span]:
    """Return where http(s) addresses stand in a text, without the punctuation after them."""
    if "://" not in text:
        return []
    found = ((each.start(), _without_punctuation(each.group())) for each in _LINK.finditer(text))
    return [Span(start, start + len(link)) for start, link in found]


def _split(url: str) -> SplitResult | None:
    stripped = url.strip()
    if _FORBIDDEN.search(stripped):
        return None
    try:
        parts = urlsplit(stripped)
        is_usable = parts.scheme in _DEFAULT_PORTS and _is_usable(parts) and parts.port != 0
    except ValueError:
        # A port that is no number, brackets that do not close: no address.
        return None
    return parts if is_usable else None


def _is_usable(parts: SplitResult) -> bool:
    """Tell whether the whole authority is a host, with a port or a name before it: "a%40[::1]" is taken for [::1]."""
    name = _bracketed(parts)
    around = parts.netloc.rpartition("@")[2].lower().partition(name)
    return around[0] == "" and _PORT.fullmatch(around[2]) is not None and _HOST.fullmatch(name) is not None


def _bracketed(parts: SplitResult) -> str:
    name = parts.hostname or ""
    return f"[{name}]" if ":" in name else name


def _host_with_port(parts: SplitResult) -> str:
    name = _bracketed(parts).rstrip(".")
    if parts.port is None or parts.port == _DEFAULT_PORTS[parts.scheme]:
        return name
    return f"{name}:{parts.port}"


def _is_tracker(pair: str) -> bool:
    name = pair.split("=", 1)[0].lower()
    return name in _TRACKERS or name.startswith(_TRACKER_PREFIXES)


def _without_punctuation(link: str) -> str:
    """Drop what belongs to the sentence: full stops, and brackets that were opened before the address."""
    end = len(link)
    while end:
        last = link[end - 1]
        if last in _CLOSING:
            # Counting in the whole link each time would take quadratic time on a run of brackets.
            end = _unopened(link[:end])
            return link[:end] if end and link[end - 1] not in _TRAILING else link[:end].rstrip(_TRAILING)
        if last not in _TRAILING:
            break
        end -= 1
    return link[:end]


def _unopened(link: str) -> int:
    """Return the length of a link without the closing brackets at its end that nothing in it opens."""
    surplus = {close: link.count(close) - link.count(start) for close, start in _CLOSING.items()}
    end = len(link)
    while end and surplus.get(link[end - 1], 0) > 0:
        surplus[link[end - 1]] -= 1
        end -= 1
    return end
