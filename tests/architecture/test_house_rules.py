"""House rules that no linter knows, or that hold beyond its configuration."""

import ast

from architecture.sources import PACKAGES, modules

LONGEST = 500
GENERATORS = {"Generator", "BitGenerator", "PCG64", "SeedSequence", "default_rng"}
AT_IMPORT = ("sys.path", "os.environ", "os.chdir", "logging.basicConfig", "warnings.filter")
EVERYTHING = modules(*PACKAGES)


def nodes(kind):
    """Every node of a kind, with its module."""
    return [
        (module, node)
        for module in EVERYTHING
        for node in ast.walk(module.tree)
        if isinstance(node, kind)
    ]


def test_no_module_is_too_long():
    assert not [m.name for m in EVERYTHING if len(m.text.splitlines()) > LONGEST]


def test_only_the_command_line_prints():
    printing = [
        module.at(node)
        for module, node in nodes(ast.Call)
        if getattr(node.func, "id", "") == "print" and not module.name.startswith("dse.cli")
    ]
    assert not printing


def test_no_bare_except():
    assert not [m.at(node) for m, node in nodes(ast.ExceptHandler) if node.type is None]


# Libraries that draw from the global generator are seeded and put back in one place.
SEEDS_FOREIGN_GENERATORS = {"agents.rl._torch"}


def test_no_global_generator():
    used = [
        module.at(node)
        for module, node in nodes(ast.Attribute)
        if ast.unparse(node.value) in {"np.random", "numpy.random"}
        and node.attr not in GENERATORS
        and module.name not in SEEDS_FOREIGN_GENERATORS
    ]
    assert not used
    assert not [module.name for module in EVERYTHING if "random" in module.imports()]


def test_no_work_at_import():
    """A module defines things; it changes no path, no environment and no configuration."""
    statements = [
        (module, statement)
        for module in EVERYTHING
        for statement in module.tree.body
        if isinstance(statement, (ast.Expr, ast.Assign))
        and not isinstance(statement.value, ast.Constant)
    ]
    working = [m.at(s) for m, s in statements if any(w in ast.unparse(s) for w in AT_IMPORT)]
    assert not working


def test_every_module_has_a_doc_string():
    assert not [module.name for module in EVERYTHING if not ast.get_docstring(module.tree)]


def test_everything_public_has_a_doc_string():
    missing = []
    for module in EVERYTHING:
        classes = {n.name: n for n in module.tree.body if isinstance(n, ast.ClassDef)}
        for owner, node in public_definitions(module.tree):
            if not ast.get_docstring(node) and not is_documented_override(owner, node, classes):
                missing.append(f"{module.at(node)} {node.name}")
    assert not missing


def public_definitions(owner):
    """Public classes and functions of a module, and the public methods of public classes."""
    definitions = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in owner.body:
        if isinstance(node, definitions) and not node.name.startswith("_"):
            yield owner, node
            if isinstance(node, ast.ClassDef):
                yield from public_definitions(node)


def is_documented_override(owner, node, classes):
    """Whether the method of a base class in the same module explains this one."""
    bases = [ast.unparse(base) for base in getattr(owner, "bases", ())]
    return any(
        getattr(inherited, "name", "") == node.name and ast.get_docstring(inherited)
        for base in bases
        if base in classes
        for inherited in classes[base].body
    )
