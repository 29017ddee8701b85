"""Open families about doing things at home: skills, dishes, troubles, goals."""

from __future__ import annotations

from random import Random

from self_instruct.chains.offline.composing import itemised, listed, numbered, paragraph, sentence, written
from self_instruct.chains.offline.families_knowledge import COMMON
from self_instruct.chains.offline.family import Family, Kind, Slots, alone, fixed, raised
from self_instruct.chains.offline.subjects_home import DISHES, GOALS, SKILLS, TROUBLES
from self_instruct.chains.offline.vocabulary import NAMES


def _guide(slots: Slots, rng: Random) -> str:
    skill = SKILLS[slots["skill"]]
    points = (
        f"get ready: {listed(skill.needs)}",
        skill.first,
        skill.then,
        skill.last,
        f"mind one thing: {skill.mistake} is the usual mistake",
    )
    return written(slots, rng, points)


BUDGETS = {
    "on a small budget": "Borrow whatever you will use only once.",
    "with things from the house": "Look through your cupboards before you buy anything.",
    "without waste": "Buy the smallest amount first.", "for two people": "Take two of everything that cannot be shared.",
    "bought second-hand": "Flea markets and online adverts have most of it.",
    "for a whole group": "Count heads first, and add one spare of each.",
}  # fmt: skip


def _equipment(slots: Slots, rng: Random) -> str:
    skill = SKILLS[slots["skill"]]
    points = [f"{place} {need}" for place, need in zip(("first of all,", "then,", "and finally,"), skill.needs, strict=True)]
    return written(slots, rng, points, before=f"You need three things for {slots['skill']}", after=BUDGETS[slots["budget"]])


def _cheered(slots: Slots) -> str:
    skill, name = SKILLS[slots["skill"]], slots["name"]
    points = (
        f"Dear {name}, nobody finds {slots['skill']} easy at the start",
        f"do not mind if you are still {skill.mistake}; that is how it goes",
        f"for today it is enough that you {skill.first}", MOODS[slots["mood"]],
    )  # fmt: skip
    return paragraph(points)


MOODS = {
    "after a first failure": "The second try is already half the way",
    "just before a test": "You have practised; trust your hands", "on a gloomy Monday": "By Friday you will smile about today",
    "in the middle of it all": "You are further than you think",
    "when giving up seems tempting": "Rest, if you must, but do not stop",
    "after a long break": "The hands remember more than the head",
    "before showing it to others": "They will see what you made, not what you feared",
}  # fmt: skip
COURSES = {
    "on four Tuesday evenings": "It runs on four Tuesdays, from seven to half past eight.",
    "on one long Saturday": "It takes place on a single Saturday, from ten to four.",
    "during the autumn holidays": "We meet every morning in the first week of the autumn holidays.",
    "in six lunch breaks": "We meet from twelve to one on six days running.",
    "as a weekend retreat": "It lasts from Friday evening to Sunday noon, meals included.",
}
VENUES = (
    "the old fire station", "the adult education centre", "a church hall", "the scout hut by the river",
    "the back room of a cafe", "the youth club", "a disused school", "the museum's workshop", "the village library",
    "a neighbour's barn",
)  # fmt: skip


def _course(slots: Slots, rng: Random) -> str:
    skill = SKILLS[slots["skill"]]
    points = (
        f"A new course on {slots['skill']} is coming to {slots['venue']}", COURSES[slots["course"]],
        f"you will learn to {skill.first}, to {skill.then}, and finally to {skill.last}",
        f"at home you will need {listed(skill.needs)}",
    )  # fmt: skip
    return written(slots, rng, points)


def _faq(slots: Slots) -> str:
    skill = SKILLS[slots["skill"]]
    pairs = (
        ("What do I need to begin?", f"you need {listed(skill.needs)}"), ("What comes first?", skill.first),
        ("And after that?", f"{skill.then}; then {skill.last}"),
        ("What goes wrong most often?", skill.mistake),
    )  # fmt: skip
    count = ASKED[slots["count"]]
    return "\n".join(f"Q: {question}\nA: {sentence(answer)}" for question, answer in pairs[:count])


ASKED = {"three questions": 3, "four questions": 4, "two questions": 2}
TONES = (
    "in a friendly tone", "in a matter-of-fact tone", "without any jokes", "in plain words", "without exaggeration",
    "with a little warmth", "so that it can be read aloud", "kept short",
)  # fmt: skip


def _recipe(slots: Slots) -> str:
    dish = DISHES[slots["dish"]]
    title = f"{raised(slots['dish'].split(' ', 1)[1])} ({dish.minutes} minutes, serves four)"
    return "\n".join((title, itemised(dish.ingredients), numbered(dish.steps), SERVED[slots["served"]]))


