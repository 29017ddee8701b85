"""An instance without an input, although its instruction speaks of one."""

import re

from self_instruct.chains.verifiers.example import Example, shown
from self_instruct.chains.verifiers.needless_input import is_no_input

_THINGS = (
    r"(?:texts?|sentences?|paragraphs?|passages?|articles?|e-?mails?|letters?|messages?|notes?|stor(?:y|ies)|tales?|poems?"
    r"|lines?|lyrics|reviews?|comments?|tweets?|posts?|headlines?|quotes?|quotations?|conversations?|dialogues?|documents?"
    r"|reports?|essays?|abstracts?|summar(?:y|ies)|descriptions?|statements?|claims?|arguments?|questions?|answers?|riddles?"
    r"|jokes?|words?|phrases?|verbs?|nouns?|adjectives?|titles?|terms?|lists?|numbers?|integers?|digits?|fractions?|equations?"
    r"|expressions?|formulas?|sequences?|series|arrays?|matri(?:x|ces)|functions?|code|snippets?|programs?|scripts?|quer(?:y"
    r"|ies)|strings?|tables?|rows?|data|dates?|recipes?|ingredients?|dish(?:es)?|products?|items?|objects?|options?|events?"
    r"|situations?|scenarios?|problems?|puzzles?|results?|clues?|symptoms?|ideas?|plans?|schedules?|invitations?|proposals?"
    r"|clauses?|triangles?|rectangles?|circles?|chords?|facts?|pairs?|topics?|context|premises?|hypothes[ie]s|conclusions?"
    r"|prices?|values?|movies?|books?|songs?|news|speech|advert\w*|instructions?|rules?|figures?|measurements?|temperatures?"
    r"|scores?|customers?|mistakes?|errors?|names?|expenses?|phones?|feedback|requests?|complaints?|minutes)"
)
_POINTER = (
    r"(?:this|these|the following|the (?:given|provided|attached)|given (?:an?|the|two|three|some|this|these)|here (?:is|are)"
    rf"|(?:{_THINGS}|objects?) (?:below|above)|below|from its description)"
)
_STRONG = re.compile(rf"\b(?:{_POINTER}(?: [\w'-]+)?|I'll give you|I will give you|wrote me this)\b", re.IGNORECASE)
_POINTING = (
    "this", "these", "following", "given", "provided", "attached", "here is", "here are", "below", "above", "description",
    "i'll give", "i will give", "wrote me",
)  # fmt: skip
_OF_PROGRAMS = re.compile(
    r"\b(?:write|create|implement|design|develop|build|make)\b.{0,40}\b(?:function|program|code|algorithm|script|method"
    r"|class)\b",
    re.I,
)
_POINTS = re.compile(
    rf"\b(?:the|each|every|both|all|all the|of the|these two|two|my|our|his|her) (?:[\w'-]+ ){{0,2}}?{_THINGS}\b"
    r"(?! (?:of|that|who|which|between|for|below|above|made|from|\d)\b)",
    re.IGNORECASE,
)
_ANY_THING = re.compile(
    r"\bthe (?:[\w'-]+ ){0,2}?[\w'-]+(?<!number)(?<!result)(?=[.,;:?!]|$| (?:and|to|into|in|from|with|as|by|for|or|belong"
    r"|alone)\b)",
    re.IGNORECASE,
)
_BARE_VERB = re.compile(
    r"^(?:please )?(?:translate|summari[sz]e|paraphrase|proofread|rewrite|rephrase|classify|categori[sz]e|sort|solve"
    r"|unscramble|transcribe|shorten|simplify|convert|correct)\b(?=\s*(?:[.!]|it\b|(?:in|into|to|as|for|from"
    r"|by) (?:\w+ ){0,6}\w*[.!]?$))",
    re.IGNORECASE,
)
_WORKS_ON = re.compile(
    r"^(?:please )?(?:translate|summari[sz]e|paraphrase|proofread|rewrite|rephrase|classify|categori[sz]e|sort|solve"
    r"|unscramble|transcribe|shorten|simplify|convert|correct|fix|spot|identify the|extract|highlight|replace|change|add"
    r"|remove|delete|format|arrange|match|balance|guess|label|rate|edit|improve|turn|put|move|read|analy[sz]e|check"
    r"|complete the|continue the|fill in|underline|count the|combine|merge|split|apologi[sz]e|reply|respond|answer the"
    r"|decide whether|determine (?:if|whether)|say whether|tell me (?:if|whether))\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(
    r"[\"“«][^\"”»]{12,300}[\"”»]|(?<!\w)['‘][^'’\n]{12,300}['’](?!\w)|`[^`]{3,300}`|https?://|[“«][^”»]{12,300}$"
)
_OWN_TEXT = re.compile(
    r"\n\s*\S|\b\w+\([^()\n]*,[^()\n]*\)|\d[\d,. ]*[-+*/×÷=^]\s*\d|(?:\d[\d.]*[,;\s]+){3}|\b(?:numbers?|words?|letters?|terms?"
    r"|names?|phrases?) (?:\d|[\"'“‘`])|\b(?:input|text|sentence|example)s? ?\d?: ?\S"
    rf"|\b(?:{_POINTER}|the|an?) (?:[\w'-]+ ){{0,4}}?(?:{_THINGS}|text)(?: (?!is\b|are\b)[\w'-]+){{0,3}}:\s*\S"
    rf"|\b{_POINTER}(?: [\w'-]+){{0,4}}: ?\S"
    r"|^(?:translate|correct|fix|rewrite|solve|simplify|calculate|convert|summari[sz]e|classify"
    r"|paraphrase)\b[^:.]{0,60}:\s*\S",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?]\s+(?=[A-Z])")
