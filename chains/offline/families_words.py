"""Classification families decided by what words mean: opinion, urgency, tense, kinds of things, languages, departments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from self_instruct.chains.offline.families_rules import ALONE, Labels, named
from self_instruct.chains.offline.family import Family, Kind, Slots, by_label
from self_instruct.chains.offline.vocabulary import NAMES, PURPOSES

Bank = Sequence[Sequence[str]]
"""Texts for each label, in the order in which the label sets name them; "{}" stands for a person's name."""


def family(name: str, phrasings: tuple[str, ...], labels: Labels, bank: Bank, things: Mapping[str, Sequence[str]]) -> Family:
    """Return a family whose inputs are taken from a bank. Its phrasings may use {labels}, {alone}, {purpose} and `things`."""

    def text(label: str, slots: Slots, rng: Random) -> str:
        return rng.choice(bank[labels[slots["labels"]].index(label)]).format(rng.choice(NAMES))

    slots = {"labels": labels, "alone": ALONE, "purpose": PURPOSES, **things}
    return Family(name, Kind.CLASSIFICATION, phrasings, slots, by_label(lambda found: labels[found["labels"]], text))


OPINIONS: Bank = (
    ("{} loved every minute and would come back tomorrow.", "A wonderful surprise, friendly people and a fair price.",
     "It worked perfectly from the first day, thank you!", "The best we have tried in years; warmly recommended.",
     "Beautifully made, and {} was delighted with it."),
    ("{} was disappointed and asked for the money back.", "Rude answers, long delays and nobody who cared.",
     "It broke on the second day; what a waste.", "The worst evening of the whole trip, sadly.",
     "Overpriced, dirty and far too loud."),
    ("It opens at nine and closes at six.", "{} bought it in March and uses it twice a week.",
    "There are two sizes and three colours.",
     "We paid at the counter and took it with us.", "The box holds twelve pieces and a leaflet."),
)  # fmt: skip
REVIEWED = (
    "a boat trip", "a bread machine", "a language school", "a campsite", "a pair of boots", "a puppet show", "a garden hose",
    "a hotel breakfast", "an audio guide", "a haircut", "a board game", "a sleeping bag", "a repair service", "a vegetable box",
)  # fmt: skip
URGENCY: Bank = (
    ("Water is running through the ceiling, please come at once!", "{} has fallen and cannot get up; we need help now.",
     "The gas alarm is ringing and we have left the house.", "The patient in room 4 is short of breath, come immediately."),
    ("The heating has been lukewarm since yesterday; please come within the next days.",
    "{} needs an answer by the end of the week.",
     "Could somebody look at the squeaking lift before Friday?", "The form should be back in three days or so."),
    ("Some day we might think of a new colour for the hall.", "There is no hurry, but {} would like a copy of the rules.",
     "Whenever you have a quiet hour, please sort the old magazines.", "No rush at all; next month is soon enough."),
)  # fmt: skip
INBOXES = (
    "a caretaker's office", "a small clinic", "a school secretary", "a housing company", "a ferry operator", "a sports centre",
    "a youth hostel", "a theatre workshop", "a community kitchen", "a camping ground", "a tram depot", "a retirement home",
)  # fmt: skip
TENSES: Bank = (
    ("{} repaired the fence last week.", "Yesterday the choir sang three old songs.", "We waited an hour for the ferry.",
     "The storm broke two windows.", "{} wrote a long letter home."),
    ("{} repairs fences for a living.", "The choir sings three old songs every Sunday.", "We wait at the usual corner.",
     "The wind shakes the windows.", "{} writes a line every day."),
    ("{} will repair the fence next week.", "Tomorrow the choir will sing three old songs.",
    "We are going to wait for the ferry.",
     "The storm will reach us at night.", "{} will write as soon as the ship lands."),
)  # fmt: skip
LINES_FROM = (
    "a travel diary", "a school essay", "a sports report", "a family letter", "a radio play", "a village chronicle",
    "a weather bulletin", "a memoir", "a comic strip", "a postcard", "a song text", "a captain's log",
)  # fmt: skip
SENTENCES: Bank = (
    ("The market opens at seven.", "{} keeps bees behind the barn.", "Rain fell on the tents all night.",
    "The bridge is closed until May."),
    ("When does the market open?", "Who keeps the bees behind the barn?", "Did {} bring a tent?", "Why is the bridge closed?"),
    ("Open the market gate, please.", "Leave the bees alone, {}.", "Put up the tent before dark.", "Take the other bridge."),
)  # fmt: skip
ANIMALS: Bank = (
    ("otter", "hedgehog", "bat", "whale", "squirrel", "badger", "dolphin", "mole", "hare"),
    ("heron", "penguin", "owl", "sparrow", "ostrich", "swift", "kingfisher", "puffin", "crane"),
    ("salmon", "herring", "eel", "carp", "shark", "trout", "seahorse", "pike", "tuna"),
    ("beetle", "wasp", "ant", "moth", "dragonfly", "ladybird", "cricket", "mosquito", "hornet"),
)  # fmt: skip
SIGHTED = (
    "a school's nature trail", "a zoo's new signs", "a ranger's notebook", "a children's quiz", "a museum's drawers",
    "a wildlife podcast", "a card game", "a vet's cupboard", "a field guide for beginners", "a lake survey", "a colouring book",
    "a riverside walk",
)  # fmt: skip
REGISTERS: Bank = (
    ("Dear Ms Hill, I would be grateful for a reply at your convenience.", "We regret to inform you that the office is closed.",
     "Please find enclosed the documents you requested.", "I should like to apply for the position as advertised."),
    ("Hey {}, wanna grab a coffee later?", "Sorry, can't make it, gotta run!", "No worries, see ya at the pitch.",
     "That gig was so cool, you should've been there."),
)  # fmt: skip
WRITERS = (
    "a message from a landlord", "a note to a teacher", "a reply to an invitation", "a text to the team", "an e-mail to a bank",
    "a card to a neighbour", "a line to the editor", "a request to a town hall", "an answer to an advert",
    "a word to a supplier",
)  # fmt: skip
TONGUES: Bank = (
    ("The cat sleeps under the warm stove.", "We are going home before the rain begins.",
    "My brother has bought a green bicycle.",
     "There is fresh bread on the table."),
    ("Die Katze liegt unter dem warmen Ofen.", "Wir gehen nach Hause, bevor es regnet.", "Mein Bruder hat ein Fahrrad gekauft.",
     "Auf dem Tisch liegt frisches Brot."),
    ("Le chat dort sous la table.", "Nous rentrons avant la pluie.", "Mon fils a une bicyclette verte.",
    "Il y a du pain frais sur la table."),
    ("El gato duerme debajo de la mesa.", "Volvemos a casa antes de la lluvia.", "Mi hermano tiene una bicicleta verde.",
     "Hay pan fresco en la mesa."),
)  # fmt: skip
SPOKEN = (
    "a hotel guest's complaint", "a call to the switchboard", "a label on a tin", "an old recipe card", "a letter in the attic",
    "a sign at the border", "a passenger's remark", "a line in a cookery book", "a sticker on a suitcase", "a prayer book",
    "a menu by the sea",
)  # fmt: skip
SPEECH: Bank = (
    ("lantern", "kettle", "courage", "harbour", "violin", "meadow", "patience", "ladder"),
    ("wander", "forgive", "describe", "borrow", "arrive", "choose", "remember", "collect"),
    ("gentle", "crooked", "generous", "bitter", "ancient", "cheerful", "hollow", "transparent"),
)  # fmt: skip
BINS: Bank = (
    ("an old newspaper", "an egg box of grey card", "a torn envelope", "a paper bag", "last year's calendar"),
    ("potato peel", "wilted flowers", "coffee grounds", "an apple core", "tea leaves"),
    ("a jam jar", "an empty wine bottle", "a cracked pickle jar", "a clear juice bottle of glass", "a green bottle"),
)  # fmt: skip
SORTERS = (
    "a school canteen", "a festival crew", "a block of flats", "a campsite kitchen", "a scout hut", "a hospital cafe",
    "a student hall", "a railway station", "a mountain refuge", "a sports club", "a market square", "a town beach",
)  # fmt: skip
CLAIMS: Bank = (
    ("Water boils at 100 degrees Celsius at sea level.", "A week has seven days.", "The heart of a human has four chambers.",
     "Copper conducts electricity.", "A triangle has three sides."),
    ("Winter is the loveliest season.", "Chess is more exciting than football.",
    "Nobody should wear brown shoes with blue trousers.",
     "Tea tastes better than coffee.", "Old houses are nicer than new ones."),
)  # fmt: skip
HEARD = (
    "a debate at school", "a phone-in programme", "a talk over dinner", "a blog about everyday life", "a speech in the council",
    "a leaflet", "a comment under an article", "a podcast on science", "a lecture for seniors", "a quiz show",
    "a letter to the editor",
)  # fmt: skip
FOODS: Bank = (
    ("apple", "plum", "pear", "cherry", "orange", "raspberry", "banana"),
    ("carrot", "cabbage", "leek", "broccoli", "spinach", "cauliflower", "beetroot"),
    ("rye", "oats", "barley", "wheat", "rice", "millet", "spelt"),
    ("cheddar", "yoghurt", "butter", "buttermilk", "cream", "quark", "mozzarella"),
)  # fmt: skip
SHELVES = (
    "a corner shop", "a cooking class", "a dietician's poster", "a ship's galley", "a food bank", "a toy shop game",
    "a harvest festival", "a lunch box check", "a canteen's order form", "a pilgrim hostel", "a farm shop", "a vocabulary test",
)  # fmt: skip
DESKS: Bank = (
    ("The sum on my bill is wrong.", "{} was charged twice for one month.", "Please send me a copy of the invoice.",
    "How can I pay by card?"),
    ("My parcel has not arrived.", "{} was at home, but nobody rang.", "Please bring it to the side door.",
    "Can the courier come on Saturday?"),
    ("The screen stays black after the update.", "The app crashes when {} logs in.", "I get an error message at start-up.",
     "The device does not connect to the network."),
)  # fmt: skip
FIRMS = (
    "an online bookshop", "a bicycle maker", "a tea merchant", "a furniture store", "a seller of radios", "a toy company",
    "a phone shop", "a garden supplier", "a hearing-aid maker", "a shop for musicians", "a seed dealer", "a camera maker",
)  # fmt: skip
JUNK: Bank = (
    ("You have won a prize! Click here and enter your card number.", "Get rich in ten days, guaranteed, no risk!",
     "Your account is locked; send us your password now.", "Cheap pills, no doctor, order today!!!"),
    ("Hi {}, the rehearsal starts at seven instead of eight.", "Your library book is due on Friday.",
     "Thanks for the lift yesterday, {}.", "The minutes of our meeting are attached."),
)  # fmt: skip
CONTINENTS: Bank = (
    ("Norway", "Portugal", "Poland", "Greece", "Ireland", "Austria"), ("Japan", "Vietnam", "Nepal", "Mongolia", "Thailand",
    "India"),
    ("Kenya", "Ghana", "Morocco", "Zambia", "Senegal", "Namibia"), ("Peru", "Chile", "Brazil", "Uruguay", "Bolivia", "Ecuador"),
)  # fmt: skip
INSTRUMENTS: Bank = (
    ("violin", "cello", "harp", "guitar", "double bass", "lute"), ("flute", "oboe", "trumpet", "clarinet", "tuba", "recorder"),
    ("snare drum", "triangle", "xylophone", "cymbals", "timpani", "tambourine"),
)  # fmt: skip

