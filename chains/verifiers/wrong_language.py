"""An answer in another language than its task.

Languages are told apart by their script, and those in Latin script by their commonest words: no model, nothing to load, and
in doubt nothing is said. A short text is doubt.
"""

import re
from collections import Counter
from collections.abc import Mapping
from itertools import chain

from self_instruct.chains.verifiers.example import Example, shown, words

LOOKED_AT = 1_000  # characters
FEWEST_WORDS = 6  # of a text in Latin script
FEWEST_COMMON = 3  # different common words of its language in it
_SCRIPTS: Mapping[str, re.Pattern[str]] = {
    script: re.compile(f"[{characters}]")
    for script, characters in {
        "Cyrillic": "\u0400-\u04ff", "Greek": "\u0370-\u03ff", "Arabic": "\u0600-\u06ff", "Hebrew": "\u0590-\u05ff",
        "Devanagari": "\u0900-\u097f", "Thai": "\u0e00-\u0e7f", "Korean": "\uac00-\ud7af", "Japanese": "\u3040-\u30ff",
        "Chinese": "\u4e00-\u9fff",
    }.items()
}  # fmt: skip
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
_COMMON: Mapping[str, frozenset[str]] = {
    language: frozenset(listed.split())
    for language, listed in {
        "English": "a i me my the of and to in is you that it he was for on are with as his they at be this have from or had"
        " by not but what"
        " all were we when your can there an which their if will how she who its has been would more these them than her my",
        "German": "der die das und ist nicht ich sie es ein eine einen zu den mit von auf für im dem sich des wir auch wie sind"
        " werden wird bei oder aus wenn noch nur nach einer um als aber hat kann dass man ihr mein über zum zur durch so",
        "French": "le la les des et est dans un une pour que qui il elle pas sur avec ce au du ne plus par vous nous je sont"
        " son sa"
        " ses mais ou cette aux être avoir leur se tout comme très votre notre mon ma ces fait on peut été",
        "Spanish": "el la los las de que y en un una es por con para no se del al lo su como más pero sus le ya este esta"
        " son fue"
        " muy también hay está ser cuando todo nos mi tu porque desde hasta donde sin sobre entre yo",
        "Italian": "il lo la gli di che e un una è per con non si del della dei delle sono da nel nella al alla anche come"
        " più ma"
        " questo questa ha ho essere molto loro suo sua tutti perché ci dal quando mio nostro degli sul",
        "Portuguese": "o a os as de que e em um uma é para com não do da dos das no na nos nas por mais se como mas foi ao"
        " ele ela"
        " você são seu sua ou ser quando muito também está pelo pela até isso já esta este meu",
        "Dutch": "de het een en van is dat niet in op te zijn voor met die er aan om ook als maar hij ze we wij je bij uit"
        " naar dan"
        " nog wel over deze dit worden wordt kan heeft hebben onze mijn jouw geen of door",
        "Swedish": "och att det som en är på för av med den till inte om ett han har de jag var vi så från men kan när eller"
        " vara"
        " också ska hon alla mycket denna detta min din sin varje utan under",
        "Polish": "i w na z do nie się że jest to jak o od po co ale za ten tak już przez dla czy są jego może być tylko"
        " oraz która"
        " który które także bardzo ich gdy jej tym",
        "Turkish": "ve bir bu için ile da de çok en ne var olarak daha gibi kadar olan değil sonra her ki mi ama ben o şey"
        " biz siz"
        " olduğu veya iyi ya",
    }.items()
}
_HAVE: Mapping[str, list[str]] = {
    word: [language for language, common in _COMMON.items() if word in common] for word in frozenset().union(*_COMMON.values())
}
"""The languages that have each common word."""
_NAMED = re.compile(
    r"\b(?:English|German|French|Spanish|Italian|Portuguese|Dutch|Swedish|Polish|Turkish|Russian|Ukrainian|Greek|Arabic|Hebrew"
    r"|Hindi|Sanskrit|Thai|Korean|Japanese|Chinese|Mandarin|Latin|Danish|Norwegian|Finnish|Czech|Hungarian|Romanian|Vietnamese"
    r"|Indonesian|Bulgarian|Serbian|Persian|Farsi|Urdu|Catalan|Esperanto|Irish|Welsh|Swahili|Malay|Tagalog|Croatian|Slovak"
    r"|Nepali|Marathi)\b"
)
_LANGUAGES = re.compile(
    r"\b(?:languages?|translat\w*|transliterat\w*|interpret\w*|bilingual|foreign|multilingual|accent|dialect|code|program"
    r"|lyrics)\b",
    re.I,
)
_INTO = re.compile(r"\b(?:in|into|to)\s+(?:\w+\s)?$")
_SCRIPT_OF: Mapping[str, str] = {
    "Russian": "Cyrillic", "Ukrainian": "Cyrillic", "Bulgarian": "Cyrillic", "Greek": "Greek", "Arabic": "Arabic",
    "Hebrew": "Hebrew", "Hindi": "Devanagari", "Thai": "Thai", "Korean": "Korean", "Japanese": "Japanese",
    "Chinese": "Chinese", "Mandarin": "Chinese",
}  # fmt: skip


