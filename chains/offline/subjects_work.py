"""What the open families can plan, sell and write about: events, goods, situations, blunt messages and notices. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Event(NamedTuple):
    """Something to organise: four tasks in the imperative, what may go wrong, the remedy, and the best of it."""

    tasks: tuple[str, str, str, str]
    risk: str
    remedy: str
    joy: str


class Good(NamedTuple):
    """Something to sell: what it has, what that is good for, whom it suits, a common worry of buyers, the answer to it."""

    feature: str
    use: str
    buyer: str
    worry: str
    answer: str


class Situation(NamedTuple):
    """A reason to write: what happened, in a sentence, and what the writer asks for, after "please"."""

    fact: str
    wish: str


EVENTS: Mapping[str, Event] = {
    "a street party for neighbours": Event(
        ("ask the town to close the road", "borrow tables and benches", "share out the cakes and salads", "hang up the lights"),
        "rain", "book the garage yard as shelter", "long tables where everybody finds a seat"),
    "a charity run in spring": Event(
        ("agree the route with the police", "open the registration", "find twenty marshals", "order water and first aid"),
        "too few helpers", "ask the sports clubs a month ahead", "the cheers at the finish"),
    "a farewell for a colleague": Event(
        ("collect for a present", "book a table", "gather kind words from everybody", "choose who speaks"),
        "a secret that leaks out", "write to the others outside the office chat", "stories from the first working day"),
    "a science day for children": Event(
        ("choose six safe experiments", "invite helpers from the college", "buy goggles and cups",
        "write a card for each table"),
        "long queues at one table", "hand out coloured starting cards", "the first small rocket in the air"),
    "a clothes swap in town": Event(
        ("find a hall with rails", "set a limit of ten pieces each", "sort everything by size", "give the rest to charity"),
        "unsorted bags at the last minute", "take things in on the evening before", "a coat that finds a new owner"),
    "an open day at work": Event(
        ("choose what visitors may see", "train the guides", "prepare a short tour", "set up a corner for questions"),
        "visitors in unsafe areas", "mark the way with tape", "children who ask better questions than adults"),
    "a village film night": Event(
        ("pay for the screening rights", "borrow a projector", "set up chairs and blankets", "sell popcorn"),
        "wind on the screen", "tie it down and keep the hall ready", "the hush when the light goes out"),
    "a weekend choir workshop": Event(
        ("book the hall and the piano", "send out the music", "plan the breaks", "arrange the closing concert"),
        "hoarse voices", "plan silent hours and plenty of tea", "the last chord on Sunday"),
    "a second-hand book fair": Event(
        ("collect books for a month", "price them by colour", "set up tables by subject", "plan the takings"),
        "unsold boxes", "agree a collection with a charity shop", "a child with an armful of adventures"),
    "a family reunion at a lake": Event(
        ("agree the date by a vote", "reserve the cabins", "plan one meal for each branch", "prepare a quiz about the family"),
        "old quarrels", "seat people by birthday months", "four generations on one bench"),
    "a first-aid evening course": Event(
        ("invite a trainer", "borrow practice dolls", "limit the group to twelve", "print the certificates"),
        "people who only watch", "work in pairs from the first minute", "hands that know what to do"),
    "a repair afternoon for toys": Event(
        ("invite people who like to tinker", "gather tools and glue", "write down every case", "set up a waiting corner"),
        "repairs that take too long", "allow thirty minutes for each toy", "a bear with two eyes again"),
    "a poetry reading in the park": Event(
        ("choose a quiet corner", "invite five poets", "set up a small microphone", "lend out cushions"),
        "noise from the road", "begin after the evening traffic", "a line that people take home"),
    "a company cycling trip": Event(
        ("choose a flat route", "check the brakes of all bicycles", "book a lunch stop", "name a last rider"),
        "a flat tyre", "carry two spare tubes and a pump", "lunch in the grass"),
}  # fmt: skip

GOODS: Mapping[str, Good] = {
    "a folding bicycle helmet": Good("folds as flat as a book", "it fits into any bag", "commuters", "a fold could weaken it",
                                     "it passes the same impact test as a rigid one"),
    "a solar reading lamp": Good("charges on the window sill by day", "it gives eight hours of warm light", "campers",
                                 "cloudy weeks", "a cable charges it in two hours"),
    "a quiet electric kettle": Good("boils a litre in three minutes", "it does not drown a conversation", "shared offices",
                                    "limescale", "the lid comes off and a brush is included"),
    "a waterproof school bag": Good("closes with a rolled top", "books stay dry in a downpour", "families", "its weight",
                                    "it weighs less than nine hundred grams"),
    "a weekly vegetable box": Good("comes from farms within forty kilometres", "it brings what is ripe this week",
    "small households",
                                   "strange vegetables", "a recipe lies in every box"),
    "an online language course": Good("has lessons of twelve minutes", "it fits into a coffee break", "beginners",
                                      "losing interest", "a tutor writes to you every week"),
    "a set of stacking bowls": Good("nests into the space of one", "it tidies a small cupboard", "students", "scratches",
                                    "the glaze is fired twice"),
    "a wooden standing desk": Good("rises with a hand crank", "it needs no socket", "people with stiff backs", "wobbling",
                                   "a crossbar keeps it steady at full height"),
    "a repairable pair of headphones": Good("comes apart with one screwdriver", "every part can be replaced",
    "thrifty listeners",
                                            "the price", "the parts stay on sale for ten years"),
    "a garden planning notebook": Good("has a page for every week of the year", "last year's notes stand beside this year's",
                                       "hobby gardeners", "wet hands", "the cover is made of waxed cloth"),
    "a travel chess set": Good("holds its pieces with magnets", "a game survives any train", "grandparents and grandchildren",
                               "losing a pawn", "two spare pieces are included"),
    "a neighbourhood car share": Good("opens with a member card", "it saves the cost of a second car", "city families",
                                      "finding it taken", "it can be reserved four weeks ahead"),
    "a herb kit for kitchens": Good("waters itself from a small tank", "basil lives longer than a week", "busy cooks",
                                    "dark kitchens", "it needs only the light of a north window"),
    "a slow-feeding dog bowl": Good("has ridges that slow a greedy dog", "dinner takes five minutes longer",
    "owners of hungry dogs",
                                    "cleaning", "it goes into the dishwasher"),
}  # fmt: skip

SITUATIONS: Mapping[str, Situation] = {
    "a parcel that arrived damaged": Situation(
        "The box was torn and two of the six glasses were broken.", "send two new glasses"
    ),
    "a train that came too late": Situation(
        "The train arrived 74 minutes late and I missed my connection.", "refund the second ticket"
    ),
    "a bill that was paid twice": Situation(
        "The same bill was taken from my account on two days running.", "return the second payment"
    ),
    "noise from a building site": Situation(
        "Drilling has begun before six every morning this week.", "keep to the permitted hours"
    ),
    "a lost umbrella on a bus": Situation(
        "I left a green umbrella on the number 12 bus on Monday evening.", "tell me whether it was handed in"
    ),
    "a missed dental appointment": Situation("I mixed up the days and did not come on Thursday.", "offer me a new appointment"),
    "a swimming course that is full": Situation(
        "The beginners' course had no place left.", "put my daughter on the waiting list"
    ),
    "a heating that keeps failing": Situation(
        "The heating has failed three times since October.", "send somebody to repair it this week"
    ),
    "a reference after an internship": Situation(
        "My internship in your workshop ended in June.", "write a short reference for me"
    ),
    "a borrowed book returned late": Situation(
        "I found your book under a pile of newspapers, a month too late.", "forgive the delay"
    ),
    "a broken lamp in the stairwell": Situation(
        "The stairwell has been dark since the lamp on the second floor broke.", "have it replaced"
    ),
    "a wrong name on a ticket": Situation("My name is misspelled on the concert ticket.", "issue a corrected ticket"),
    "a room booking that overlaps": Situation(
        "Two groups have booked the blue room for Friday at four.", "move one of them to another room"
    ),
    "a gym contract after moving": Situation(
        "I am moving to another town at the end of the month.", "end my contract on that date"
    ),
    "a neighbour's overhanging tree": Situation(
        "The branches of your walnut tree now reach our roof.", "have them cut back before winter"
    ),
    "a menu without vegan dishes": Situation("There was no vegan dish on the menu of our club dinner.", "add one next time"),
}

BLUNT: Mapping[str, str] = {
    "Send me the report now.": "Could you please send me the report when you have a moment?",
    "You forgot the attachment again.": "I could not find the attachment; could you please send it once more?",
    "That idea will not work.": "I see a difficulty with that idea and would like to talk it through with you.",
    "Move your car.": "Would you mind moving your car, please?",
    "This is the wrong room.": "I think we may be in the wrong room; shall we check the list together?",
    "Stop talking so loudly.": "Could we please speak a little more quietly?",
    "I want my money back.": "I would be grateful if you could refund the amount.",
    "You are late.": "I was beginning to worry; is everything all right?",
    "Answer my message.": "I would be glad to hear from you when you find the time.",
    "Your text is too long.": "I think the text would gain from being a little shorter.",
    "Nobody asked you.": "Thank you for the thought; we have what we need for now.",
    "Do it again, it is wrong.": "There seems to be a slip in it; could you please look at it once more?",
    "I cannot come, bad luck.": "I am sorry that I cannot come, and I hope we can find another day.",
    "Clean up the kitchen.": "Could you please leave the kitchen as you would like to find it?",
    "Hurry up with the order.": "Could you let us know when the order will be ready, please?",
    "That is not my job.": "I am not the right person for this, but I can tell you who is.",
}
"""Blunt messages and what a polite person would write instead."""
