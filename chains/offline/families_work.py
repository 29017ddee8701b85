"""Open families about work and clubs: events, goods, letters, jobs."""

from __future__ import annotations

from random import Random

from self_instruct.chains.offline.composing import listed, numbered, paragraph, written
from self_instruct.chains.offline.families_home import TONES
from self_instruct.chains.offline.families_knowledge import COMMON
from self_instruct.chains.offline.families_stories import thing_of
from self_instruct.chains.offline.family import Family, Kind, Slots, alone, fixed, raised
from self_instruct.chains.offline.subjects_people import JOBS
from self_instruct.chains.offline.subjects_work import EVENTS, GOODS, SITUATIONS
from self_instruct.chains.offline.vocabulary import NAMES

HOSTS = (
    "a rowing club", "a small publishing house", "the parents' council", "a housing block", "the fire brigade",
    "a student union", "the local museum", "a family of twelve", "a language school", "the tenants' group", "a choir",
    "an allotment society",
)  # fmt: skip
LEADS = {
    "six weeks ahead": 6, "two months ahead": 8, "with ten weeks to spare": 10, "over twelve weeks": 12,
    "in just four weeks": 4,
}  # fmt: skip


def _timeline(slots: Slots) -> str:
    event, weeks = EVENTS[slots["event"]], LEADS[slots["lead"]]
    steps = [f"{max(1, weeks * (4 - number) // 4)} weeks before: {task}" for number, task in enumerate(event.tasks)]
    return "\n".join((*steps, f"In case of {event.risk}: {event.remedy}.")).replace("\n1 weeks", "\n1 week")


def _invitation(slots: Slots) -> str:
    event = EVENTS[slots["event"]]
    points = (
        f"{slots['host']} invites you to {slots['event']} on {slots['date']}",
        f"we look forward to {event.joy}",
        BRINGING[slots["bringing"]],
    )
    return paragraph((raised(points[0]), *points[1:]))


DATES = (
    "Saturday, 14 June", "the first Sunday in May", "Friday evening", "the last day of August", "22 September",
    "Wednesday next week", "the second weekend in July", "New Year's Day", "Thursday, 3 April", "the day after Easter",
)  # fmt: skip
BRINGING = {
    "and ask guests to bring a cake": "Please bring a cake, if you can",
    "and say that children are welcome": "Children are very welcome",
    "and ask for a reply by Monday": "Please let us know by Monday whether you will come",
    "and remind people to dress warmly": "Do dress warmly", "and mention that entry is free": "Entry is free",
    "and ask for two helping hands": "We still need two helping hands for the tables",
    "and request that cars stay at home": "Please leave your car at home and come by bus or bicycle",
}  # fmt: skip


def _duties(slots: Slots, rng: Random) -> str:
    tasks = EVENTS[slots["event"]].tasks
    names = rng.sample(NAMES, 4)
    form = DUTY_FORMS[slots["form"]]
    return "\n".join(form.format(name=name, task=task) for name, task in zip(names, tasks, strict=True))


DUTY_FORMS = {
    "as a list of name and task": "- {name}: {task}", "as a table with two columns": "| {name} | {task} |",
    "in one request per person": "{name}, could you {task}, please?", "as assignments for the notice board": "{name} - {task}",
}  # fmt: skip


def _risk(slots: Slots, rng: Random) -> str:
    event = EVENTS[slots["event"]]
    points = (f"what may go wrong is {event.risk}", f"the answer is to {event.remedy}",
    f"do not wait with this one: {event.tasks[0]}",
              f"and keep in mind what it is all for: {event.joy}")  # fmt: skip
    return written(slots, rng, points)


def _thanks(slots: Slots) -> str:
    event = EVENTS[slots["event"]]
    points = (f"Dear {slots['name']}, {thing_of(slots['event'])} would not have been possible without you",
              f"above all we remember {event.joy}", THANKED[slots["thanked"]])  # fmt: skip
    return paragraph(points)


