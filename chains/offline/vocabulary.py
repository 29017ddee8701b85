"""Words that several families share: what is measured, where it comes from, what a task is for, and plain sentences."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

NAMES = (
    "Ada", "Ben", "Clara", "David", "Elif", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Katya", "Liam", "Mina", "Noah", "Olga",
    "Pedro", "Rosa", "Samir", "Tessa", "Umar", "Vera", "Wim", "Yara", "Zeno",
)  # fmt: skip

MEASUREMENTS: Mapping[str, tuple[int, int]] = {
    "parcel weights in grams": (120, 980),
    "daily rainfall totals in millimetres": (2, 48),
    "bus waiting times in minutes": (1, 29),
    "heart rates after a short run": (92, 168),
    "prices of second-hand books in cents": (150, 1450),
    "ages of the club's members": (18, 84),
    "distances cycled in kilometres": (4, 96),
    "scores from a spelling contest": (3, 50),
    "heights of sunflower seedlings in millimetres": (15, 140),
    "visitor numbers of a small museum": (8, 260),
    "lengths of songs in seconds": (95, 420),
    "page counts of borrowed novels": (120, 680),
    "calls answered at the help desk": (11, 97),
    "loaves sold before nine o'clock": (20, 140),
    "litres of milk brought to the dairy": (30, 480),
    "numbers of steps climbed per day": (200, 4200),
    "depths of the village ponds in centimetres": (40, 310),
    "weights of the prize pumpkins in kilograms": (9, 88),
}
"""Lists of whole numbers, with the range in which they are plausible."""

SOURCES = (
    "recorded by a school weather club", "noted in a shopkeeper's diary", "from the last summer season",
    "sent in by volunteers", "copied from a wall calendar", "collected during a charity week",
    "found in the caretaker's log book", "kept by a careful neighbour", "typed up after a busy Saturday",
    "taken every morning in March", "handed over by the night shift", "read out at the annual meeting",
    "written on the back of an envelope", "gathered for a local newspaper",
)  # fmt: skip

PURPOSES = (
    "for the notice board of a youth hostel", "for a quiz night at the library", "for the weekly report of a small workshop",
    "for a worksheet in evening school", "for the minutes of a club meeting", "for a colleague on the phone",
    "for the records of a repair shop", "for an exhibition in the town hall", "for the archive of a local choir",
    "for a handover at the end of a shift", "for the back page of a school magazine", "for a training day with new volunteers",
    "for a guide book about the region", "for the accounts of a housing association", "for a bulletin on the staff-room door",
    "for a younger cousin who is learning", "for a colleague at the parcel office", "for a radio programme about local life",
    "for the shared notebook of a flat", "for the logbook of a sailing club", "for a friend who lost her glasses",
    "for the first lesson after the holidays", "for a puzzle page in the Sunday paper", "for the display at the ticket counter",
    "for an inspector who comes on Monday", "for the papers of a market trader", "for my grandfather in the country",
    "for the committee that meets tonight", "for two sisters who disagree", "for the yearly report of a museum",
    "for a beginner in the office", "for the wall of the waiting room",
)  # fmt: skip

TEXTS = (
    "a headline from the local paper", "a note left on the fridge", "the first line of a diary",
    "a sentence from a bedtime story", "a message on the answering machine", "a line from a travel blog",
    "an entry in the guest book", "a caption under an exhibit", "a sentence from a detective novel",
    "the subject line of a letter", "a remark overheard on the tram", "a clue in a treasure hunt",
    "the motto of a walking group", "an announcement at the harbour",
)  # fmt: skip
"""Kinds of short text that a sentence of `plain_sentence` can pass for."""

_WHO = (
    "the old gardener", "a tired courier", "my younger sister", "the new librarian", "a quiet farmer", "the night nurse",
    "our landlord", "the station master", "a famous cellist", "the baker's apprentice", "two visitors", "the ferry captain",
    "a small brown dog", "the history teacher", "an anxious tourist", "the whole orchestra",
)  # fmt: skip
_DID = (
    "found a silver coin", "lost a red umbrella", "repaired the garden gate", "carried a heavy basket",
    "forgot the front door key", "painted a yellow boat", "sold twelve jars of honey", "waited for the last tram",
    "read a letter aloud", "heard a strange melody", "bought fresh bread", "opened the wrong window", "followed a narrow path",
    "planted seven rose bushes", "borrowed a wooden ladder", "missed the evening train",
)  # fmt: skip
_WHERE = (
    "behind the post office", "near the stone bridge", "at the edge of the forest", "under the kitchen stairs",
    "in a crowded market", "beside the frozen lake", "on the second floor", "across the empty square",
    "outside the village school", "along the muddy river", "in the harbour", "next to the bus stop",
)  # fmt: skip
_WHEN = (
    "on Tuesday", "before breakfast", "last winter", "after the storm", "at midnight", "during the long break",
    "early this morning", "in late October", "on a rainy Sunday", "just after lunch",
)  # fmt: skip


def plain_sentence(rng: Random) -> str:
    """Return a sentence of eight to fifteen words, without an end mark: "The old gardener found a silver coin ..."."""
    who = rng.choice(_WHO)
    return f"{who[0].upper()}{who[1:]} {rng.choice(_DID)} {rng.choice(_WHERE)} {rng.choice(_WHEN)}"


def measured(what: str, rng: Random, least: int = 5, most: int = 8) -> list[int]:
    """Return five to eight (or as asked) different whole numbers, plausible for a key of `MEASUREMENTS`."""
    low, high = MEASUREMENTS[what]
    return rng.sample(range(low, high + 1), rng.randint(least, most))
