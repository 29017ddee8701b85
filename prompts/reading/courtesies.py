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
_IT_IS = re.compile(  # "Here is the revised version of the list."
    r"[\W_]*+(?:(?:here (?:is|are)|here['’]s|below (?:is|are)|hier ist) (?:the|an?|my|your|die|eine) (?:\w+ ){0,3}"
    r"(?:outputs?|answers?|version|text|ausgabe|antwort|fassung)\b[^.!:\n]{0,40}|here (?:it is|you (?:go|are))"
    r"|i(?: can|['’]ll|['’]d be (?:happy|glad) to) (?:help (?:you )?with|do) (?:this|that))?+[\W_]*+",
    re.IGNORECASE,
)
_LETTER = re.compile(
    r"(?:dear|hi|hello|hey|good (?:morning|afternoon|evening)|subject:|hallo|liebe[rs]?|sehr geehrte)\b", re.IGNORECASE
)
_SIGNED = re.compile(r"\n\n[^\n]{1,40},[ ]*\n[^\n]{1,40}\s*\Z")  # "Kind regards,", and a name
_LONGEST_END = 100
_TO_THE_ASKER = re.compile(
    r"[\W_]*+(?:(?:please )?let me know if you(?:['’]d| would) like|(?:i )?hope (?:this|that) helps|would you like me)\b",
    re.IGNORECASE,
)
_CANNOT = r"(?:can(?:['’]?t|not| not)|won['’]t|must decline|(?:am |are )?(?:not able|unable))"
_REFUSAL = re.compile(
    r"[\W_]*+(?:(?:(?:i|we)(?:['’](?:m|re)| am| are) )?(?:very |really |so )?(?:sorry|afraid)(?!\w)|i apologi[sz]e|my apologies"
    rf"|(?:unfortunately,? )?(?:i|we)(?:['’](?:m|re))? {_CANNOT}\b"
    r"|i (?:do not|don['’]t) feel comfortable"
    r"|unfortunately\b|as an ai\b|lo siento|lamento\b|je suis désolée?|désolé|es tut mir leid|tut mir leid|entschuldig"
    r"|desculpe|sinto muito|mi dispiace|извините|к сожалению|抱歉|很抱歉|对不起|我无法|我不能|申し訳|すみません|죄송)",
    re.IGNORECASE,
)
_UNABLE = re.compile(  # what an assistant says of a request; "Sorry, we cannot come" is a text like any other
    r"[\W_]*+(?:(?:(?:(?:i|we)(?:['’](?:m|re)| am| are) )?(?:very |really |so )?(?:sorry|afraid)|i apologi[sz]e|my apologies"
    r"|unfortunately)(?: for [^.,\n]{1,40}+)?+[,.;!]? ?(?:but )?(?:that )?)?+"
    r"(?:as an ai\b|i (?:do not|don['’]t) feel comfortable"
    rf"|i(?:['’]m)? {_CANNOT} (?:to )?(?:assist|comply|fulfil|help (?:you )?with|do (?:that|this)\W*\Z"
    r"|\w{2,12} (?:\w+ ){0,3}(?:requests?|prompts?|tasks?|instructions?|content)\b)"
    r"|(?:(?:lo siento|lamento|(?:je suis )?désolée?|(?:es )?tut mir leid|entschuldig|desculpe|sinto muito|mi dispiace|извините"
    r"|к сожалению|很?抱歉|对不起|申し訳|すみません|죄송)[^.!?。！？\n]{0,40}?)?"
    r"(?:no puedo|kann ich|ich kann|ne (?:peux|puis)|não posso|non posso|не могу|我?无法|我?不能)[^.!?。！？\n]{0,40}?"
    r"(?:ayudar|cumplir|responder|helfen|erfüllen|beantworten|aider|répondre"
    r"|ajudar|aiutar|rispondere|помочь|выполнить|ответить|帮|协助|完成|提供|回答|满足|生成))",
    re.IGNORECASE,
)


def is_preamble(line: str) -> bool:
    """Return whether a line only leads up to an answer: "Sure!", "Here are eight tasks:", "**Examples**"."""
    if _COURTESY.match(line) or _HEADING.match(line):
        return True
    return _ANNOUNCEMENT.match(line) is not None and line.rstrip(" \t\r\n*_#`").endswith((":", "：", ".", "。", "!", "！"))


def is_courtesy(line: str) -> bool:
    """Return whether a line only leads up to a text: it ends in a colon, or is no more than "Sure!" or "Here it is."."""
    courtesy = _COURTESY.match(line)
    says_no_more = _IT_IS.fullmatch(line, courtesy.end() if courtesy else 0) is not None
    return is_preamble(line) and (ends_in_colon(line) or says_no_more)


def is_farewell(line: str) -> bool:
    """Return whether a line only follows an answer: "Let me know if you would like more!", "(Note: ...)"."""
    return _FAREWELL.match(line) is not None


def only_follows(paragraph: str, text: str) -> bool:
    """Return whether a last paragraph only follows the text before it; of a letter, or of several paragraphs, it is a part.

    >>> only_follows("I hope this finds you well.", "Dear Ann,"), only_follows("I hope this helps!", "apple, cherry, plum")
    (False, True)
    """
    if not is_farewell(paragraph):
        return False
    if "example" in paragraph.casefold() or _SIGNED.search(text, max(0, len(text) - _LONGEST_END)):
        return True
    is_long = "\n\n" in text and not _TO_THE_ASKER.match(paragraph)
    return not (is_long or _LETTER.match(text.lstrip(" \n*_#>")))


def is_refusal(text: str) -> bool:
    """Return whether an answer begins by refusing to give one: "I'm sorry, but I can't help with that."."""
    return _REFUSAL.match(text) is not None


def is_unable(text: str) -> bool:
    """Return whether a text of any kind is a refusal to write one; a story may begin with "Sorry" or "Unfortunately"."""
    return _UNABLE.match(text) is not None


def ends_in_colon(line: str) -> bool:
    """Return whether a line ends in a colon, Markdown and white space aside."""
    return line.rstrip(" \t\r\n*_#`").endswith((":", "："))