THANKED = {
    "for lending the van": "Your van carried more than it was built for, thank you",
    "for cooking the soup": "The pot was empty in an hour, which says it all",
    "for staying until midnight": "You were the last to leave, and we noticed", "for the music": "Your music made people stay",
    "for a generous gift": "Your gift covered what we could not",
    "for calming the crowd": "You found the right words at the right moment",
    "for all the washing-up": "The plates still shine, thank you",
}  # fmt: skip


def _advert(slots: Slots, rng: Random) -> str:
    good = GOODS[slots["good"]]
    points = (
        f"our {slots['good'].split(' ', 1)[1]} {good.feature}, so {good.use}",
        f"it is made for {good.buyer}",
        f"worried about {good.worry}? {raised(good.answer)}",
    )
    return written({**slots, "shape": CHANNELS[slots["channel"]]}, rng, points)


CHANNELS = {
    "for a shop window": "one sentence to a line", "for a printed catalogue": "in one short paragraph",
    "for a radio spot": "in flowing text", "for a product page": "as a list with dashes",
    "for a market stall": "one sentence to a line", "for a club magazine": "in one short paragraph",
    "for the side of a van": "in short numbered points", "for a letter to customers": "in flowing text",
}  # fmt: skip


def _slogans(slots: Slots) -> str:
    good = GOODS[slots["good"]]
    thing = slots["good"].split(" ", 1)[1]
    return numbered(
        (
            f"It {good.feature}. The {thing}",
            f"For {good.buyer}, and for every day: {thing}",
            f"One {thing.split()[-1]} less to worry about",
        )
    )


STYLES = (
    "short and dry", "warm and homely", "with a wink", "without superlatives", "easy to remember", "fit for all ages",
    "calm and confident", "like a good neighbour",
)  # fmt: skip


def _answered(slots: Slots) -> str:
    good = GOODS[slots["good"]]
    points = (f"Dear {slots['name']}, thank you for asking about our {slots['good'].split(' ', 1)[1]}",
              f"you mention {good.worry}: {good.answer}", OFFERS[slots["offer"]])  # fmt: skip
    return paragraph(points)


OFFERS = {
    "and offer a trial week": "You may try it for a week and send it back",
    "and offer a telephone call": "We shall gladly call you at a time that suits you",
    "and offer a small discount": "With this letter you get five per cent off",
    "and name the nearest shop": "You can see it in our shop behind the station",
    "and apologise for the late reply": "Please excuse that our answer took so long",
    "and ask for feedback": "Please tell us afterwards how you got on",
}  # fmt: skip


def _letter(slots: Slots) -> str:
    situation = SITUATIONS[slots["situation"]]
    body = paragraph(
        (situation.fact, f"could you please {situation.wish}?", f"this is the {slots['attempt']} I write about it")
    )
    return f"{ADDRESSED[slots['reader']]},\n{body}\nYours sincerely,\n{slots['name']}"


ADDRESSED = {
    "the office in charge": "Dear Sir or Madam", "a person you know by name": "Dear Mr Frost",
    "the head of the company": "Dear Director", "a friendly clerk": "Dear Ms Lake",
    "the person responsible": "To whom it may concern", "a neighbour down the road": "Dear neighbour",
}  # fmt: skip
ATTEMPTS = ("first time", "second time", "third time", "last time")


def _phone_note(slots: Slots) -> str:
    situation = SITUATIONS[slots["situation"]]
    style = NOTE_STYLES[slots["style"]]
    return style.format(
        name=slots["name"], about=slots["situation"], fact=situation.fact, wish=situation.wish, when=slots["when"]
    )


