"""Addresses that pretend: what a reader may click is http or https, and the host that is shown is the one that answers.

The shapes are those of published lists of open redirects, made anew: a foreign host behind a name before "@", slashes
and backslashes that are read otherwise, control characters, encoded dots, addresses as numbers, schemes that act.
"""

import ipaddress
import itertools
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import quote, unquote

from monitor.digests.render import render
from monitor.digests.wording import FSI, PDI
from monitor.models import Digest, Entity, Message, PostKey, SharedLink
from tests.unit.digests.cases import END, ZONE, a_digest, a_reaction, a_said

GOOD, EVIL = "good.example", "evil.example"
NUMBER = int(ipaddress.IPv4Address("203.0.113.7"))
HOSTS = (
    *(EVIL, EVIL.upper(), f"www.{EVIL}", f"{EVIL}.", f"{GOOD}.{EVIL}", f"{GOOD}-{EVIL}", "xn--80ak6aa92e.example"),
    *(
        "gооd.example",
        "ｅｖｉｌ.example",
        "evil。example",
        "evil．example",
        "good.example\u2044.evil.example",
        "evil\u200b.example",
    ),
    *("203.0.113.7", str(NUMBER), hex(NUMBER), "0313.0.0161.7", "203.113.7", "[::ffff:203.0.113.7]", "[2001:db8::7]"),
    *(
        "evil%2eexample",
        "evil%E3%80%82example",
        "%65vil.example",
        "localhost",
        "a" * 64 + ".example",
        f"{GOOD}.{'a' * 50}.{EVIL}",
        "-",
        "..",
    ),
)
SHAPES = (
    *(
        "//{host}",
        "///{host}",
        "////{host}/%2f..",
        "/\\{host}",
        "\\\\{host}",
        "\\/\\/{host}/",
        "/{host}",
        "{host}",
        "%2f%2f{host}",
    ),
    *(
        "https:{host}",
        "https:/{host}",
        "https:///{host}",
        "https:\\\\{host}",
        "https:/\\{host}",
        "https://\\{host}",
        "http:\\/\\/{host}",
    ),
    *(
        "https://good.example@{host}/",
        "https://good.example:80@{host}",
        "https://good.example%40{host}/",
        "https://@{host}",
    ),
    *(
        "https://good.example\\@{host}",
        "https://{host}\\@good.example",
        "https://good.example#@{host}/",
        "https://{host}?@good.example",
    ),
    *(
        "https://{host}#good.example",
        "https://{host}/good.example",
        "https://{host};good.example",
        "https://good.example&@{host}#",
    ),
    *("https://{host}:443/", "https://{host}:0/", "https://{host}:99999", "https://{host}:x/", "https://{host}:80:80/"),
    *(
        "ht\ttps://{host}",
        "https\n://{host}",
        "\x01https://{host}",
        "https://\t{host}",
        "https://{host}\r\nx: y",
        " https://{host} ",
    ),
    *(
        "javascript://{host}/%0aalert(1)",
        "java\tscript:alert('{host}')",
        "JaVaScRiPt:alert(1)//{host}",
        "vbscript:{host}",
    ),
    *("data:text/html,<script>location='//{host}'</script>", "tg://resolve?domain={host}", "tg://join?invite={host}"),
    *(
        "intent://{host}#Intent;scheme=https;end",
        "file://{host}/x",
        "ftp://{host}/",
        "blob:https://{host}/x",
        "view-source:https://{host}",
    ),
    *(
        "mailto:x@{host}",
        "tel:{host}",
        "sms:{host}",
        "https://good.example/redirect?to=//{host}",
        "HTTPS://{host}/",
        "http://{host}",
    ),
)


def pretending() -> Iterator[str]:
    """Yield each shape with each host, as it is and encoded once."""
    for shape, host in itertools.product(SHAPES, HOSTS):
        yield shape.format(host=host)
    yield from (quote(shape.format(host=EVIL), safe="") for shape in SHAPES)


def browsers_host(url: str) -> str | None:
    """Return where a browser goes, by the URL standard (https://url.spec.whatwg.org): backslashes are slashes, what
    precedes the last "@" is a name, tabs and line breaks are nothing, numbers are IPv4. None: nowhere on the web.
    """
    stripped = re.sub(r"[\t\r\n]", "", url.strip("".join(map(chr, range(33)))))
    scheme, colon, rest = stripped.partition(":")
    if not colon or scheme.lower() not in ("http", "https"):
        return None
    authority = re.split(r"[/?#]", rest.replace("\\", "/").lstrip("/"), maxsplit=1)[0]
    name = re.sub(r":\d*$", "", authority.rpartition("@")[2])
    name = unicodedata.normalize("NFKC", unquote(name).replace("\u3002", ".")).casefold()
    if not name.isascii():
        try:
            name = name.replace("\u200b", "").encode("idna").decode()
        except UnicodeError:
            return None
    return address_of(name.rstrip("."))


def address_of(name: str) -> str:
    """Return an IPv4 address that is written as numbers of any base, in the usual form; other names as they are."""
    parts = name.split(".")
    if len(parts) > 4 or not all(re.fullmatch(r"0x[0-9a-f]*|\d+", part) for part in parts):
        return name
    *firsts, last = (int(part, 16 if part.startswith("0x") else 8 if part[0] == "0" else 10) for part in parts)
    number = sum(first << 8 * (3 - place) for place, first in enumerate(firsts)) + last
    return str(ipaddress.IPv4Address(number))


def cut(message: Message, entity: Entity) -> str:
    """Return what an entity holds."""
    units = message.text.encode("utf-16-le")
    return units[2 * entity.offset : 2 * (entity.offset + entity.length)].decode("utf-16-le")


def fits(shown: str, host: str) -> bool:
    """Tell whether a host is shown, or its end."""
    return shown == host or (shown[0] == "…" and len(shown) >= 40 and host.endswith(shown[1:]))


def digest_of(url: str) -> Digest:
    """Return a digest that quotes an article at an address, and tells that many share it."""
    mention = a_said("砸锅卖铁", "砸锅卖铁", "rss", END, post={"key": PostKey("rss", "1"), "url": url})
    link = SharedLink(url=url, count=9, first_seen=END)
    return a_digest(reactions=(a_reaction(mention, "砸锅卖铁"),), link=link)


def test_no_address_that_pretends_is_shown_as_another() -> None:
    """Zero may be clicked that are not http or https, and the host that is shown is where a browser goes."""
    tried, linked, wrong = 0, 0, []
    for url in dict.fromkeys(pretending()):
        tried += 1
        message = render(digest_of(url), "1", ZONE)
        for entity in message.entities:
            if entity.url is None:
                continue
            linked += 1
            shown = cut(message, entity).strip(FSI + PDI)
            goes = browsers_host(entity.url)
            if goes is None or not fits(shown, goes.removeprefix("www.").strip("[]")):
                wrong.append((entity.url, shown, goes))

    assert wrong == []
    assert tried > 305
    assert linked > tried / 10
