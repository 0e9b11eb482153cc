"""Files in requests: multipart bodies taken apart byte for byte, and pictures measured as Telegram limits them."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from tests.simulators.telegram_refusals import Breach, bad_request
from tests.simulators.telegram_spec import Upload

Json = dict[str, Any]

# core.telegram.org/bots/api#sending-files and #sendphoto
PHOTO_BYTES = 10_000_000
DOCUMENT_BYTES = 50_000_000
_SIDES = 10_000
_RATIO = 20
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


def read_multipart(content_type: str, body: bytes) -> tuple[dict[str, str], dict[str, Upload]]:
    """Return the fields and the files of a multipart/form-data body (RFC 7578). Raise Breach where it is broken."""
    boundary = re.search(r'boundary="?([^";]+)', content_type)
    if boundary is None:
        raise Breach(400, "Bad Request: multipart without a boundary")
    form: dict[str, str] = {}
    files: dict[str, Upload] = {}
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary[1].encode())[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        headers = _headers(head.decode())
        named = dict(_PARAMETER.findall(headers["content-disposition"]))
        if "filename" in named:
            kind = headers.get("content-type", "application/octet-stream")
            files[named["name"]] = Upload(named["filename"], kind, content)
        else:
            form[named["name"]] = content.decode()
    return form, files


def photo_sizes(upload: Upload, file_id: str) -> list[Json]:
    """Return the array of PhotoSize for a picture. Raise Refused where Telegram does not take it."""
    if len(upload.body) > PHOTO_BYTES:
        raise Breach(413, "Request Entity Too Large")
    width, height = picture_size(upload.body)
    if width + height > _SIDES or max(width, height) > _RATIO * min(width, height):
        raise Breach(400, "Bad Request: PHOTO_INVALID_DIMENSIONS")
    unique = {"file_id": file_id, "file_unique_id": file_id[-16:], "file_size": len(upload.body)}
    return [unique | {"width": width, "height": height}]


def document(upload: Upload, file_id: str) -> Json:
    """Return the object Document for a file. Raise Refused where Telegram does not take it."""
    if not upload.body:
        raise bad_request("Bad Request: file must be non-empty")
    if len(upload.body) > DOCUMENT_BYTES:
        raise Breach(413, "Request Entity Too Large")
    named = {"file_name": upload.name, "mime_type": upload.content_type, "file_size": len(upload.body)}
    return {"file_id": file_id, "file_unique_id": file_id[-16:], **named}


def file_id_of(upload: Upload, kind: str) -> str:
    """Return the id under which the server keeps a file: the same for the same bytes."""
    return f"{kind}-{hashlib.sha256(upload.body).hexdigest()[:24]}"


def picture_size(body: bytes) -> tuple[int, int]:
    """Return the width and the height of a PNG or JPEG in pixels. Raise Refused for anything else."""
    if body[:8] == b"\x89PNG\r\n\x1a\n" and body[12:16] == b"IHDR" and body.rstrip().endswith(b"IEND\xaeB`\x82"):
        return int.from_bytes(body[16:20]), int.from_bytes(body[20:24])
    if body[:2] == b"\xff\xd8":
        return _jpeg_size(body)
    raise bad_request("Bad Request: IMAGE_PROCESS_FAILED" if body else "Bad Request: file must be non-empty")


def _jpeg_size(body: bytes) -> tuple[int, int]:
    """Walk the segments to the frame header (ITU T.81, B.2.2)."""
    place = 2
    while place + 9 < len(body) and body[place] == 0xFF:
        marker, length = body[place + 1], int.from_bytes(body[place + 2 : place + 4])
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(body[place + 7 : place + 9]), int.from_bytes(body[place + 5 : place + 7])
        place += 2 + length
    raise bad_request("Bad Request: IMAGE_PROCESS_FAILED")


def _headers(head: str) -> Mapping[str, str]:
    lines = (line.partition(":") for line in head.strip().splitlines())
    return {name.strip().lower(): value.strip() for name, _, value in lines}
