"""Draw the ten images of this example, with nothing but the standard library: `python examples/images/draw.py`.

A picture is a function from a place to a colour. PNG as in its specification (ISO/IEC 15948): a header, the rows, an end; each
row begins with the number of its filter, 0 for none.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias
from zlib import compress, crc32

SIZE = 96  # pixels on each side
Colour: TypeAlias = tuple[int, int, int]
Picture: TypeAlias = Callable[[int, int], Colour]

WHITE, BLACK, GREY = (255, 255, 255), (20, 20, 20), (200, 200, 205)
RED, GREEN, BLUE, YELLOW, BROWN = (214, 40, 40), (46, 139, 70), (38, 84, 160), (250, 200, 40), (120, 78, 40)


def disc(x: int, y: int, centre: tuple[int, int], radius: int) -> bool:
    """Return whether a place is on a disc."""
    return (x - centre[0]) ** 2 + (y - centre[1]) ** 2 <= radius**2


def box(x: int, y: int, left: int, top: int, right: int, bottom: int) -> bool:
    """Return whether a place is in a rectangle."""
    return left <= x < right and top <= y < bottom


def red_circle(x: int, y: int) -> Colour:
    """Paint a red disc on white."""
    return RED if disc(x, y, (48, 48), 30) else WHITE


def three_squares(x: int, y: int) -> Colour:
    """Paint three blue squares in a row."""
    return BLUE if any(box(x, y, left, 38, left + 20, 58) for left in (8, 38, 68)) else WHITE


def house(x: int, y: int) -> Colour:
    """Paint a brown house with a red roof, a yellow window and a black door."""
    if box(x, y, 44, 62, 56, 80):
        return BLACK
    if box(x, y, 28, 54, 40, 66):
        return YELLOW
    if box(x, y, 20, 46, 76, 80):
        return BROWN
    return RED if 20 <= y < 46 and abs(x - 48) <= (y - 18) * 1.2 else WHITE


def chessboard(x: int, y: int) -> Colour:
    """Paint a board of eight by eight squares."""
    return BLACK if (x // 12 + y // 12) % 2 else WHITE


def sunset(x: int, y: int) -> Colour:
    """Paint a yellow sun, half under the line of a blue sea."""
    if y >= 60:
        return BLUE
    return YELLOW if disc(x, y, (48, 60), 26) else (255, 170, 120)


def traffic_light(x: int, y: int) -> Colour:
    """Paint a traffic light that shows red."""
    lamps = {20: RED, 48: GREY, 76: GREY}
    lit = next((colour for height, colour in lamps.items() if disc(x, y, (48, height), 10)), None)
    return lit or (BLACK if box(x, y, 34, 6, 62, 90) else WHITE)


def bars(x: int, y: int) -> Colour:
    """Paint four bars, each higher than the one before."""
    number, place = divmod(x - 8, 20)
    is_bar = 0 <= number < 4 and place < 14 and y >= 84 - 18 * (number + 1)
    return GREEN if is_bar and y < 84 else BLACK if box(x, y, 4, 84, 92, 86) else WHITE


def flag(x: int, y: int) -> Colour:
    """Paint a flag of three stripes, blue, white and red, from left to right."""
    return (BLUE, WHITE, RED)[x // 32] if box(x, y, 0, 16, 96, 80) else GREY


def face(x: int, y: int) -> Colour:
    """Paint a yellow face that smiles."""
    if disc(x, y, (36, 38), 5) or disc(x, y, (60, 38), 5):
        return BLACK
    is_mouth = disc(x, y, (48, 50), 22) and not disc(x, y, (48, 46), 21) and y > 54
    return BLACK if is_mouth else YELLOW if disc(x, y, (48, 48), 38) else WHITE


def clock(x: int, y: int) -> Colour:
    """Paint a clock that shows three o'clock."""
    if box(x, y, 46, 20, 50, 50) or box(x, y, 46, 46, 70, 50):
        return BLACK
    return WHITE if disc(x, y, (48, 48), 36) else BLACK if disc(x, y, (48, 48), 40) else GREY


PICTURES: Mapping[str, Picture] = {
    drawn.__name__.replace("_", "-"): drawn
    for drawn in (red_circle, three_squares, house, chessboard, sunset, traffic_light, bars, flag, face, clock)
}


def png(picture: Picture) -> bytes:
    """Return a picture as a PNG file."""
    rows = (b"\0" + b"".join(bytes(picture(x, y)) for x in range(SIZE)) for y in range(SIZE))
    header = struct.pack(">IIBBBBB", SIZE, SIZE, 8, 2, 0, 0, 0)  # eight bits each of red, green and blue
    parts = ((b"IHDR", header), (b"IDAT", compress(b"".join(rows), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in parts)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc32(kind + content))


if __name__ == "__main__":
    folder = Path(__file__).parent / "images"
    folder.mkdir(exist_ok=True)
    for name, picture in PICTURES.items():
        (folder / f"{name}.png").write_bytes(png(picture))
