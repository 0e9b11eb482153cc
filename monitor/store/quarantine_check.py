"""The invariants of the quarantine, checked for `monitor fsck`: each item under its own name, each byte counted."""

from collections.abc import Iterator, Mapping

from monitor.store.quarantine import decode_quarantined


def check_quarantine(items: Mapping[str, bytes], order: Mapping[str, float], sizes: Mapping[str, int]) -> Iterator[str]:
    """Yield one sentence per broken invariant."""
    weighed = {name.removeprefix("item "): size for name, size in sizes.items() if name.startswith("item ")}
    for key in items.keys() ^ order.keys():
        yield f"quarantine: {key} is in the {'items' if key in items else 'order'} only"
    for key in items.keys() ^ weighed.keys():
        yield f"quarantine: {key} is {'not weighed' if key in items else 'weighed and not there'}"
    for key, packed in items.items():
        if decode_quarantined(packed).key != key:
            yield f"quarantine: {key} is kept under another's name"
    if sizes.get("bytes", 0) != sum(weighed.values()):
        yield f"quarantine: holds {sum(weighed.values())} bytes and counts {sizes.get('bytes', 0)}"
