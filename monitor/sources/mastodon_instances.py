"""The instances that are asked: their addresses, their tokens, their limits."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import msgspec

from monitor.errors import AccessDenied, ConfigError, SourceError
from monitor.logs import hide
from monitor.seams.pace import Bucket
from monitor.sources.http import Client, Refused, Response
from monitor.sources.mastodon_status import NAME

_DEFAULT = "mastodon.social"
_LIMIT, _PER = 300, timedelta(minutes=5)
"""Per account and per address: https://docs.joinmastodon.org/api/rate-limits/."""
_HOST = re.compile(r"[a-z0-9.-]+(:\d+)?")
_WANTS_ACCOUNT = "authenticated user"


class Instances:
    """Asks instances by their names; `bases` holds their addresses, `tokens` what they know us by."""

    def __init__(self, client: Client, bases: Mapping[str, str], tokens: Mapping[str, str]) -> None:
        self._client = client
        self._bases = bases
        self._tokens = tokens

    @property
    def hosts(self) -> tuple[str, ...]:
        """Return the names of the configured instances, in their order."""
        return tuple(self._bases)

    def base(self, host: str) -> str:
        """Return the address of an instance, configured or any other."""
        return self._bases.get(host, f"https://{host}")

    def token(self, host: str) -> str | None:
        """Return our token for an instance."""
        return self._tokens.get(host)

    def get(self, host: str, path: str, now: datetime, accept: str = "application/json") -> Response:
        """Ask an instance. Raise SourceError, which names it and gives its words."""
        headers = {"Accept": accept} | self.authorization(host)
        bucket = Bucket(f"{NAME}:{host}", _LIMIT, _PER)
        try:
            return self._client.get(NAME, self.base(host) + path, now=now, headers=headers, bucket=bucket)
        except SourceError as e:
            raise worded(host, e) from e.__cause__

    def authorization(self, host: str) -> dict[str, str]:
        """Return the header that tells an instance who asks; it never goes to another one."""
        token = self._tokens.get(host)
        return {} if token is None else {"Authorization": f"Bearer {token}"}


def opened(client: Client, options: Mapping[str, str]) -> Instances:
    """Return the instances of the options. Raise ConfigError.

    `instances`: hosts, with commas or spaces between them. `tokens`: "host=token" likewise; without one an instance is
    read as anybody may.
    """
    bases = dict(_base(entry) for entry in _listed(options.get("instances", _DEFAULT)))
    if not bases:
        raise ConfigError(["[sources.mastodon] instances: names no instance, such as mastodon.social"])
    tokens = dict(_token(entry) for entry in _listed(options.get("tokens", "")))
    for token in tokens.values():
        hide(token)
    return Instances(client, bases, tokens)


def worded(host: str, error: SourceError) -> SourceError:
    """Return an error with the name of its instance, and with what that said."""
    refused = error.__cause__
    words = _words(refused.body) if isinstance(refused, Refused) else ""
    said = f"{host}: {error.reason}" + (f": {words}" if words else "")
    # Instances that show nothing to strangers answer 422 (ApplicationController#require_authenticated_user!), some 401.
    if _WANTS_ACCOUNT in words:
        return AccessDenied(NAME, f"{said}; put a token for it into [sources.mastodon] tokens")
    return type(error)(NAME, said, *error.args[2:])


def was_refused(error: SourceError, *statuses: int) -> bool:
    """Tell whether an error comes from one of some statuses."""
    return isinstance(error.__cause__, Refused) and error.__cause__.status in statuses


def _words(body: bytes) -> str:
    try:
        said = msgspec.json.decode(body, type=dict[str, object]).get("error")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    return " ".join(said.split())[:200] if isinstance(said, str) else ""


def _listed(text: str) -> list[str]:
    return [entry for entry in re.split(r"[\s,]+", text) if entry and not entry.startswith("#")]


def _base(entry: str) -> tuple[str, str]:
    """Return the name and the address of an instance: "mastodon.social", or an address for one of your own."""
    url = urlsplit(entry if "://" in entry else f"https://{entry}")
    host = url.netloc.lower()
    if url.scheme not in {"http", "https"} or not _HOST.fullmatch(host) or url.path.strip("/"):
        raise ConfigError([f'[sources.mastodon] instances: "{entry}" is no instance; write its host: mastodon.social'])
    return host, f"{url.scheme}://{host}"


def _token(entry: str) -> tuple[str, str]:
    host, _, token = entry.partition("=")
    if not token or not _HOST.fullmatch(host.lower()):
        raise ConfigError(['[sources.mastodon] tokens: an entry is not written as "host=token"'])
    return host.lower(), token
