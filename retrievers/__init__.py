"""What the pool knows: ROUGE-L, the novelty index, the similarity records, and the draw of demonstrations.

Between `prompts` and `ledger`; nothing here calls a model or touches a file. FAISS is imported with the first index only.
"""

from self_instruct.retrievers.demonstrations import draw_demonstrations
from self_instruct.retrievers.novelty import Kept, Neighbour, NoveltyIndex, TooSimilar
from self_instruct.retrievers.rouge import needed_overlap, rouge_l, tokens
from self_instruct.retrievers.similarities import SimilarityRecord, similarity_records

__all__ = [
    "Kept",
    "Neighbour",
    "NoveltyIndex",
    "SimilarityRecord",
    "TooSimilar",
    "draw_demonstrations",
    "needed_overlap",
    "rouge_l",
    "similarity_records",
    "tokens",
]