SERVED = {
    "for a rainy Sunday": "Eat it at the window, slowly.", "for a picnic by the lake": "Pack it in a tin and let it travel.",
    "for guests who come late": "It can wait for half an hour with a lid on.",
    "for a student kitchen": "One pan or dish and one knife will do.",
    "for a meal in the office": "It keeps well in a box until noon.",
    "for a birthday lunch": "Put a candle beside it and sing.",
    "for two evenings in a row": "Keep one half cool and eat it tomorrow.",
    "for hungry teenagers": "Have bread on the table as well.",
}  # fmt: skip


def _menu_note(slots: Slots) -> str:
    dish = DISHES[slots["dish"]]
    name = slots["dish"].split(" ", 1)[1]
    things = [ingredient.split(" ", 2)[-1] if ingredient[0].isdigit() else ingredient for ingredient in dish.ingredients[:3]]
    points = (
        f"our {name} is {dish.praise}",
        f"it is made with {listed(things)}, and nothing is hurried: it takes its {dish.minutes} minutes",
    )
    return paragraph((*points, SERVED[slots["served"]], HOUSES[slots["house"]]))


HOUSES = {
    "a mountain inn": "Best with a view of the peaks", "a harbour cafe": "Ask for a table near the boats",
    "a school canteen": "Second helpings until one o'clock", "a food truck": "Find us beside the clock tower",
    "a museum bistro": "Goes well with an hour among the paintings",
    "a farm kitchen": "Most of it grew within sight of your chair", "a vegetarian guest house": "Served every evening from six",
    "a night market": "Served until the lanterns go out",
}  # fmt: skip


def _shopping(slots: Slots) -> str:
    first, second = DISHES[slots["dish"]], DISHES[slots["other"]]
    return f"For {slots['dish']}:\n{itemised(first.ingredients)}\nFor {slots['other']}:\n{itemised(second.ingredients)}"


def _repaired(slots: Slots, rng: Random) -> str:
    trouble = TROUBLES[slots["trouble"]]
    points = (f"the most likely cause is {trouble.cause}", f"to be sure, {trouble.check}", f"then {trouble.fix}",
              f"call a professional if {trouble.help_when}")  # fmt: skip
    return written(slots, rng, points)


def _called(slots: Slots) -> str:
    trouble = TROUBLES[slots["trouble"]]
    lines = (
        ("Caller", f"Good morning. I have {slots['trouble']}."), ("Helper",
        "Let us see. " + sentence(f"please {trouble.check}")),
        ("Caller", "I have done that. What does it mean?"), ("Helper", f"Most likely it is {trouble.cause}. So {trouble.fix}."),
        ("Caller", REACTIONS[slots["caller"]]), ("Helper", f"If {trouble.help_when}, call again and we shall send somebody."),
    )  # fmt: skip
    return "\n".join(f"{speaker}: {line}" for speaker, line in lines)


REACTIONS = {
    "an impatient caller": "Is that all? Very well, I shall try it at once.",
    "a nervous caller": "Are you sure? Well, I shall be careful.",
    "a very polite caller": "That is most kind of you; I shall do exactly that.",
    "a hard-of-hearing caller": "Could you say it once more, a little louder?",
    "a caller in a hurry": "Understood. I have five minutes, that must do.",
    "a doubtful caller": "I find that hard to believe, but I shall try.",
}  # fmt: skip


LINES = (
    "a help line for tenants", "the repair desk of a department store", "a radio show on household tips",
    "the town's advice line", "a neighbours' telephone chain", "the hotline of a hardware shop",
    "a night service for emergencies", "a friendly handyman",
)  # fmt: skip


def _landlord(slots: Slots) -> str:
    trouble = TROUBLES[slots["trouble"]]
    points = (
        f"Dear {slots['name']}, I am writing about {slots['trouble']} in {slots['room']}", f"I suspect {trouble.cause}",
        f"I have already tried the obvious: I followed the advice to {trouble.check}",
        "could you please tell me by Friday who may repair it?",
        "With kind regards, your tenant",
    )  # fmt: skip
    return paragraph(points)


RENTED = tuple(
    trouble for trouble in TROUBLES
    if any(word in trouble for word in ("tap", "internet", "door", "fridge", "radiator", "alarm", "washing", "drain"))
)  # fmt: skip
"""The troubles that are a landlord's business."""
ROOMS = (
    "the flat on the top floor", "the holiday cottage", "our shared office", "the room behind the shop", "the caretaker's flat",
    "number 14 on the left", "the studio in the yard", "the cabin at the camp site",
)  # fmt: skip


def _four_weeks(slots: Slots, rng: Random) -> str:
    goal = GOALS[slots["goal"]]
    points = [f"week {number}: {step}" for number, step in enumerate(goal.weeks, 1)]
    return written(
        {**slots, "shape": "one sentence to a line"}, rng, points, after=f"If {goal.obstacle} gets in the way: {goal.answer}"
    )


def _obstacle(slots: Slots, rng: Random) -> str:
    goal = GOALS[slots["goal"]]
    points = (
        f"the goal is {slots['goal']}",
        f"the usual obstacle is {goal.obstacle}",
        f"what helps: {goal.answer}",
        f"and begin small: {goal.weeks[0]}",
    )
    return written(slots, rng, points)


