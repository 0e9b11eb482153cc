"""X's own description of its API judges the simulated X, and whoever asks it. https://github.com/xdevplatform/docs"""

import gzip
import json
import warnings
from collections.abc import Mapping
from functools import cache
from typing import Any

from openapi_core import Config, OpenAPI
from openapi_core.testing import MockRequest, MockResponse

from tests.data import data_path

HOST = "https://api.x.com"
VERSIONS = {"tweet": "2.166", "post": "2.167"}


class Description:
    """One version of the description: 2.166 says `tweet.fields`, 2.167 `post.fields`."""

    def __init__(self, words: str) -> None:
        self._api = _api(VERSIONS[words])

    def faults_of_request(
        self, path: str, args: Mapping[str, str], headers: Mapping[str, str], method: str = "get", sent: bytes = b""
    ) -> str | None:
        """Return what is wrong with a request; None when nothing is."""
        return _fault(lambda: self._api.validate_request(_asked(path, args, headers, method, sent)))

    def faults_of_answer(
        self,
        path: str,
        args: Mapping[str, str],
        headers: Mapping[str, str],
        body: bytes,
        method: str = "get",
        sent: bytes = b"",
    ) -> str | None:
        """Return what is wrong with a good answer; None when nothing is."""
        answer = MockResponse(body, content_type="application/json")
        return _fault(lambda: self._api.validate_response(_asked(path, args, headers, method, sent), answer))


def _asked(path: str, args: Mapping[str, str], headers: Mapping[str, str], method: str, sent: bytes) -> MockRequest:
    signed = {"Authorization": headers.get("authorization", "")}
    return MockRequest(
        HOST, method, path, args=dict(args), headers=signed, data=sent or None, content_type="application/json"
    )


def _fault(check: Any) -> str | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of three ways to sign in, one is OAuth 1, of which OpenAPI knows nothing
            check()
    except Exception as e:  # noqa: BLE001 - whatever it finds wrong, in any of a hundred classes
        return f"{e!r} {e.__cause__ or ''}"[:2000]
    return None


@cache
def _api(version: str) -> OpenAPI:
    # 2.167 lists some values twice, which a description must not: it is not checked itself.
    described = json.loads(gzip.decompress(data_path(f"specs/x_openapi_{version}.json.gz").read_bytes()))
    return OpenAPI.from_dict(described, config=Config(spec_validator_cls=None))
