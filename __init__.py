"""Self-Instruct (Wang et al. 2023, arXiv:2212.10560) as LangChain runnables.

The folders beside this file are the package's parts; see the README's map.
"""

__version__ = "0.1.0"
