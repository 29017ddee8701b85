"""The prompts, as Jinja templates behind a LangChain prompt class, and the output parsers that read the replies to them."""

from self_instruct.prompts.custom_prompt import custom_prompt
from self_instruct.prompts.prompt_set import PromptSet, prompt_set
from self_instruct.prompts.reading.classification_parser import ClassificationParser
from self_instruct.prompts.reading.critique_parser import CritiqueParser, OutputParser
from self_instruct.prompts.reading.instance_parser import InstanceParser
from self_instruct.prompts.reading.instruction_parser import InstructionParser
from self_instruct.prompts.reading.reply_parser import ReplyParser
from self_instruct.prompts.reading.verdict_parser import PreferenceParser, ScoresParser, VoteParser
from self_instruct.prompts.stage_prompt import StagePrompt, StagePromptValue, prompt_text
from self_instruct.prompts.template_files import Templates

__all__ = [
    "ClassificationParser",
    "CritiqueParser",
    "InstanceParser",
    "InstructionParser",
    "OutputParser",
    "PreferenceParser",
    "PromptSet",
    "ReplyParser",
    "ScoresParser",
    "StagePrompt",
    "StagePromptValue",
    "Templates",
    "VoteParser",
    "custom_prompt",
    "prompt_set",
    "prompt_text",
]
