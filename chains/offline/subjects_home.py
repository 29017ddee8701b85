"""What the open families can teach and cook and mend: skills, dishes, troubles and goals. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Skill(NamedTuple):
    """Something to learn, with what it needs, three steps in the imperative, and the usual mistake."""

    needs: tuple[str, str, str]
    first: str
    then: str
    last: str
    mistake: str


class Dish(NamedTuple):
    """Something to cook for four: ingredients with quantities, steps in the imperative, minutes in all, a word of praise."""

    ingredients: tuple[str, str, str, str, str]
    steps: tuple[str, str, str]
    minutes: int
    praise: str


class Trouble(NamedTuple):
    """Something that is wrong at home: why, how to check, what to do, and when to call for help."""

    cause: str
    check: str
    fix: str
    help_when: str


class Goal(NamedTuple):
    """A habit to build in four weeks, what stands in the way, and an answer to it."""

    weeks: tuple[str, str, str, str]
    obstacle: str
    answer: str


SKILLS: Mapping[str, Skill] = {
    "baking a simple sourdough loaf": Skill(
        ("a lively starter", "strong flour", "a heavy pot with a lid"),
        "mix flour, water, salt and starter, and let the dough rest",
        "fold the dough every half hour until it feels springy",
        "bake it in the hot pot, with the lid on for the first half",
        "cutting the loaf while it is still hot",
    ),
    "repairing a flat bicycle tyre": Skill(
        ("tyre levers", "a patch kit", "a pump"),
        "take the wheel out and lift one side of the tyre off the rim",
        "find the hole, roughen the rubber and press the patch on",
        "check the tyre for splinters before you put everything back",
        "pinching the inner tube with the levers",
    ),
    "growing tomatoes on a balcony": Skill(
        ("a large pot", "rich soil", "a sunny corner"),
        "set the young plant deep into the pot",
        "tie it to a stick and water it at the roots",
        "pinch out the side shoots so that the fruit gets the strength",
        "wetting the leaves at every watering",
    ),
    "juggling with three balls": Skill(
        ("three small beanbags", "a bed to stand in front of", "ten minutes a day"),
        "throw one ball from hand to hand at eye level",
        "throw the second ball when the first is at its highest point",
        "add the third ball and count the catches aloud",
        "handing the ball over instead of throwing it",
    ),
    "folding a paper crane": Skill(
        ("a square of thin paper", "a flat table", "a fingernail for sharp creases"),
        "fold both diagonals and both middle lines",
        "collapse the square and fold the long kite shape on both sides",
        "bend the neck and the tail up and pull the wings apart",
        "hurrying over the first creases",
    ),
    "taking good notes in meetings": Skill(
        ("the agenda", "a page with a wide margin", "a list of who is there"),
        "write down decisions before opinions",
        "put a name and a date beside every task",
        "send the notes round the same day",
        "trying to write down every word",
    ),
    "swimming a calm front crawl": Skill(
        ("goggles", "a quiet lane", "some patience"),
        "practise breathing out under water",
        "roll the body and breathe to the side",
        "join arms and legs in a slow, even rhythm",
        "lifting the head forward to breathe",
    ),
    "recording a short podcast": Skill(
        ("a quiet room", "a simple microphone", "a one-page script"),
        "record one minute and listen to it with headphones",
        "speak to one imagined listener and pause between thoughts",
        "cut the long silences and add a short greeting",
        "recording in a bare room that echoes",
    ),
    "keeping a small worm compost": Skill(
        ("two stacked boxes", "damp cardboard", "a handful of compost worms"),
        "line the lower box with damp cardboard and put the worms in",
        "feed small amounts of peel and cover them",
        "harvest the dark crumbs at the bottom after three months",
        "adding too much food at once",
    ),
    "knitting a plain scarf": Skill(
        ("two thick needles", "two balls of wool", "a blunt sewing needle"),
        "cast on thirty stitches loosely",
        "knit every row and count the stitches now and then",
        "cast off and sew in the loose ends",
        "pulling the wool so tight that the needles squeak",
    ),
    "giving a five-minute talk": Skill(
        ("one main message", "three good stories", "a clock"),
        "write the last sentence first",
        "choose one story for each step that leads there",
        "speak it aloud twice with the clock running",
        "reading from the slides",
    ),
    "sharpening a kitchen knife": Skill(
        ("a whetstone", "a bowl of water", "a damp cloth under the stone"),
        "soak the stone and find a steady, shallow angle",
        "pull the blade over the coarse side on both faces",
        "polish it on the fine side and test it on paper",
        "changing the angle in mid-stroke",
    ),
    "learning new words every day": Skill(
        ("small cards", "a fixed hour", "a short sentence for each word"),
        "write each word on a card with a sentence of your own",
        "test yourself after an hour and again the next day",
        "move the cards you know into a weekly box",
        "rereading the list without testing yourself",
    ),
    "setting up a home aquarium": Skill(
        ("a tank of at least sixty litres", "a filter", "a water test kit"),
        "rinse the gravel, plant the tank and let the filter run",
        "wait about four weeks until the water tests are steady",
        "add a few hardy fish and feed them sparingly",
        "buying the fish on the same day as the tank",
    ),
    "painting a room evenly": Skill(
        ("masking tape", "a roller with a tray", "dust sheets"),
        "clear, dust and mask the room",
        "paint the edges first and then roll the wall from top to bottom",
        "peel off the tape while the paint is still slightly damp",
        "stopping in the middle of a wall",
    ),
    "brewing good filter coffee": Skill(
        ("fresh beans", "a grinder", "water just off the boil"),
        "grind the beans as coarse as sand",
        "pour a little water and wait half a minute",
        "pour the rest slowly in circles within three minutes",
        "using water that is still boiling",
    ),
    "planning a safe day hike": Skill(
        ("a weather report", "sturdy shoes", "water and a snack"),
        "choose a route an hour shorter than you think you can do",
        "tell somebody where you walk and when you return",
        "turn back at the agreed time even if the top is near",
        "starting late in the afternoon",
    ),
    "hosting a board game night": Skill(
        ("two short games", "the rules on one page", "snacks that leave no grease"),
        "explain the goal before the rules",
        "play one open practice round",
        "let the winner choose the next game",
        "reading out the whole rule book",
    ),
    "saving copies of family photos": Skill(
        ("an external disk", "an online account", "an hour a month"),
        "gather the photos in one folder, sorted by year",
        "copy the folder to the disk and to the online account",
        "open a few of the copies to check that they are whole",
        "keeping both copies in the same room",
    ),
    "training a puppy to come": Skill(
        ("small treats", "a long lead", "a cheerful voice"),
        "call the puppy from two steps away and reward it at once",
        "add distance on the long lead, a little every day",
        "practise where there are other dogs, still on the lead",
        "calling it only when the fun is over",
    ),
}

DISHES: Mapping[str, Dish] = {
    "a lentil soup with lemon": Dish(
        ("300 g red lentils", "1 onion", "2 carrots", "1 lemon", "1 teaspoon cumin"),
        ("soften the onion, the carrots and the cumin in oil",
        "add the lentils and 1.2 litres of water and simmer for 20 minutes",
         "blend half of it and stir in the lemon juice"), 35, "bright, filling and cheap",
    ),
    "a potato and leek gratin": Dish(
        ("1 kg potatoes", "2 leeks", "300 ml cream", "100 g cheese", "1 pinch nutmeg"),
        ("slice the potatoes and the leeks thinly", "layer them in a dish and pour the seasoned cream over",
         "scatter the cheese on top and bake at 180 degrees for 50 minutes"), 70, "crisp on top and soft below",
    ),
    "a chickpea and spinach curry": Dish(
        ("2 tins chickpeas", "400 g spinach", "1 tin coconut milk", "1 onion", "2 tablespoons curry paste"),
        ("fry the onion and the curry paste until they smell sweet",
        "add the chickpeas and the coconut milk and simmer for 15 minutes",
         "stir in the spinach until it wilts"), 30, "mild, green and creamy",
    ),
    "a mushroom risotto": Dish(
        ("320 g risotto rice", "300 g mushrooms", "1 litre vegetable stock", "1 shallot", "60 g hard cheese"),
        ("brown the mushrooms and set them aside",
        "fry the shallot and the rice, then add hot stock one ladle at a time for 18 minutes",
         "fold in the mushrooms and the cheese"), 40, "slow, glossy and comforting",
    ),
    "an apple crumble with oats": Dish(
        ("1 kg apples", "120 g oats", "100 g flour", "100 g butter", "80 g brown sugar"),
        ("cut the apples into a buttered dish", "rub the oats, the flour, the butter and the sugar into crumbs",
         "cover the apples and bake at 190 degrees for 35 minutes"), 50, "warm, sharp and crunchy",
    ),
    "a tomato and bread salad": Dish(
        ("800 g ripe tomatoes", "250 g stale bread", "1 red onion", "1 bunch basil", "4 tablespoons olive oil"),
        ("tear the bread and toast it lightly", "cut the tomatoes and the onion and salt them",
         "toss everything with the oil and rest it for 15 minutes"), 25, "summery and thrifty",
    ),
    "a tray of roast vegetables": Dish(
        ("2 peppers", "1 aubergine", "400 g potatoes", "2 red onions", "3 tablespoons olive oil"),
        ("cut everything into pieces of one size", "toss them with oil, salt and thyme on a tray",
         "roast at 210 degrees for 40 minutes, turning them once"), 55, "sweet at the edges",
    ),
    "a red bean chilli": Dish(
        ("2 tins kidney beans", "1 tin tomatoes", "1 pepper", "1 onion", "1 teaspoon smoked paprika"),
        ("soften the onion and the pepper", "add the paprika, the tomatoes and the beans",
         "simmer with the lid off for 25 minutes"), 40, "smoky and even better the next day",
    ),
    "a spinach and cheese omelette": Dish(
        ("8 eggs", "200 g spinach", "120 g soft cheese", "1 tablespoon butter", "1 pinch pepper"),
        ("wilt the spinach and press it dry", "beat the eggs and let them set gently in the butter",
         "add the spinach and the cheese and fold it over"), 15, "quick and tender",
    ),
    "a pot of minestrone": Dish(
        ("2 carrots", "2 sticks celery", "1 tin white beans", "150 g small pasta", "1 tin tomatoes"),
        ("fry the carrots and the celery slowly", "add the tomatoes, the beans and 1 litre of water and simmer for 15 minutes",
         "cook the pasta in it for the last 8 minutes"), 40, "a garden in a bowl",
    ),
    "a batch of banana muffins": Dish(
        ("3 ripe bananas", "220 g flour", "2 eggs", "90 ml oil", "2 teaspoons baking powder"),
        ("mash the bananas and beat in the eggs and the oil", "stir in the flour and the baking powder with a few strokes",
         "bake in twelve cases at 180 degrees for 22 minutes"), 35, "soft and not too sweet",
    ),
    "a cold cucumber soup": Dish(
        ("2 cucumbers", "500 g yoghurt", "1 clove garlic", "1 bunch dill", "1 tablespoon vinegar"),
        ("peel the cucumbers and remove the seeds", "blend them with the yoghurt, the garlic and the vinegar",
         "chill for an hour and scatter the dill over it"), 75, "cool and fresh",
    ),
    "a pan of vegetable noodles": Dish(
        ("300 g noodles", "1 small cabbage", "2 carrots", "3 tablespoons soy sauce", "1 thumb ginger"),
        ("cook the noodles and rinse them cold", "fry the ginger and the sliced vegetables on a high heat",
         "add the noodles and the soy sauce and toss for two minutes"), 25, "fast and colourful",
    ),
    "a pumpkin and sage pasta": Dish(
        ("400 g pasta", "600 g pumpkin", "1 bunch sage", "2 cloves garlic", "50 g butter"),
        ("roast the pumpkin in cubes for 25 minutes", "crisp the sage and the garlic in the butter",
         "toss both with the pasta and a little of its water"), 40, "autumn on a fork",
    ),
    "a smoky aubergine dip": Dish(
        ("2 aubergines", "2 tablespoons tahini", "1 lemon", "1 clove garlic", "1 bunch parsley"),
        ("char the aubergines under the grill until they collapse", "scrape out the flesh and let it drain",
         "mash it with the tahini, the lemon juice and the garlic"), 45, "silky and made for flat bread",
    ),
}  # fmt: skip

TROUBLES: Mapping[str, Trouble] = {
    "a kitchen tap that drips": Trouble(
        "a worn washer", "close the valve below the sink and see whether the dripping stops",
        "replace the washer with one of the same size", "the valve does not close"),
    "a laptop that runs very hot": Trouble(
        "dust in the fan or too many programs at once", "listen to the fan and see which program works hardest",
        "clean the vents with short puffs of air and close what you do not need", "the casing bulges or smells burnt"),
    "a bicycle chain that slips": Trouble(
        "a worn chain or a stiff link", "turn the pedals backwards and watch the chain for a jump",
        "oil the stiff link or fit a new chain", "the teeth of the cogs look like hooks"),
    "wireless internet that drops out": Trouble(
        "many neighbours on the same channel", "compare the speed beside the router and in the far room",
        "choose a quieter channel and move the router into the open", "the cable connection fails as well"),
    "a door that sticks in autumn": Trouble(
        "wood that swells in damp air", "slide a sheet of paper round the frame to find the tight spot",
        "rub the edge with candle wax or plane it a little", "the frame itself has moved"),
    "a printer that leaves stripes": Trouble(
        "a clogged nozzle or an empty cartridge", "print the test page from its own menu",
        "run the cleaning program twice and change the cartridge", "a new cartridge makes no difference"),
    "a fridge that hums loudly": Trouble(
        "a fridge that is not level or is dusty at the back", "push it gently and hear whether the tone changes",
        "level the feet and vacuum the grille at the back", "it no longer gets cold"),
    "a phone battery empty by noon": Trouble(
        "a bright screen or an app that never rests", "look at the battery list in the settings",
        "dim the screen and stop the hungriest app from running unseen", "the back of the phone bulges"),
    "a lawn full of moss": Trouble(
        "shade, wet ground and sour soil", "test the soil and count the hours of sun",
        "rake out the moss, loosen the ground and sow shade grass", "water stands on it for days"),
    "a radiator cold at the top": Trouble(
        "air caught inside", "feel whether the lower part is warm",
        "open the vent with its key until water comes, then close it", "the pressure of the heating falls again and again"),
    "a smoke alarm that chirps": Trouble(
        "a battery that is nearly flat", "read the date on its back",
        "fit a new battery and press the test button", "it goes on chirping with a new battery"),
    "a spreadsheet that opens slowly": Trouble(
        "formulas that refer to whole columns", "save a copy without formulas and compare",
        "limit the formulas to the rows in use", "the copy without formulas is just as slow"),
    "houseplants with brown leaf tips": Trouble(
        "dry air or too much fertiliser", "feel the soil a finger deep",
        "water with soft water and move the plant away from the radiator", "the brown spreads to the stems"),
    "a washing machine that smells": Trouble(
        "detergent left in the drawer and the seal", "wipe the rubber seal and look for a grey film",
        "run it empty at ninety degrees and leave the door ajar", "water stays in the drum"),
    "a shower drain that is blocked": Trouble(
        "hair and soap", "lift the cover and look inside with a torch",
        "pull the hair out with a hook and rinse with hot water", "other drains gurgle at the same time"),
    "a zip that keeps opening": Trouble(
        "a slider that has worn too wide", "look whether both rows of teeth are straight",
        "press the sides of the slider together with pliers, very gently", "teeth are missing"),
}  # fmt: skip

GOALS: Mapping[str, Goal] = {
    "running five kilometres without a break": Goal(
        ("alternate one minute of running with two of walking", "run two minutes and walk one", "run two kilometres slowly",
         "run four kilometres and add one at the weekend"), "rain", "keep a pair of dry shoes at the door"),
    "reading two books a month": Goal(
        ("read ten pages before sleep", "carry the book wherever you wait", "swap one episode for one chapter",
         "finish the book and choose the next the same day"), "a dull book", "give it up after fifty pages"),
    "being in bed before eleven": Goal(
        ("set an alarm for half past ten", "charge the phone in the kitchen",
        "move the bedtime ten minutes forward every two days",
         "keep the hour at the weekend, too"), "a good series", "switch off the automatic next episode"),
    "drinking more water at work": Goal(
        ("put a full bottle on the desk", "drink a glass before every meeting", "swap the second coffee for water",
         "fill the bottle twice a day"), "forgetting it", "tie the glass to something you do anyway"),
    "saving a small emergency fund": Goal(
        ("write down every expense", "cancel one thing you do not use", "move a fixed sum on pay day",
         "put small windfalls aside, too"), "a sudden bill", "start again with half the sum"),
    "keeping a tidy desk": Goal(
        ("clear one drawer", "give every pen and cable a place", "spend the last five minutes of the day tidying",
         "throw out one thing for each thing that comes"), "a stressful Tuesday",
         "put everything into one box and sort it on Friday"),
    "walking to work twice weekly": Goal(
        ("try the route on a Sunday", "walk home once", "walk both ways once",
         "fix two days and pack the bag the night before"), "a late start", "get off the bus two stops early instead"),
    "cooking at home five days": Goal(
        ("plan three dinners on Sunday", "cook double portions twice", "shop with a list only",
         "freeze one meal for bad days"), "an empty fridge", "keep eggs, pasta and frozen peas in the house"),
    "spending less time on screens": Goal(
        ("look at the weekly hours once", "switch off all but two notifications", "leave the phone outside the bedroom",
         "keep one evening without it"), "boredom on the bus", "carry a thin book"),
    "writing a journal each evening": Goal(
        ("write one line a day", "add one thing that went well", "write at the same table and time",
         "read the first week again and go on"), "an empty head", "describe the weather and begin from there"),
    "practising the guitar regularly": Goal(
        ("leave the guitar on its stand in the room", "play ten minutes after dinner", "learn one song with three chords",
         "play it to a friend"), "sore fingertips", "stop after ten minutes and come back tomorrow"),
    "calling an old friend weekly": Goal(
        ("make a list of four names", "fix Sunday afternoon for it", "send a short message the day before",
         "ask for a date for the next call"), "nobody answers", "leave a cheerful message instead"),
}  # fmt: skip
