"""The pipeline that one writes first: a post at a time, a search per keyword, a round trip per command.

It is written in good faith with the usual libraries, imports nothing of the product, and leaves out what the product
does beyond it: script, copy groups, spans of the matches, hashed authors, replay safety.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from time import perf_counter

import langdetect
import redis

STAGES = ("decode", "match", "dedupe", "language", "store")
TTL_SECONDS = 30 * 86_400


class NaivePipeline:
    """Ingests lines one by one and keeps the seconds that each stage took."""

    def __init__(self, url: str, prefix: str, keywords: Sequence[str]) -> None:
        langdetect.DetectorFactory.seed = 0
        self._client = redis.Redis.from_url(url)
        self._prefix = prefix
        self._keywords = keywords
        self.seconds = dict.fromkeys(STAGES, 0.0)
        self.commands = 0

    def ingest(self, lines: Sequence[bytes]) -> None:
        """Store the posts that hold a keyword."""
        for line in lines:
            self._ingest(line)

    def stored_ids(self) -> set[str]:
        """Return the ids in the time index."""
        return {member.decode() for member in self._client.zrange(f"{self._prefix}:times", 0, -1)}

    def close(self) -> None:
        """Close the socket."""
        self._client.close()

    def _ingest(self, line: bytes) -> None:
        begin = perf_counter()
        post = json.loads(line)
        text = post["text"]
        begin = self._lap("decode", begin)
        matched = [keyword for keyword in self._keywords if keyword.lower() in text.lower()]
        begin = self._lap("match", begin)
        if not matched:
            return
        is_new = self._client.set(f"{self._prefix}:seen:{_digest(text)}", 1, nx=True, ex=TTL_SECONDS)
        begin = self._lap("dedupe", begin)
        self.commands += 1
        if not is_new:
            return
        language = _language(text)
        begin = self._lap("language", begin)
        self._store(post, matched, language)
        self._lap("store", begin)

    def _store(self, post: dict[str, str], matched: Sequence[str], language: str) -> None:
        id_, key = post["id"], f"{self._prefix}:post:{post['id']}"
        time = datetime.fromisoformat(post["created_at"])
        score = (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
        fields = {name: value for name, value in post.items() if value is not None}
        self._client.hset(key, mapping=fields | {"language": language, "keywords": ",".join(matched)})
        self._client.expire(key, TTL_SECONDS)
        self._client.zadd(f"{self._prefix}:times", {id_: score})
        for keyword in matched:
            self._client.zadd(f"{self._prefix}:keyword:{keyword}", {id_: score})
        self.commands += 3 + len(matched)

    def _lap(self, stage: str, begin: float) -> float:
        now = perf_counter()
        self.seconds[stage] += now - begin
        return now


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _language(text: str) -> str:
    try:
        return str(langdetect.detect(text))
    except langdetect.LangDetectException:
        return "und"
