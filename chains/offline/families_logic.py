"""Closed families of small puzzles: orderings, walks on a grid, ballots, coins, chains of replacement."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from random import Random

from self_instruct.chains.offline.composing import SEPARATORS
from self_instruct.chains.offline.family import Family, Kind, Slots, several
from self_instruct.chains.offline.vocabulary import NAMES, PURPOSES

RACES: Mapping[str, tuple[str, str]] = {
    "four runners by their speed": ("faster than", "slower than"),
    "four cousins by their age": ("older than", "younger than"),
    "four climbers by their height": ("taller than", "shorter than"),
    "four singers by their loudness": ("louder than", "quieter than"),
    "four bakers by their patience": ("more patient than", "less patient than"),
    "four sailors by their experience": ("more experienced than", "less experienced than"),
    "four pupils by their tidiness": ("tidier than", "messier than"),
    "four drivers by their caution": ("more careful than", "more careless than"),
}
ENDS: Mapping[str, bool] = {
    "beginning with the one who has most of it": True, "beginning with the one who has least of it": False,
    "the greatest degree first": True, "the smallest degree first": False,
}  # fmt: skip
FIRST_NAMES: Mapping[str, Callable[[str], str]] = {
    "Write the names in full": str, "Write the initials only": lambda name: name[0],
    "Write the names in capital letters": str.upper,
}  # fmt: skip


def _ordered(slots: Slots, rng: Random) -> tuple[str, str]:
    names = list({name[0]: name for name in rng.sample(NAMES, 8)}.values())[:4]
    more, less = RACES[slots["race"]]
    clues = []
    for higher, lower in pairwise(names):
        clues.append(f"{higher} is {more} {lower}." if rng.random() < 0.5 else f"{lower} is {less} {higher}.")
    rng.shuffle(clues)
    ranking = names if ENDS[slots["end"]] else names[::-1]
    return " ".join(clues), SEPARATORS[slots["separator"]].join(map(FIRST_NAMES[slots["style"]], ranking))


WALKERS = (
    "a toy robot", "a chess king", "a hungry beetle", "a treasure hunter", "a delivery drone", "a lost tourist",
    "a vacuum robot", "a farm tractor", "a ghost in a castle",
)  # fmt: skip
CORNERS: Mapping[str, tuple[int, int]] = {
    "at the origin": (0, 0), "at the point (2, 3)": (2, 3), "at the point (-4, 1)": (-4, 1), "at the point (5, -2)": (5, -2),
    "three squares east of the well": (3, 0), "two squares north of the well": (0, 2),
}  # fmt: skip
COMPASS: Mapping[str, tuple[int, int]] = {"north": (0, 1), "south": (0, -1), "east": (1, 0), "west": (-1, 0)}
POSITIONS: Mapping[str, str] = {
    "as coordinates (east, north)": "({x}, {y})", "in the form x=east, y=north": "x={x}, y={y}",
    "as two numbers, east before north": "{x} {y}", "in words as steps east and steps north": "{x} east and {y} north",
}  # fmt: skip


def _walked(slots: Slots, rng: Random) -> tuple[str, str]:
    x, y = CORNERS[slots["corner"]]
    steps = [(rng.choice(tuple(COMPASS)), rng.randint(1, 9)) for _ in range(rng.randint(3, 5))]
    for direction, length in steps:
        x, y = x + COMPASS[direction][0] * length, y + COMPASS[direction][1] * length
    return ", ".join(f"{direction} {length}" for direction, length in steps), POSITIONS[slots["position"]].format(x=x, y=y)


VOTES: Mapping[str, tuple[str, ...]] = {
    "the dish of the summer party": ("pizza", "soup", "curry"),
    "the colour of the new fence": ("green", "white", "blue"),
    "the aim of the class trip": ("museum", "lake", "zoo"),
    "the name of the ferry": ("Gull", "Anna", "Star"),
    "the film of the month": ("Ember", "Salt", "North"),
    "the tree of the year": ("oak", "lime", "elm"),
    "the day of the market": ("Friday", "Saturday", "Sunday"),
    "the captain of the team": ("Ada", "Noah", "Rosa"),
    "the mascot of the school": ("owl", "fox", "bee"),
}
BALLOTS: Mapping[str, str] = {
    "name the winner and the number of votes": "{winner} with {votes}",
    "write the winner and, in brackets, the votes": "{winner} ({votes})",
    "report the votes first and the winner after them": "{votes} for {winner}",
}  # fmt: skip
TIES: Mapping[str, bool] = {
    "in a tie the first in the alphabet wins": True, "in a tie the last in the alphabet wins": False,
    "where votes are equal, take the name nearer to A": True, "where votes are equal, take the name nearer to Z": False,
}  # fmt: skip


def _ballot(slots: Slots, rng: Random) -> tuple[str, str]:
    choices = VOTES[slots["vote"]]
    ballots = [rng.choice(choices) for _ in range(rng.randint(6, 11))]
    most = max(map(ballots.count, choices))
    tied = sorted(
        (choice for choice in choices if ballots.count(choice) == most), key=str.lower, reverse=not TIES[slots["tie"]]
    )
    return ", ".join(ballots), BALLOTS[slots["ballot"]].format(winner=tied[0], votes=most)


COINS: Mapping[str, tuple[int, ...]] = {
    "coins of 1, 2, 5 and 10": (10, 5, 2, 1), "tokens worth 1, 4 and 16": (16, 4, 1), "notes of 1, 5 and 25": (25, 5, 1),
    "weights of 1, 3 and 9 grams": (9, 3, 1), "vouchers of 1, 2, 10 and 20": (20, 10, 2, 1), "stamps of 1, 6 and 12": (12, 6,
    1),
    "bricks of length 1, 2, 4 and 8": (8, 4, 2, 1), "planks of 1, 7 and 14 metres": (14, 7, 1),
}  # fmt: skip
PAYERS = (
    "at a fairground booth", "in a toy shop", "at the post office counter", "in a board game", "at a bakery till",
    "in a maths lesson", "at a car park machine", "in a village bank", "on a building site",
)  # fmt: skip
PIECES: Mapping[str, Callable[[list[int]], str]] = {
    "list the pieces from large to small": lambda pieces: ", ".join(map(str, pieces)),
    "say only how many pieces that takes": lambda pieces: str(len(pieces)),
    "write it as a sum, the largest first": lambda pieces: " + ".join(map(str, pieces)),
    "give the number of pieces and then the pieces downwards": lambda pieces: f"{len(pieces)}: {', '.join(map(str, pieces))}",
}


def _fewest(slots: Slots, rng: Random) -> tuple[str, str]:
    amount = rest = rng.randint(13, 99)
    pieces = []
    for coin in COINS[slots["coins"]]:  # each is a multiple of a smaller one, or 5 over 2: taking the largest first is best
        pieces += [coin] * (rest // coin)
        rest %= coin
    return str(amount), PIECES[slots["pieces"]](pieces)


FAMILIES = (
    Family(
        "ordering puzzle",
        Kind.CLOSED,
        (
            "Rank {race} from the clues, {end}, {separator}. {style}.",
            "Read the clues and put {race} in order {purpose}, {end}, {separator}. {style}.",
        ),
        {"race": RACES, "end": ENDS, "separator": SEPARATORS, "purpose": PURPOSES, "style": FIRST_NAMES},
        several(_ordered),
    ),
    Family(
        "grid walk",
        Kind.CLOSED,
        (
            "{walker} starts {corner} and follows the steps given. State {position} where it ends, {purpose}.",
            "Where does {walker} that sets out {corner} arrive after these steps? Answer {position} {purpose}.",
        ),
        {"walker": WALKERS, "corner": CORNERS, "position": POSITIONS, "purpose": PURPOSES},
        several(_walked),
    ),
    Family(
        "ballots",
        Kind.CLOSED,
        (
            "Count the ballots on {vote} {purpose} and {ballot}; {tie}.",
            "{purpose}, evaluate the votes on {vote}: {ballot}, and {tie}.",
        ),
        {"vote": VOTES, "ballot": BALLOTS, "tie": TIES, "purpose": PURPOSES},
        several(_ballot),
    ),
    Family(
        "fewest pieces",
        Kind.CLOSED,
        (
            "Make up an amount {payer} with as few {coins} as possible {purpose}; {pieces}.",
            "With the fewest {coins}, reach a number {payer} {purpose}, and {pieces}.",
        ),
        {"coins": COINS, "payer": PAYERS, "pieces": PIECES, "purpose": PURPOSES},
        several(_fewest),
    ),
)
