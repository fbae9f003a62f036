"""One test per message; the whole text is what a user sees."""

import pytest
from job_samples import GOOD

from dse.errors import InputError, JobError
from dse.job import load_job


def refusal(path):
    with pytest.raises(JobError) as caught:
        load_job(path)
    return caught.value


@pytest.mark.parametrize(
    ("old", "new", "place", "text"),
    [
        # shape
        (
            "objectives",
            "objektives",
            "5:1",
            "unknown key 'objektives'. Did you mean 'o",
        ),
        ("fixed", "fixd", "2:20, model", "unknown key 'fixd'. Did you mean 'fixed'?"),
        ("search:", "budget: 5\nsearch:", "7:1", "unknown key 'budget'. It belongs to sea"),
        (
            "study: toy",
            "study: ../toy",
            "1:1, study",
            "'../toy': a name has letters, digits, - _ .",
        ),
        ("study: toy\n", "", "1:1", "the key 'study' is missing"),
        ("model: {name: toy, fixed: {style: fast}}\n", "", "1:1", "the key 'model' is missing"),
        ("searcher: random, ", "", "8:5, search[0]", "the key 'searcher' is missing"),
        ("{operations: 2048}", "5", "3:1, workload", "5 does not fit"),
        ("[0, 1]", "3", "8:36, search[0].seeds", "3 does not fit"),
        ("[0, 1]", "[]", "8:36, search[0].seeds", "[] does not fit\n  allowed: whole numbers"),
        (
            "[0, 1]",
            "abc",
            "8:36, search[0].seeds",
            "'abc' does not fit\n  allowed: whole numbers >= 0, e",
        ),
        (
            "[0, 1]",
            "[9223372036854775808]",
            "8:44, search[0].seeds[0]",
            "9223372036854775808 does not fit\n  allowed: whole numbers from 0 to 922337203685477",
        ),
        (
            "settings: {order: down}",
            "order: down",
            "9:26, search[1]",
            "unknown key 'order'. It belongs under settings:",
        ),
        ("[0, 1]", "[0, 0]", "8:36, search[0].seeds", "[0, 0]: a seed occurs twice"),
        ("[0, 1]", "[0, -1]", "8:47, search[0].seeds[1]", "-1 does not fit"),
        ("budget: 20", "budget: 0", "8:24, search[0].budget", "0 does not fit"),
        ("budget: 20", "budget: many", "8:24, search[0].budget", "'many' does not fit"),
        (
            "budget: 20",
            "budget: true",
            "8:24, search[0].budget",
            "True: true and false are not numbers",
        ),
        ("budget: 20", "budget: 1.5", "8:24, search[0].budget", "1.5 does not fit"),
        ("search:", "limits: {max_failed_share: 2}\nsearch:", "7:10, limits.max_f", "2 does not"),
        (
            "search:",
            "executor: {kind: rai}\nsearch:",
            "7:12, executor.kind",
            "'rai' is not an opti",
        ),
        ("search:", "executor: {workers: 0}\nsearch:", "7:12, executor.workers", "0 is not an opt"),
        ("search:", "executor: {address: a}\nsearch:", "7:1, executor", "{'address': 'a'}: `addre"),
        # meaning
        ("name: toy", "name: tyo", "2:9, model.name", "unknown model 'tyo'. Did you mean 'toy'?"),
        ("{operations", "{name: bert, operations", "3:24, workload", "unknown key 'op"),
        ("2048", "fast", "3:12, workload.operations", "'fast' is not a number"),
        ("2048", "5 GHz", "3:12, workload.operations", "'5 GHz' is a frequency, but this is a pla"),
        ("{style: fast}", "{banks: -4}", "2:28, model.fixed.banks", "banks = -4 is not a value"),
        ("fixed: {style", "options: {style", "2:30, model.options", "unknown key 'style'."),
        ("500 MHz", "5 J", "4:31, space.frequency_hz[1]", "frequency_hz: '5 J' is an energy, bu"),
        ("[1 GHz, 500 MHz]", "[]", "4:9, space.frequency_hz", "frequency_hz has no value left"),
        ("frequency_hz:", "style:", "4:9, space.style", "style is both fixed and explored"),
        ("area_mm2: min", "area: min", "5:30, objectives.area", "unknown metric 'area'. Did you "),
        ("area_mm2: min", "area_mm2: low", "5:30, objectives.area_mm2", "objective area_mm2: dir"),
        ("area_mm2 <= 100", "area <= 1", "6:15, constraints[0]", "'area <= 1': unknown name 'are"),
        ("area_mm2 <= 100", "style <= 1", "6:15, constraints[0]", "'style <= 1': the values of s"),
        (
            "area_mm2 <= 100",
            "area_mm2 < 100",
            "6:15, constraints[0]",
            "'area_mm2 < 100' is not a constraint: use <= or >=",
        ),
        ("area_mm2 <= 100", "area_mm2", "6:15, constraints[0]", "'area_mm2' is not a constraint"),
        ("random", "rndom", "8:6, search[0].searcher", "unknown searcher 'rndom'. Did you mean 'r"),
        ("budget: 20, ", "", "8:5, search[0]", "the key 'budget' is missing"),
        (
            "order: down",
            "ordr: down",
            "9:37, search[1].settings",
            "unknown key 'ordr'. Did you mean 'order'?",
        ),
        (
            "order: down",
            "order: dwn",
            "9:37, search[1].settings.order",
            "'dwn' is not an option. D",
        ),
        (
            "order: down",
            "stride: 13",
            "9:26, search[1].settings",
            "the searcher 'toy-walk' with th",
        ),
        ("toy-walk", "toy-walk, seeds: [1, 2]", "9:5, search[1]", "2 seeds, but toy-walk does th"),
    ],
)
def test_one_mistake_is_named_with_place_and_remedy(job_file, old, new, place, text):
    path = job_file(old, new)
    error = refusal(path)
    assert str(error).startswith(f"{path}:{place}")
    assert f": {text}" in str(error)
    assert str(error).splitlines()[-1] == (
        f"  next:    correct {path} and run again; nothing was evaluated or written"
    )
    assert len(str(error).splitlines()) <= 5
    assert error.exit_code == 2


