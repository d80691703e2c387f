"""Model files as they were pinned, and nothing else: size, digest and header are checked before anything is parsed.

Weights are safetensors only: a pickle can run code, and loaders that promise otherwise have been broken.
"""

import hashlib
import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

from processors.errors import WeightsRefused
from processors.manifest import ModelFile
from schemas.shown import shown

HEADER_MOST_BYTES = 16 * 1_048_576
_LENGTH_BYTES = 8
# What no file holds need not be multiplied: a header has room for numbers that take minutes.
_MOST, _MOST_DIMENSIONS = 1 << 48, 32
_ITEM_BYTES = {
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2,
    "I32": 4, "U32": 4, "F32": 4, "I64": 8, "U64": 8, "F64": 8,
}  # fmt: skip


def read_verified(folder: Path, file: ModelFile) -> bytes:
    """The bytes of a file, which are those that were pinned. Raises WeightsRefused otherwise.

    The same bytes are digested and returned, so that nothing can be put in their place in between.
    """
    path = folder / file.name
    try:
        size = path.stat().st_size
        if size != file.bytes:
            raise WeightsRefused(f"{path} has {size} bytes, its manifest says {file.bytes}; install it anew")
        data = path.read_bytes()
    except OSError as error:
        raise WeightsRefused(f"{path} can't be read ({error.strerror}); install it anew") from error
    digest = hashlib.sha256(data).hexdigest()
    if digest != file.sha256:
        raise WeightsRefused(
            f"{path} was changed: its sha256 is {digest}, its manifest says {file.sha256}; install it anew"
        )
    return data


def check_safetensors(data: bytes, name: str = "weights") -> dict[str, Any]:
    """The header of safetensors in which every tensor lies where its type and shape say. Raises WeightsRefused."""
    header = _read_header(data, name)
    tensors = {key: value for key, value in header.items() if key != "__metadata__"}
    spans = sorted(_span(key, value, name) for key, value in tensors.items())
    end = len(data) - _LENGTH_BYTES - int.from_bytes(data[:_LENGTH_BYTES], "little")
    whole = [(0, 0), *spans, (end, end)]
    if any(before[1] != after[0] for before, after in pairwise(whole)):
        raise WeightsRefused(f"{name}: its tensors overlap, leave gaps, or do not fill its {end} bytes of data")
    return tensors


def _read_header(data: bytes, name: str) -> dict[str, Any]:
    length = int.from_bytes(data[:_LENGTH_BYTES], "little")
    if len(data) < _LENGTH_BYTES or length > min(HEADER_MOST_BYTES, len(data) - _LENGTH_BYTES):
        raise WeightsRefused(f"{name}: {len(data)} bytes can't be safetensors with a header of {length} bytes")
    try:
        header = json.loads(data[_LENGTH_BYTES : _LENGTH_BYTES + length])
    except (ValueError, RecursionError) as error:
        raise WeightsRefused(f"{name}: its header is no JSON ({error}); only safetensors are loaded") from error
    if not isinstance(header, dict):
        raise WeightsRefused(f"{name}: its header is a JSON {type(header).__name__}, not an object")
    return header


def _span(key: str, tensor: Any, name: str) -> tuple[int, int]:
    """Begin and end of a tensor in the data."""
    try:
        item, shape, (begin, end) = _ITEM_BYTES[tensor["dtype"]], tensor["shape"], tensor["data_offsets"]
        sound = all(type(number) is int and 0 <= number <= _MOST for number in [*shape, begin, end])
        sound = sound and len(shape) <= _MOST_DIMENSIONS
        fits = sound and end - begin == item * math.prod(shape)
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsRefused(f"{name}: the entry of tensor {shown(key)} is malformed ({shown(error)})") from error
    if not fits:
        what = f"tensor {shown(key)} of shape {shown(shape)}"
        raise WeightsRefused(f"{name}: {what} does not fit its bytes {shown(begin)} to {shown(end)}")
    return begin, end