FAMILIES = (
    Family(
        "how-to guide",
        Kind.OPEN,
        (
            "Give {audience} a guide to {skill} {shape}, and {ending}.",
            "Teach {audience} the basics of {skill}, {shape}; {ending}.",
            "How does one start with {skill}? Tell {audience} {shape}, and {ending}.",
        ),
        {"skill": SKILLS, **COMMON},
        alone(_guide),
    ),
    Family(
        "equipment list",
        Kind.OPEN,
        (
            "List what is needed for {skill} {budget}, {shape}, for {audience}.",
            "Note down for {audience} what {skill} takes {budget}, {shape}.",
        ),
        {"skill": SKILLS, "budget": BUDGETS, "shape": COMMON["shape"], "audience": COMMON["audience"]},
        alone(_equipment),
    ),
    Family(
        "encouragement",
        Kind.OPEN,
        (
            "Cheer up {name}, who is busy with {skill}, {mood}, {tone}.",
            "Send {name} a few kind words {mood}: the matter is {skill}, {tone}.",
        ),
        {"name": NAMES, "skill": SKILLS, "mood": MOODS, "tone": TONES},
        fixed(_cheered),
    ),
    Family(
        "course notice",
        Kind.OPEN,
        (
            "Announce a course on {skill} in {venue} {course}, {shape}; {ending}.",
            "Write the notice of a class in {venue}: {skill}, {course}, {shape}.",
        ),
        {"skill": SKILLS, "venue": VENUES, "course": COURSES, "shape": COMMON["shape"], "ending": COMMON["ending"]},
        alone(_course),
    ),
    Family(
        "questions of beginners",
        Kind.OPEN,
        (
            "Answer {count} that beginners ask about {skill}, {tone}, on a page for {audience}.",
            "Collect {count} with answers on {skill} for {audience} {tone}.",
        ),
        {"count": ASKED, "skill": SKILLS, "tone": TONES, "audience": COMMON["audience"]},
        fixed(_faq),
    ),
    Family(
        "recipe",
        Kind.OPEN,
        ("Write down the recipe of {dish} {served}, {tone}.", "How is {dish} made? I need the recipe {served}, {tone}."),
        {"dish": DISHES, "served": SERVED, "tone": TONES},
        fixed(_recipe),
    ),
    Family(
        "menu note",
        Kind.OPEN,
        (
            "Praise {dish} on the menu of {house} {served}, {tone}.",
            "The menu of {house} needs a few lines {tone} on {dish} {served}.",
        ),
        {"dish": DISHES, "house": HOUSES, "served": SERVED, "tone": TONES},
        fixed(_menu_note),
    ),
    Family(
        "shopping list",
        Kind.OPEN,
        (
            "Put together a shopping list for {dish} and {other}, {served}.",
            "What must be bought to cook {other} after {dish} {served}?",
        ),
        {"dish": tuple(DISHES)[:8], "other": tuple(DISHES)[8:], "served": SERVED},
        fixed(_shopping),
    ),
    Family(
        "repair advice",
        Kind.OPEN,
        (
            "Advise {audience} on {trouble}, {shape}, and {ending}.",
            "What can {audience} do about {trouble}? Reply {shape}; {ending}.",
        ),
        {"trouble": TROUBLES, **COMMON},
        alone(_repaired),
    ),
    Family(
        "help line",
        Kind.OPEN,
        (
            "Script a call by {caller} about {trouble} to {line}, {tone}.",
            "At {line}, {caller} reports {trouble}: write the talk {tone}.",
        ),
        {"caller": REACTIONS, "trouble": TROUBLES, "line": LINES, "tone": TONES},
        fixed(_called),
    ),
    Family(
        "note to the landlord",
        Kind.OPEN,
        (
            "Tell the landlord, {name}, about {trouble} in {room}, {tone}.",
            "Report {trouble} in {room} to {name} by letter {tone}.",
        ),
        {"name": NAMES, "trouble": RENTED, "room": ROOMS, "tone": TONES},
        fixed(_landlord),
    ),
    Family(
        "four-week plan",
        Kind.OPEN,
        (
            "Break down {goal} into four weeks for {audience}, and {ending}.",
            "In a month {audience} would like to manage {goal}: plan it weekly, and {ending}.",
        ),
        {"goal": GOALS, "audience": COMMON["audience"], "ending": COMMON["ending"]},
        alone(_four_weeks),
    ),
    Family(
        "obstacle",
        Kind.OPEN,
        (
            "What gets in the way of {goal}, and what helps? Counsel {audience} {shape}, and {ending}.",
            "Help {audience} to stick to {goal} when it gets hard, {shape}; {ending}.",
        ),
        {"goal": GOALS, **COMMON},
        alone(_obstacle),
    ),
)