def wrong_language(example: Example) -> str | None:
    """Find an answer in a language that is neither asked for nor that of instruction or input.

    Where a task asks for one language ("Translate into French"), the output must be in that; one that speaks of languages and
    names none, or several, may be answered in any.
    """
    said = None if example.is_classification else _language_of_answer(example)
    if said is None:
        return None
    is_named = _NAMED.search(example.request) is not None
    wanted = _wanted(example.request) if is_named else None
    is_right = said == wanted if wanted else is_named or _is_spoken(said, example) or _LANGUAGES.search(example.request)
    if is_right or example.is_code:
        return None
    return f"{said}, asked: {wanted}: {shown(example.answer)}" if wanted else f"{said}: {shown(example.answer)}"


def language_of(text: str) -> str | None:
    """Return the language of a text, its script where that is not Latin, or None in doubt.

    >>> language_of("Wir gehen heute nicht in die Schule, aber morgen ist sie offen."), language_of("Hallport")
    ('German', None)
    """
    text = text[:LOOKED_AT]
    return _language(text, words(text))


def _language_of_answer(example: Example) -> str | None:
    """Return what `language_of` does of an answer, by the words that other rules look at too."""
    is_short = len(example.answer) <= LOOKED_AT
    return _language(example.answer, example.output_words) if is_short else language_of(example.answer)


def _language(text: str, said: list[str]) -> str | None:
    counts = {script: len(pattern.findall(text)) for script, pattern in _SCRIPTS.items()} if not text.isascii() else {}
    script = max(counts, key=lambda name: counts[name], default=None)
    if script and counts[script] > len(_LATIN.findall(text)) and counts[script] >= FEWEST_WORDS:
        return "Japanese" if counts["Japanese"] * 10 > counts[script] else script
    return _latin_language(said)


def _latin_language(said: list[str]) -> str | None:
    if len(said) < FEWEST_WORDS:
        return None
    scores = Counter(chain.from_iterable(_HAVE[word] for word in said if word in _HAVE))
    (name, best), (_, second) = (*scores.most_common(2), ("", 0), ("", 0))[:2]
    is_clear = best >= 0.15 * len(said) and best >= 1.5 * second
    return name if is_clear and len(_COMMON[name].intersection(said)) >= FEWEST_COMMON else None


def _wanted(request: str) -> str | None:
    """Return the one language that a text is to be put into, as `language_of` calls it."""
    into = {match[0] for match in _NAMED.finditer(request) if _INTO.search(request[max(0, match.start() - 20) : match.start()])}
    if len(into) != 1 or not re.search(r"\b(?:translat|write|answer|reply|respond|put|say|rewrite)\w*", request, re.IGNORECASE):
        return None
    language = into.pop()
    return _SCRIPT_OF.get(language, language if language in _COMMON else None)


def _is_spoken(language: str, example: Example) -> bool:
    """Return whether a language is the instruction's or the input's; a short instruction without accents may be English."""
    if language == "English" and example.request.isascii():
        return True
    return language in (language_of(example.request) or "English", language_of(example.input))
