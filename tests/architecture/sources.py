"""The project's own sources, read as syntax trees."""

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("dse", "agents", "workloads", "accel_models")


@dataclass(frozen=True)
class Source:
    """One module."""

    name: str
    path: Path
    text: str
    tree: ast.Module

    @property
    def package(self):
        return self.name.partition(".")[0]

    def imports(self):
        """Dotted names of everything it imports, whole names as written."""
        found = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert not node.level, f"{self.name} uses a relative import"
                found.add(node.module)
        return found

    def at(self, node):
        return f"{self.path.relative_to(ROOT)}:{node.lineno}"


@cache
def modules(*packages):
    """All modules of the packages."""
    return tuple(
        _read(path) for package in packages for path in sorted((ROOT / package).rglob("*.py"))
    )


@cache
def _read(path):
    text = path.read_text(encoding="utf-8")
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    return Source(name, path, text, ast.parse(text))
