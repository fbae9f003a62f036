"""A cluster that is not there: a sentence at once, and nothing left in the way."""

from dse.cli.main import invoke

JOB = """
study: far
model: attention/fusemax
search: [{searcher: random, budget: 10}]
"""


def test_an_address_where_nobody_listens_leaves_no_folder(tmp_path, capsys):
    job, folder = tmp_path / "job.yaml", tmp_path / "study"
    job.write_text(JOB)
    arguments = ["run", str(job), "--study", str(folder), "--ray-address", "127.0.0.1:1"]
    assert invoke([*arguments, "--quiet"]) == 3
    assert "no Ray cluster at 127.0.0.1:1" in capsys.readouterr().err
    assert not folder.exists()
    assert invoke([*arguments, "--quiet"]) == 3  # not "the folder exists already"
