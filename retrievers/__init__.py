"""What the pool knows: ROUGE-L, the novelty index, the similarity records, demonstrations, and the parts for LangChain apps.

Between `prompts` and `ledger`; nothing here calls a language model, and only `LexicalVectorStore` touches a file, when it is
told to save or load. FAISS is imported with the first index only, LangChain with the first of the two names that are its.
"""

from typing import TYPE_CHECKING

from self_instruct.records.lazy_names import lazily
from self_instruct.retrievers.apps.semantic import Embedded, EmbeddingError, SemanticIndex, TooSimilarInMeaning
from self_instruct.retrievers.demonstrations import draw_demonstrations
from self_instruct.retrievers.novelty import Kept, Neighbour, NoveltyIndex, TooSimilar
from self_instruct.retrievers.rouge import needed_overlap, rouge_l, tokens
from self_instruct.retrievers.similarities import SimilarityRecord, similarity_records

__all__ = [
    "Embedded",
    "EmbeddingError",
    "Kept",
    "LexicalVectorStore",
    "Neighbour",
    "NoveltyIndex",
    "SemanticIndex",
    "SimilarInstructionsRetriever",
    "SimilarityRecord",
    "TooSimilar",
    "TooSimilarInMeaning",
    "draw_demonstrations",
    "needed_overlap",
    "rouge_l",
    "similarity_records",
    "tokens",
]

_LATER = {  # importing langchain_core costs 0.5 s, which `run.py dedup` does not need
    "LexicalVectorStore": "apps.vector_store",
    "SimilarInstructionsRetriever": "apps.similar_instructions",
}

if TYPE_CHECKING:
    from self_instruct.retrievers.apps.similar_instructions import SimilarInstructionsRetriever
    from self_instruct.retrievers.apps.vector_store import LexicalVectorStore
else:
    __getattr__, __dir__ = lazily(__name__, _LATER)
