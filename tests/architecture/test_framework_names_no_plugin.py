"""The framework finds models, workloads and searchers through entry points, never by name."""

import ast
import re
from importlib.metadata import distribution

from architecture.sources import modules

KINDS = {"dse.models", "dse.workloads", "dse.searchers", "dse.trace_formats"}
POINTS = [p for p in distribution("accel-dse").entry_points if p.group in KINDS]

# Names that are also words a framework needs to explain itself; they may stand in prose.
WORDS = {"io", "random", "exhaustive", "transformer", "genetic", "annealing"}
PARTS = {part for p in POINTS for part in (p.name, p.name.rpartition("/")[2], p.attr)}
NAMES = {part for part in PARTS if part.lower() not in WORDS}

# The examples in the help of a command must run as they stand, so they name real plug-ins.
EXAMPLE = re.compile(r"  dse [a-z]+ .*")


def lines(module):
    """Numbered lines of the source, without the examples of the command line's help."""
    for number, line in enumerate(module.text.splitlines(), start=1):
        if not (module.name.startswith("dse.cli") and EXAMPLE.fullmatch(line)):
            yield number, line


def strings(module):
    """Every text in the module: (node, text)."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node, node.value


def test_there_is_something_to_look_for():
    assert len(NAMES) > 10


def test_no_plugin_is_named():
    pattern = re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, NAMES))})(?!\w)", re.IGNORECASE)
    found = [
        f"{module.name}, line {number}: {match[0]}"
        for module in modules("dse")
        for number, line in lines(module)
        for match in pattern.finditer(line)
    ]
    assert not found


def test_no_text_is_the_name_of_a_plugin():
    names = {point.name for point in POINTS}
    found = [
        module.at(node)
        for module in modules("dse")
        for node, text in strings(module)
        if text in names
    ]
    assert not found
