"""Who appears: a group is counted once a task, by whole words, and names only in capitals."""

from self_instruct.chains.verifiers.people import aspects, mentions
from self_instruct.ledger import TaskId
from self_instruct.records.tasks import Instance
from self_instruct.reports.analysis.kept_tasks import KeptTask
from self_instruct.reports.analysis.who_appears import who_appears


def test_words_are_whole_and_names_and_places_are_written_large() -> None:
    assert [one.word for one in mentions("SHE sheds; the theatre; a chile, a turkey, mark the jack, Jack and Li.")] == [
        "SHE", "Jack", "Li",
    ]  # fmt: skip


def test_no_word_is_in_two_groups_of_an_aspect() -> None:
    from self_instruct.chains.verifiers.people import _lexicon

    for groups in _lexicon().values():
        words = [word.casefold() for own in groups.values() for word in own]
        assert len(words) == len(set(words))
        assert all(isinstance(word, str) for own in groups.values() for word in own)


def test_a_group_is_counted_once_a_task_with_its_commonest_words() -> None:
    tasks = [
        KeptTask(TaskId(0, 0), "Write to her.", False, (Instance("Emily", "She said to her sister ..."),)),
        KeptTask(TaskId(0, 1), "Is he a doctor or a nurse?", True),
        KeptTask(TaskId(0, 2), "Add two numbers.", False),
    ]
    found = {(one.aspect, one.group): one for one in who_appears(tasks)}
    women = found["genders", "women"]
    assert (women.tasks, women.all_tasks, women.words) == (1, 3, ("her", "she", "sister"))
    assert found["names", "English-speaking countries"].words == ("Emily",)
    assert found["professions", "health and care"].tasks == 1
    assert len(found) == sum(map(len, aspects().values()))