NOTE_STYLES = {
    "in three lines": "{name} called {when} about {about}.\nSaid: '{fact}'\nAsked: 'Please {wish}.'",
    "with headings": "Who: {name}\nWhen: {when}\nAbout: {about}\nSaid: '{fact}'\nAsked: 'Please {wish}.'",
    "as a single sentence": "{name} called {when} about {about} and asked: 'Please {wish}.'",
    "with a tick box for the task": "{name}, {when}, about {about}: '{fact}'\n[ ] Call back. Wish: 'Please {wish}.'",
}
WHENS = (
    "this morning",
    "at ten past nine",
    "during lunch",
    "late in the afternoon",
    "just before closing",
    "on Monday at noon",
    "twice today",
)


def _job_advert(slots: Slots, rng: Random) -> str:
    job = JOBS[slots["job"]]
    points = (f"we are looking for {slots['job']} {slots['hours']}", f"the work means {listed(job.tasks)}",
    f"what counts is {job.skill}",
              f"what you get, besides the pay, is {job.joy}")  # fmt: skip
    return written(slots, rng, points)


WORKING = (
    "for twenty hours a week", "for the summer season", "for a full-time post", "for weekends only",
    "as a replacement for a year", "from the first of March", "for early shifts", "for two days a week",
)  # fmt: skip


def _interview(slots: Slots) -> str:
    job = JOBS[slots["job"]]
    questions = (
        f"Which part of {job.tasks[0]} do you like best?", f"Tell us about a day on which {job.skill} mattered.",
        f"How do you go about {job.tasks[1]} when time is short?",
        INTERVIEWS[slots["interview"]], f"What does {job.joy} mean to you?",
    )  # fmt: skip
    return numbered(questions[: QUESTIONS[slots["count"]]])


QUESTIONS = {"four questions": 4, "five questions": 5, "three questions": 3}
INTERVIEWS = {
    "in a job interview": "Why do you want to change your place of work?",
    "in a school's career talk": "What did you want to become at our age?",
    "for a portrait in the newspaper": "What do people get wrong about your work?",
    "for a radio feature": "What does a working day sound like?",
    "for a podcast on professions": "Which tool would you never lend?",
    "on a first day of training": "What would you like to learn from us?",
}  # fmt: skip


def _working_day(slots: Slots) -> str:
    job = JOBS[slots["job"]]
    return "\n".join((
        f"7:30 - {WEATHERS[slots['weather']]}", f"9:00 - {raised(job.tasks[0])}, and it takes {job.skill}.",
        f"13:00 - {raised(job.tasks[1])}.",
        f"16:30 - The best of the day: {job.joy}.",
    ))  # fmt: skip


WEATHERS = {
    "on a snowy morning": "Snow on the steps, coffee in both hands.",
    "on the hottest day of the year": "The windows are open before the first bell.",
    "after a short night": "Two alarms, one cold shower.",
    "on the last day before the holidays": "Everybody is counting the hours.",
    "during a power cut": "The light is out, so we begin by torch.",
    "on a day when a colleague is ill": "A call: I am alone today.", "in the week of the fair": "The street is full of stalls.",
    "on the first day in the job": "I am an hour early, of course.",
}  # fmt: skip

PRINTED = (
    "for a careers leaflet", "for the company's calendar", "for a photo exhibition", "for a school magazine", "for an open day",
    "for a union paper", "for a local blog", "for an anniversary book", "for new trainees",
)  # fmt: skip

