"""HTTP responses of bounded size: a server that never ends its answer, or packs gigabytes into a megabyte, costs no memory.

Between the providers' clients and the network. What is counted is what a response holds unpacked, which is what it costs.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import httpx

MOST_BYTES = 8 * 2**20  # of a response; the longest reply that a model can be asked for is below a tenth of it
ENCODINGS = ("gzip", "deflate")  # asked for; a piece of such a response is a thousand times its size at most when unpacked


class UnboundedResponseError(httpx.DecodingError):
    """A response that is too large to be a reply, or packed as nobody asked for."""


async def bound(response: httpx.Response) -> None:
    """Let reading a response end where it grows too large; a response hook of an `httpx.AsyncClient`.

    Raises `UnboundedResponseError`, now or while it is read.
    """
    packed = response.headers.get("content-encoding", "identity").strip().lower()
    if packed not in ("", "identity", *ENCODINGS):  # packed twice, it may be a million times its size
        raise UnboundedResponseError(f"the response is packed as {packed[:40]!r}, which was not asked for")
    # All that reads a response goes through this method.
    response.aiter_bytes = _bounded(response)  # type: ignore[method-assign, assignment]


def _bounded(response: httpx.Response) -> Callable[[int | None], AsyncIterator[bytes]]:
    async def pieces(chunk_size: int | None = None) -> AsyncIterator[bytes]:
        del response.aiter_bytes  # it is read once; the two hold each other, and would stay until they are collected
        length = 0
        async for piece in response.aiter_bytes(chunk_size):
            length += len(piece)
            if length > MOST_BYTES:
                raise UnboundedResponseError(f"the response is larger than {MOST_BYTES // 2**20} MiB")
            yield piece

    return pieces
