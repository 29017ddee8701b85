"""Self-Instruct (Wang et al. 2023, arXiv:2212.10560) as LangChain runnables.

>>> from self_instruct import SelfInstruct
>>> result = SelfInstruct("offline", num_instructions=3).run(getfixture("tmp_path") / "run")
>>> result.sentence
'3 instructions kept'

What a user needs is here; each name is imported when it is first used. The folders beside this file are the package's parts;
see the README's map.
"""

from typing import TYPE_CHECKING

from self_instruct.records.lazy_names import lazily

__version__ = "0.1.0"

__all__ = [
    "Candidate",
    "Classification",
    "InputError",
    "Instance",
    "NoveltyIndex",
    "RejectedError",
    "Rejection",
    "RunResult",
    "SeedTask",
    "SelfInstruct",
    "Settings",
    "SettingsError",
    "Task",
    "Verdict",
    "classification_chain",
    "export",
    "instance_chain",
    "instruction_chain",
    "load_model",
    "load_run",
    "load_seeds",
    "register_stage",
    "shipped_seeds",
    "task_chain",
]

_HOMES = {
    "chains": (
        "RunResult", "SelfInstruct", "classification_chain", "instance_chain", "instruction_chain", "load_model",
        "register_stage", "task_chain",
    ),
    "records": (
        "Candidate", "Classification", "InputError", "Instance", "RejectedError", "Rejection", "SeedTask", "SettingsError",
        "Task", "Verdict",
    ),
    "reports": ("export", "load_run"),
    "retrievers": ("NoveltyIndex",),
    "seeds": ("load_seeds", "shipped_seeds"),
    "settings": ("Settings",),
}  # fmt: skip

if TYPE_CHECKING:
    from self_instruct.chains import (
        RunResult,
        SelfInstruct,
        classification_chain,
        instance_chain,
        instruction_chain,
        load_model,
        register_stage,
        task_chain,
    )
    from self_instruct.records import (
        Candidate,
        Classification,
        InputError,
        Instance,
        RejectedError,
        Rejection,
        SeedTask,
        SettingsError,
        Task,
        Verdict,
    )
    from self_instruct.reports import export, load_run
    from self_instruct.retrievers import NoveltyIndex
    from self_instruct.seeds import load_seeds, shipped_seeds
    from self_instruct.settings import Settings
else:
    __getattr__, __dir__ = lazily(__name__, {name: home for home, names in _HOMES.items() for name in names})