FAMILIES = (
    Family(
        "event timeline",
        Kind.OPEN,
        (
            "Schedule the preparations for {event} by {host}, {lead}, {tone}.",
            "{host} holds {event}: what has to be done when, {lead}, {tone}?",
        ),
        {"event": EVENTS, "host": HOSTS, "lead": LEADS, "tone": TONES},
        fixed(_timeline),
    ),
    Family(
        "invitation",
        Kind.OPEN,
        (
            "Invite people to {event} of {host} on {date} {bringing}.",
            "On {date}, {host} holds {event}: word the invitation {bringing}, {tone}.",
        ),
        {"event": EVENTS, "host": HOSTS, "date": DATES, "bringing": BRINGING, "tone": TONES},
        fixed(_invitation),
    ),
    Family(
        "division of duties",
        Kind.OPEN,
        (
            "Divide the duties for {event} among four members of {host} {form}.",
            "Who does what at {event}? Assign four tasks within {host} {form}, {tone}.",
        ),
        {"event": EVENTS, "host": HOSTS, "form": DUTY_FORMS, "tone": TONES},
        alone(_duties),
    ),
    Family(
        "plan for the worst",
        Kind.OPEN,
        (
            "What might go wrong at {event}? Prepare {audience} {shape}, and {ending}.",
            "Think ahead with {audience}: which problem could spoil {event}? Reply {shape}; {ending}.",
        ),
        {"event": EVENTS, **COMMON},
        alone(_risk),
    ),
    Family(
        "thank-you note",
        Kind.OPEN,
        (
            "Thank {name} {thanked} after {event}, {tone}.",
            "After {event}, {name} deserves a thank-you note {thanked}. Word it {tone}.",
        ),
        {"name": NAMES, "thanked": THANKED, "event": EVENTS, "tone": TONES},
        fixed(_thanks),
    ),
    Family(
        "advertisement",
        Kind.OPEN,
        (
            "Advertise {good} {channel}, addressing {audience}, and {ending}.",
            "Recommend {good} to {audience} {channel}; {ending}.",
        ),
        {"good": GOODS, "channel": CHANNELS, "audience": COMMON["audience"], "ending": COMMON["ending"]},
        alone(_advert),
    ),
    Family(
        "slogans",
        Kind.OPEN,
        (
            "Suggest three slogans for {good} {channel}, {style}.",
            "Which three lines {channel} could sell {good}? They should be {style}.",
        ),
        {"good": GOODS, "channel": CHANNELS, "style": STYLES},
        fixed(_slogans),
    ),
    Family(
        "reply to a customer",
        Kind.OPEN,
        (
            "Answer {name}, who has doubts about {good}, {offer}, {tone}.",
            "A customer called {name} hesitates to buy {good}. Reply {tone} {offer}.",
        ),
        {"name": NAMES, "good": GOODS, "offer": OFFERS, "tone": TONES},
        fixed(_answered),
    ),
    Family(
        "letter of request",
        Kind.OPEN,
        (
            "Write to {reader} about {situation} for the {attempt}, {tone}; sign as {name}.",
            "Help {name} with a letter to {reader}: it concerns {situation}, for the {attempt}.",
        ),
        {"reader": ADDRESSED, "situation": SITUATIONS, "attempt": ATTEMPTS, "name": NAMES, "tone": TONES},
        fixed(_letter),
    ),
    Family(
        "telephone note",
        Kind.OPEN,
        (
            "Take down {style} that {name} rang {when} because of {situation}.",
            "Leave a note {style} on a call {when}: {name} spoke of {situation}.",
        ),
        {"style": NOTE_STYLES, "name": NAMES, "when": WHENS, "situation": SITUATIONS},
        fixed(_phone_note),
    ),
    Family(
        "job advert",
        Kind.OPEN,
        (
            "Seek {job} {hours} in a notice read by {audience}, {shape}.",
            "A vacancy {hours}: attract {job} by a few lines {shape} for {audience}.",
        ),
        {"job": JOBS, "hours": WORKING, "audience": COMMON["audience"], "shape": COMMON["shape"]},
        alone(_job_advert),
    ),
    Family(
        "interview questions",
        Kind.OPEN,
        ("Think of {count} to ask {job} {interview}, {tone}.", "Prepare {interview} {count} for {job}, {tone}."),
        {"count": QUESTIONS, "job": JOBS, "interview": INTERVIEWS, "tone": TONES},
        fixed(_interview),
    ),
    Family(
        "working day",
        Kind.OPEN,
        (
            "Outline the working day of {job} {weather} {use}, {tone}.",
            "Note down four moments of {job} {weather}, {tone}, {use}.",
        ),
        {"job": JOBS, "weather": WEATHERS, "use": PRINTED, "tone": TONES},
        fixed(_working_day),
    ),
)
