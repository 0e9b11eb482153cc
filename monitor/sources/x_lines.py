"""The lines of X's filtered stream as they come: a post each, sometimes a problem, and empty ones as signs of life."""

from collections.abc import AsyncGenerator

import httpx
import msgspec

from monitor.errors import OutOfCredit, PayloadChanged, SourceUnavailable
from monitor.sources.surrogates import repair
from monitor.sources.x_errors import Said
from monitor.sources.x_posts import NAME

LONGEST_LINE = 1_000_000


class _Line(msgspec.Struct, frozen=True):
    data: msgspec.Raw = msgspec.Raw()
    errors: list[Said] = []


async def posts_in(answer: httpx.Response) -> AsyncGenerator[bytes, None]:
    """Yield the posts of a connection as X wrote them. Raise what X says in place of one."""
    rest = b""
    async for chunk in answer.aiter_raw():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in filter(None, map(bytes.strip, lines)):
            yield post_in(line)
        if len(rest) > LONGEST_LINE:
            raise PayloadChanged(NAME, f"a line of the stream is longer than {LONGEST_LINE:,} bytes")


def post_in(line: bytes) -> bytes:
    """Return the post of a line, or raise what X says in place of one. A line that is neither is a post that breaks."""
    try:
        found = msgspec.json.decode(repair(line), type=_Line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return line
    if bytes(found.data) not in {b"", b"null"}:
        return bytes(found.data)
    if not found.errors:
        return line
    if b"/usage-capped" in line:
        raise OutOfCredit(NAME, "X's monthly cap")
    raise SourceUnavailable(NAME, f"X ends the stream: {found.errors[0].words}")
