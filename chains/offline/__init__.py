"""The offline model: a rule-based stand-in for a language model, for trying and testing the chain, never for training."""

from self_instruct.chains.offline.model import OfflineModel

__all__ = ["OfflineModel"]
