"""The way out: resolve a name once, refuse addresses that are not public, connect to the very address that was checked.

    host ─resolve─► addresses ─all public?─► connect to one of them ─► stream whose every wait ends at the deadline

One connection per request: what was checked is what is used, and no idle connection outlives a DNS change.
"""

import os
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

import httpcore
import httpx

from monitor.sources.addresses import is_public

Resolver = Callable[[str, int, float], Sequence[str]]
"""Host, port and seconds to numeric addresses; raises OSError when there are none or the time is up."""

_CONNECT_SECONDS = 5.0
_LOOKUPS = threading.BoundedSemaphore(16)


NO_ADDRESS = "no address found"
_ERRNO = re.compile(r"\[Errno -?[0-9]+\] ?")


class Forbidden(Exception):
    """An address that must not be connected to; the message names it."""


class Deadline:
    """A point in time that no wait outlives; monotonic, so a corrected clock does not move it."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def clamp(self, timeout: float | None = None) -> float:
        """Return the seconds that one step may take; raise httpcore.TimeoutException when none are left."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise httpcore.TimeoutException("the answer took too long")
        return left if timeout is None else min(left, timeout)


def resolve(host: str, port: int, seconds: float) -> list[str]:
    """Ask the system for the addresses of a host, waiting no longer than `seconds`.

    getaddrinfo cannot be interrupted, so it runs in a daemon thread; at most 16 hang at a time.
    """
    if not _LOOKUPS.acquire(timeout=seconds):
        raise TimeoutError("too many name lookups hang")
    answers: SimpleQueue[list[str] | OSError] = SimpleQueue()
    threading.Thread(target=_look_up, args=(host, port, answers), name="name-lookup", daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except Empty:
        raise TimeoutError("the name server is too slow") from None
    if isinstance(answer, OSError):
        raise answer
    return answer


def _look_up(host: str, port: int, answers: "SimpleQueue[list[str] | OSError]") -> None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        answers.put(list(dict.fromkeys(str(address[0]) for *_, address in found)))
    except OSError as e:
        answers.put(e)
    except ValueError as e:  # a label that IDNA cannot encode, or a NUL
        answers.put(OSError(f"not a host name ({e})"))
    finally:
        _LOOKUPS.release()


def reason_of(error: BaseException, host: str) -> str:
    """Word why a host cannot be reached, without numbers of the system; a name that nobody knows says it all."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, socket.gaierror):
            return f"{NO_ADDRESS} for {host}"
        seen = seen.__cause__ or seen.__context__
    return f"{host} cannot be reached: {words_of(error)}"


def words_of(error: BaseException) -> str:
    """Return what an error says, without the numbers of the system that readers need not know."""
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return _ERRNO.sub("", str(error)) or type(error).__name__


class Network(NamedTuple):
    """What the client needs of the machine; tests put their own here."""

    resolve: Resolver = resolve
    backend: httpcore.NetworkBackend = httpcore.SyncBackend()
    ssl_context: ssl.SSLContext | None = None


class Permit(NamedTuple):
    """How one request may go out: until when, and whether the operator exempted its address from the rules."""

    deadline: Deadline
    is_exempt: bool


class GuardedTransport(httpx.BaseTransport):
    """Sends each request over a connection of its own, as its permit (`request.extensions["permit"]`) allows."""

    def __init__(self, network: Network) -> None:
        self._network = network
        # certifi's store, and nothing from the environment.
        self._ssl = network.ssl_context or httpx.create_ssl_context(trust_env=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the response with its body still to be read; closing it closes the connection."""
        permit: Permit = request.extensions["permit"]
        pool = httpcore.ConnectionPool(
            ssl_context=self._ssl,
            max_connections=1,
            max_keepalive_connections=0,
            network_backend=GuardedBackend(self._network, permit),
        )
        try:
            response = pool.handle_request(_core_request(request))
        except BaseException:
            pool.close()
            raise
        return httpx.Response(
            status_code=response.status,
            headers=response.headers,
            stream=_Body(response, pool),
            extensions=response.extensions,
        )


def _core_request(request: httpx.Request) -> httpcore.Request:
    url = request.url
    target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
    return httpcore.Request(method=request.method, url=target, headers=request.headers.raw, content=request.read())


class _Body(httpx.SyncByteStream):
    """The raw body of a response, and the connection that must be closed after it."""

    def __init__(self, response: httpcore.Response, pool: httpcore.ConnectionPool) -> None:
        self._response = response
        self._pool = pool

    def __iter__(self) -> Iterator[bytes]:
        yield from self._response.iter_stream()

    def close(self) -> None:
        try:
            self._response.close()
        finally:
            self._pool.close()


class GuardedBackend(httpcore.NetworkBackend):
    """Connects to checked addresses only. Name, Host and SNI stay those of the request."""

    def __init__(self, network: Network, permit: Permit) -> None:
        self._network = network
        self._permit = permit

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address that answers; raise Forbidden when any address is not public."""
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in self._addresses(host, port):
            seconds = self._permit.deadline.clamp(timeout or _CONNECT_SECONDS)
            try:
                stream = self._network.backend.connect_tcp(address, port, seconds, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as e:
                failure = e
                continue
            return GuardedStream(stream, self._permit.deadline)
        raise failure

    def _addresses(self, host: str, port: int) -> Sequence[str]:
        try:
            addresses = self._network.resolve(host, port, self._permit.deadline.clamp())
        except OSError as e:
            why = "" if isinstance(e, socket.gaierror) else f": {e}"
            raise httpcore.ConnectError(f"{NO_ADDRESS} for {host}{why}") from e
        refused = [] if self._permit.is_exempt else [a for a in addresses if not is_public(a)]
        if refused:
            raise Forbidden(f"{host} leads to {refused[0]}, which is not a public address")
        return addresses


class GuardedStream(httpcore.NetworkStream):
    """A stream whose every wait ends at the deadline, so that a drip of bytes ends in time."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.clamp(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.clamp(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, self._deadline.clamp(timeout))
        return GuardedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