def test_all_mistakes_are_reported_in_reading_order(job_file):
    text = GOOD.replace("style: fast", "style: fst").replace("objectives", "objektives")
    path = job_file("rndom", "rndom", text.replace("random", "rndom"))
    lines = [line for line in str(refusal(path)).splitlines() if not line.startswith(" ")]
    assert [line.removeprefix(f"{path}:").split(", ")[0] for line in lines] == [
        "2:28",
        "5:1: unknown key 'objektives'. Did you mean 'objectives'?",
        "8:6",
    ]


def test_very_many_mistakes_are_cut_short(job_file):
    many = "".join(f"x{i}: 1\n" for i in range(50))
    text = str(refusal(job_file("study", f"{many}study")))
    assert "... and 42 more" in text
    assert len(text.splitlines()) == 8 + 3  # allowed (once), "and more", next


def test_advice_on_one_mistake_leaves_one_next_step(job_file):
    text = str(refusal(job_file("frequency_hz:", "style:")))
    assert "style is both fixed and explored; remove it from `fixed` or from `space`" in text
    assert text.count("next:") == 1


def test_a_file_without_any_key_of_a_job_is_no_job_in_one_message(job_file):
    path = job_file(text="layers: 5\nheads: 12\n")
    assert str(refusal(path)) == (
        f"{path}: not a job file: none of the keys study, model, search\n"
        "  allowed: the keys study, model, workload, space, objectives, constraints, search, "
        "executor, limits\n"
        "  next:    start from one in examples/; docs/tutorials/launch-a-job.md explains it"
    )


def test_an_enumeration_of_too_many_designs_is_refused_with_its_size(job_file, monkeypatch):
    monkeypatch.setattr("dse.job.load.MAX_ENUMERATION", 10)
    error = refusal(job_file())
    assert "search[1]: the space has 32 designs, too many to enumerate" in str(error)


@pytest.mark.parametrize("text", ["", "- 1", "a: [", "{}"])
def test_a_file_that_is_no_job_is_refused(job_file, text):
    with pytest.raises(InputError):
        load_job(job_file(text=text))


def test_a_missing_job_names_the_absolute_path(tmp_path):
    with pytest.raises(InputError, match=f"tried {tmp_path}"):
        load_job(tmp_path / "job.yaml")


def test_a_missing_workload_file_names_the_absolute_path(job_file):
    path = job_file("{operations: 2048}", "{name: transformer, file: ../net.yaml}")
    assert str(path.parent.parent / "net.yaml") in str(refusal(path))


def test_a_searcher_that_refuses_the_problem_is_named_before_anything_runs(tmp_path):
    path = tmp_path / "job.yaml"
    path.write_text(
        "study: s\nmodel: attention/fusemax\nsearch: [{searcher: genetic, budget: 10}]\n"
    )
    with pytest.raises(JobError, match=r"job.yaml:3:11.*genetic with 3 objectives"):
        load_job(path)


def test_an_empty_search_wants_at_least_one_entry(tmp_path):
    path = tmp_path / "job.yaml"
    path.write_text("study: s\nmodel: toy\nsearch: []\n")
    assert "search: [] does not fit\n  allowed: at least one entry\n" in str(refusal(path))


@pytest.mark.parametrize("objectives", ["objectives: [latency_s]", "objektives: {latency_s: min}"])
def test_no_searcher_judges_a_problem_whose_objectives_are_misread(tmp_path, objectives):
    path = tmp_path / "job.yaml"
    search = "search: [{searcher: genetic, budget: 10}]"
    path.write_text(f"study: s\nmodel: attention/fusemax\n{objectives}\n{search}\n")
    assert "genetic" not in str(refusal(path))


def test_a_missing_workload_file_hides_missing_parameters(job_file):
    text = str(refusal(job_file("{operations: 2048}", "{name: huggingface, file: net.json}")))
    assert "workload.file: no such file (tried /" in text
    assert "seq_len" not in text