_FIGURE = re.compile(r"\d")
_SPEAKS_ON = re.compile(r"This (?:will|is|can|may|could|should|would|might|help|helps|means|way|includes|allows|makes)")
_CHOICES = re.compile(r":(?: [\w'-]+){1,3}(?:,(?: [\w'-]+){1,3}){0,9},? or(?: [\w'-]+){1,3}[.?]")
_ASKS_TO_WRITE = re.compile(
    r"(?:^|[.!?,] )(?:please |can you |could you |now )?(?:write|create|generate|compose|make|design|develop|implement|build"
    r"|invent|come up|imagine|describe|explain|give|tell|list|name|suggest|plan|think|discuss|how|why|what|who|when|where|is"
    r"|are|do|does|should|can|define|outline|draft|brainstorm|propose|recommend|provide|produce|show|compare|which|I|my|our"
    r"|we|you|invite|announce|advertise|thank|congratulate|ask|pretend|lay out)\b",
    re.IGNORECASE,
)
_NOT_POINTING = re.compile(
    r"\b(?:this|these) (?:very|moment|day|days|week|month|year|time|morning|evening|world|summer|winter|spring|autumn|season"
    r"|weekend|afternoon|way|kind|sort|type|case)\b|\bbelow (?:zero|average|\d)|\b(?:provided|given) that\b"
    r"|\ball (?:the )?times?\b|\b(?:these|those|the following) (?:categories|labels|classes|options|choices|keys|criteria"
    r"|steps|rules|headings|columns)\b|\bthe words? itself\b|\bgiven (?:name|up|in|to|by)\b|\bthose who\b",
    re.IGNORECASE,
)


def missing_input(example: Example) -> str | None:
    """Find an empty input where the instruction points at one: "the following text", "this function", "Translate it".

    Nothing is said where the instruction itself holds what it points at: in quotes, behind a colon, on a line of its own. Where
    something is to be written, or asked about the world, only plain pointers count ("this", "given", "below"); where something
    is to be worked on, "the" and a noun do.
    """
    if not is_no_input(example.input) or example.request.rstrip().endswith(":"):
        return None
    request = _NOT_POINTING.sub(" ", _CHOICES.sub(".", example.request.strip()))
    found = _BARE_VERB.match(request) or (_new(_STRONG, request) if example.mentions(*_POINTING) else None)
    if found is None and (example.is_classification or (_WORKS_ON.match(request) and not _FIGURE.search(request))):
        found = _new(_ANY_THING, request)
    if found is None and not _ASKS_TO_WRITE.search(request) and not _FIGURE.search(request):
        found = _new(_POINTS, _first_sentence(request))
    if found is None or _OF_PROGRAMS.search(request) or _QUOTED.search(request) or _OWN_TEXT.search(request):
        return None
    return shown(found[0])


def _first_sentence(request: str) -> str:
    return _SENTENCE_END.split(request, maxsplit=1)[0]


def _new(pattern: re.Pattern[str], request: str) -> re.Match[str] | None:
    """Return the first thing pointed at that the text has not named before: in "write a story ... the story" there is none."""
    for match in pattern.finditer(request):
        thing = match[0].split()[-1].casefold().removesuffix("s")
        if _SPEAKS_ON.fullmatch(match[0]) and match.start() > 0:
            continue
        if len(thing) <= 2 or thing not in request[: match.start()].casefold():
            return match
    return None
