import subprocess
import sys

import click
import pytest
from plugins.fake_distributions import install

from dse.cli import main as frame
from dse.errors import DSEError, EnvironmentRefusal, InputError

HEAVY = {
    "numpy", "torch", "ray", "pandas", "gymnasium", "plotly", "matplotlib", "pydantic", "rich",
}  # fmt: skip


@pytest.fixture
def failing(monkeypatch):
    """Make `dse list` raise."""

    def install(error):
        @click.command()
        def fail():
            raise error

        monkeypatch.setattr("dse.cli.catalogue.catalogue", fail)

    return install


# -- start-up --------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["list"], ["list", "--json"]])
def test_light_commands_import_nothing_heavy(arguments):
    code = (
        "import sys; from dse.cli.main import invoke\n"
        f"assert invoke({arguments!r}) == 0\n"
        f"loaded = {HEAVY!r} & set(sys.modules)\n"
        "assert not loaded, loaded"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_help_lists_every_command_with_its_summary(dse):
    code, out, _ = dse("--help")
    assert code == 0
    for name, entry in frame._COMMANDS.items():
        assert f"  {name}" in out
        assert entry.summary in out


def test_version(dse):
    assert dse("--version")[1].startswith("dse ")


@pytest.mark.parametrize("command", ["list", "describe", "evaluate"])
def test_every_command_has_help_with_examples(dse, command):
    code, out, _ = dse(command, "--help")
    assert code == 0
    assert "Examples:" in out


# -- commands of other packages --------------------------------------------------------------------

HELLO = """
    import click

    @click.command()
    def hello():
        "Greet."
        click.echo("hello")

    odd = 5
"""


@pytest.fixture
def added(tmp_path, monkeypatch):
    """A package brings the commands `hello` and `odd`, and one called like a built-in."""
    points = {"hello": "strange_cli:hello", "odd": "strange_cli:odd", "list": "strange_cli:hello"}
    monkeypatch.syspath_prepend(
        install(tmp_path, "strange-cli", {"dse.commands": points}, {"strange_cli": HELLO})
    )
    yield
    sys.modules.pop("strange_cli", None)


def test_a_package_adds_a_command(added, dse):
    assert dse("hello")[:2] == (0, "hello\n")


def test_help_lists_an_added_command_without_importing_it(added, dse):
    assert "  hello     Greet." in dse("--help")[1]
    assert "strange_cli" not in sys.modules


def test_an_added_command_never_hides_a_built_in_one(added, dse):
    assert dse("list", "models")[1] != "hello\n"


def test_an_added_command_that_is_none(added, dse):
    code, _, err = dse("odd")
    assert code == 2
    assert "the command 'odd' of 'strange-cli' (strange_cli:odd) is no click command" in err


# -- errors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (
            InputError("bad", where="a.yaml:3:1", allowed="good"),
            2,
            "Error: a.yaml:3:1: bad\n  allow",
        ),
        (EnvironmentRefusal("disk full"), 3, "Error: disk full\n"),
        (DSEError("broken model"), 1, "Error: broken model\n"),
        (click.UsageError("wrong"), 2, "Error: wrong"),
        (KeyError("x"), 1, "internal error: KeyError: 'x'; please report what `--debug` prints\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
    ],
)
def test_an_error_becomes_a_few_lines_and_an_exit_code(dse, failing, error, code, text):
    failing(error)
    found, out, err = dse("list")
    assert found == code
    assert text in err
    assert out == ""
    assert "Traceback" not in err


@pytest.mark.parametrize("arguments", [["--debug", "list"], ["list", "--debug"]])
def test_debug_shows_the_traceback(dse, failing, arguments):
    failing(InputError("bad"))
    code, _, err = dse(*arguments)
    assert code == 2
    assert "Traceback" in err


def test_a_command_chooses_its_exit_code_by_returning_it(dse, monkeypatch):
    monkeypatch.setattr("dse.cli.catalogue.catalogue", click.command()(lambda: 1))
    assert dse("list")[0] == 1


def test_an_unknown_command_gets_a_hint(dse):
    code, _, err = dse("lst")
    assert code == 2
    assert "Error: there is no command 'lst'. Did you mean 'list'?" in err


def test_an_unknown_option_is_a_usage_error(dse):
    assert dse("--colour")[0] == 2


def test_no_command_shows_the_help(dse):
    code, _, err = dse()
    assert code == 2
    assert "Commands:" in err


def test_a_reader_that_leaves_early_is_no_error():
    command = f"{sys.executable} -m dse.cli.main list | true"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert done.stderr == ""
