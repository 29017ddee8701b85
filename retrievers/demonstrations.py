"""Draw the instructions that a prompt for new ones shows: mostly human-written, a few machine-written.

The only way back in the data's flow: what the novelty filter kept becomes a demonstration.
Source: Wang et al. 2023, arXiv:2212.10560, section 2.2: eight, of which six are seeds and two machine-written.
"""

from collections.abc import Sequence

from self_instruct.records.errors import InputError
from self_instruct.retrievers.draws import Draws
from self_instruct.settings.sections import InstructionSettings


def draw_demonstrations(
    seeds: Sequence[str],
    machine: Sequence[str],
    settings: InstructionSettings,
    random: Draws,
    wanted: Sequence[str] = (),
) -> tuple[str, ...]:
    """Return `settings.demonstrations` instructions, shuffled, each on one line and without a trailing colon.

    At most `settings.machine_demonstrations` of them come from `machine`, fewer while it holds fewer; the rest are seeds. No
    row is drawn twice, and `machine` is not copied. Up to half of them are taken from `wanted`, whoever wrote those, in the
    place of others. Raises `InputError` where there are fewer seeds than the draw needs.
    """
    from_machine = min(settings.machine_demonstrations, settings.demonstrations, len(machine))
    from_seeds = settings.demonstrations - from_machine
    if from_seeds > len(seeds):
        raise InputError(
            f"too few seed tasks: a prompt shows {settings.demonstrations} instructions, {from_seeds} of them seeds now,"
            f" and there are {len(seeds)}; add seed tasks or lower instructions.demonstrations."
        )
    drawn = random.sample(machine, from_machine) + random.sample(seeds, from_seeds)
    if wanted:
        first = random.sample(wanted, min(len(wanted), settings.demonstrations // 2))
        drawn = [*first, *(text for text in drawn if text not in first)][: settings.demonstrations]
    random.shuffle(drawn)
    return tuple(" ".join(text.split()).rstrip(": ") for text in drawn)
