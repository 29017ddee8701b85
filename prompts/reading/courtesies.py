"""Tell what a chat model says around its answer from the answer: greetings, announcements, farewells, notes and refusals.

For the `tolerant` form of the parsers. Phrases of the languages that models answer in most; in doubt a line is the answer.
"""

import re

_COURTESY = re.compile(
    r"[\W_]*+(?:(?:sure|certainly|of course|absolutely|okay|ok|alright|all right|great|got it|understood|no problem)"
    r"(?:[!,.:;]|\s+(?:thing|here|i)\b|\s*[–—-]\s|\s*+$)"
    r"|(?:claro|por supuesto|bien sûr|natürlich|gerne|certamente|com certeza|конечно"
    r"|当然|當然|好的|没问题|もちろん|承知しました|はい|물론)"
    r"(?:[!,.:;！，。：、]|です|\s*+$))",
    re.IGNORECASE,
)
_ANNOUNCEMENT = re.compile(
    r"[\W_]*+(?:here (?:are|is)|here['’]s|(?:below|these|following) (?:are|is)|the following|continuing|i['’]ll|i will|let['’]s"
    r"|aquí (?:tienes|están)|estas son|a continuación|voici|hier (?:sind|ist)|nachfolgend|ecco|aqui estão|вот|ниже"
    r"|以下|下面|这里|這裡|다음은)",
    re.IGNORECASE,
)
_HEADING = re.compile(r"[\W_]*+(?:\w{1,20} ){0,2}(?:tasks|instructions|examples?)[\W_]*+$", re.IGNORECASE)
_FAREWELL = re.compile(
    r"[\W_]*+(?:(?:please )?let me know|(?:i )?hope (?:this|these|that)|feel free|would you like|enjoy\b"
    r"|if you(?:['’]d| would|['’]re)? (?:like|need|want)|(?:please )?note\s*+(?:\*\*)?[:：]"
    r"|(?:nota|hinweis|注|注意)\s*[:：]"
    r"|(?:please )?note that|espero que|¿?(?:quieres|te gustaría)|avísame|n['’]hésitez pas|j['’]espère|ich hoffe"
    r"|lass mich wissen"
    r"|se quiser|spero che|надеюсь|если (?:вам|вы)|希望|如果(?:您|你)|如需|お役に立|必要であれば)",
    re.IGNORECASE,
)
_REFUSAL = re.compile(
    r"[\W_]*+(?:(?:i['’]m |i am |we['’]re )?(?:very |really |so )?(?:sorry|afraid),?\W|i apologi[sz]e|my apologies"
    r"|(?:unfortunately,? )?(?:i|we) (?:can(?:['’]?t|not| not)|am (?:not able|unable)|['’]m (?:not able|unable)|won['’]t"
    r"|must decline)\b"
    r"|unfortunately\b|as an ai\b|lo siento|lamento\b|je suis désolée?|désolé|es tut mir leid|tut mir leid|entschuldig"
    r"|desculpe|sinto muito|mi dispiace|извините|к сожалению|抱歉|很抱歉|对不起|我无法|我不能|申し訳|すみません|죄송)",
    re.IGNORECASE,
)


def is_preamble(line: str) -> bool:
    """Return whether a line only leads up to an answer: "Sure!", "Here are eight tasks:", "**Examples**"."""
    if _COURTESY.match(line) or _HEADING.match(line):
        return True
    return _ANNOUNCEMENT.match(line) is not None and line.rstrip(" \t\r\n*_#`").endswith((":", "：", ".", "。", "!", "！"))


def is_farewell(line: str) -> bool:
    """Return whether a line only follows an answer: "Let me know if you would like more!", "(Note: ...)"."""
    return _FAREWELL.match(line) is not None


def is_refusal(text: str) -> bool:
    """Return whether an answer begins by refusing to give one: "I'm sorry, but I can't help with that."."""
    return _REFUSAL.match(text) is not None


def ends_in_colon(line: str) -> bool:
    """Return whether a line ends in a colon, Markdown and white space aside."""
    return line.rstrip(" \t\r\n*_#`").endswith((":", "："))