FAMILIES = (
    family(
        "opinion of a review",
        (
            "Sort a review of {reviewed} {purpose} by the writer's opinion: {labels}. {alone}",
            "Does a remark on {reviewed} sound {labels}? It matters {purpose}. {alone}",
        ),
        named(
            ("positive", "negative", "neutral"),
            ("pleased", "annoyed", "factual"),
            ("praise", "complaint", "description"),
            ("happy", "unhappy", "neither"),
        ),
        OPINIONS,
        {"reviewed": REVIEWED},
    ),
    family(
        "urgency",
        (
            "Mark every message to {inbox} {purpose} as {labels}, by its urgency. {alone}",
            "How soon must {inbox} act on the message given? Say {labels} {purpose}. {alone}",
        ),
        named(
            ("urgent", "soon", "whenever"),
            ("now", "this week", "later"),
            ("emergency", "normal", "idle"),
            ("red", "yellow", "green"),
        ),
        URGENCY,
        {"inbox": INBOXES},
    ),
    family(
        "tense",
        (
            "Read a line of {lines} {purpose} and state its time: {labels}. {alone}",
            "In which time is a sentence of {lines} set? Answer {purpose} with {labels}. {alone}",
        ),
        named(
            ("past", "present", "future"), ("before", "now", "to come"), ("was", "is", "will be"), ("over", "habitual", "ahead")
        ),
        TENSES,
        {"lines": LINES_FROM},
    ),
    family(
        "kind of sentence",
        (
            "Name the kind of sentence in {lines} {purpose}: {labels}. {alone}",
            "Would you call a sentence of {lines} {labels}? Decide {purpose}. {alone}",
        ),
        named(("statement", "question", "command"), ("telling", "asking", "ordering"), ("assertion", "enquiry", "request")),
        SENTENCES,
        {"lines": LINES_FROM},
    ),
    family(
        "class of animal",
        (
            "Assign animals from {sighted} {purpose} to {labels}. {alone}",
            "To which group does an animal in {sighted} belong, {labels}? Decide {purpose}. {alone}",
        ),
        named(
            ("mammal", "bird", "fish", "insect"),
            ("mammals", "birds", "fishes", "insects"),
            ("fur", "feathers", "fins", "six legs"),
        ),
        ANIMALS,
        {"sighted": SIGHTED},
    ),
    family(
        "register",
        (
            "Judge the style of {writer} {purpose} as {labels}. {alone}",
            "Tell {purpose} whether {writer} is worded {labels}. {alone}",
        ),
        named(("formal", "informal"), ("stiff", "chatty"), ("official", "private"), ("polished", "casual")),
        REGISTERS,
        {"writer": WRITERS},
    ),
    family(
        "language",
        (
            "Identify the language of {spoken} {purpose}: {labels}. {alone}",
            "Which language do we meet in {spoken}? Note it {purpose} as {labels}. {alone}",
        ),
        named(("English", "German", "French", "Spanish"), ("en", "de", "fr", "es"), ("eng", "deu", "fra", "spa")),
        TONGUES,
        {"spoken": SPOKEN},
    ),
    family(
        "part of speech",
        (
            "Tell the part of speech of a word from {lines} {purpose}: {labels}. {alone}",
            "Put vocabulary from {lines} {purpose} into the column {labels}. {alone}",
        ),
        named(("noun", "verb", "adjective"), ("thing", "action", "quality"), ("n", "v", "adj")),
        SPEECH,
        {"lines": LINES_FROM},
    ),
    family(
        "waste bins",
        (
            "Into which bin of {sorter} does it belong {purpose}, {labels}? {alone}",
            "Help {sorter} to sort its rubbish {purpose}: {labels}. {alone}",
        ),
        named(("paper", "organic", "glass"), ("blue", "brown", "white"), ("card", "compost", "bottles")),
        BINS,
        {"sorter": SORTERS},
    ),
    family(
        "fact or opinion",
        (
            "Is a claim from {heard} {labels}? It is checked {purpose}. {alone}",
            "Weigh a sentence from {heard} {purpose} and call it {labels}. {alone}",
        ),
        named(("fact", "opinion"), ("provable", "personal"), ("objective", "subjective"), ("knowledge", "taste")),
        CLAIMS,
        {"heard": HEARD},
    ),
    family(
        "food group",
        (
            "For {shelf}, place a food {purpose} under {labels}. {alone}",
            "Where would {shelf} list the food named: {labels}? It is {purpose}. {alone}",
        ),
        named(
            ("fruit", "vegetable", "grain", "dairy"),
            ("orchard", "garden", "mill", "cowshed"),
            ("fruits", "vegetables", "cereals", "milk products"),
        ),
        FOODS,
        {"shelf": SHELVES},
    ),
    family(
        "department",
        (
            "Forward requests at {firm} to {labels} {purpose}. {alone}",
            "Who at {firm} should answer, {labels}? Decide {purpose}. {alone}",
        ),
        named(
            ("billing", "delivery", "technical"),
            ("accounts", "shipping", "support"),
            ("money desk", "parcel desk", "repair desk"),
        ),
        DESKS,
        {"firm": FIRMS},
    ),
    family(
        "unwanted mail",
        ("Screen the inbox of {inbox} {purpose}: {labels}? {alone}", "Filter mail to {inbox} {purpose} into {labels}. {alone}"),
        named(("spam", "genuine"), ("junk", "real"), ("delete", "read"), ("block", "deliver")),
        JUNK,
        {"inbox": INBOXES},
    ),
    family(
        "continent",
        (
            "Assign a country from {heard} {purpose} to its continent: {labels}. {alone}",
            "On which continent lies a country named in {heard}, {labels}? It is {purpose}. {alone}",
        ),
        named(("Europe", "Asia", "Africa", "South America"), ("EU", "AS", "AF", "SA")),
        CONTINENTS,
        {"heard": HEARD},
    ),
    family(
        "family of instruments",
        (
            "Group an instrument from {heard} {purpose} with {labels}. {alone}",
            "What sort of instrument does {heard} speak of, {labels}? Say it {purpose}. {alone}",
        ),
        named(("strings", "wind", "percussion"), ("bowed or plucked", "blown", "struck"), ("string", "pipe", "drum")),
        INSTRUMENTS,
        {"heard": HEARD},
    ),
)
