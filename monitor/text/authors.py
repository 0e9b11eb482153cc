"""Who wrote a post, without saying who: accounts can be counted and recognised, and not named."""

import hashlib
import hmac
from collections.abc import Callable, Collection

from monitor.models import Author, PostKey


def make_disguise(key: bytes, named: Collection[str], *, keep_names: bool) -> Callable[[PostKey, Author], Author]:
    """Return a function that replaces an author's id by a keyed hash (HMAC-SHA-256, 96 bits) and drops the names.

    Names stay for the accounts listed in `named` as "source:handle" or "source:id", and for all with `keep_names`. An
    author without id, handle and name stays absent.
    """
    listed = {entry.casefold() for entry in named}

    def disguise(post: PostKey, author: Author) -> Author:
        identity = author.id or author.handle or author.name
        if identity is None:
            return author
        digest = hmac.digest(key, f"{post.source}:{identity}".encode("utf-8", "surrogatepass"), hashlib.sha256)
        hidden = Author(id=digest[:12].hex())
        if not keep_names and not _is_listed(post.source, author, listed):
            return hidden
        return Author(id=hidden.id, handle=author.handle, name=author.name)

    return disguise


def _is_listed(source: str, author: Author, listed: Collection[str]) -> bool:
    names = (author.id, author.handle)
    return any(name is not None and f"{source}:{name}".casefold() in listed for name in names)
