"""Throw-away packages: a module and a `.dist-info` in a folder are all that discovery needs."""

import textwrap
from collections.abc import Mapping
from pathlib import Path

TOY = {
    "dse.models": {"toy": "plugins.toy_plugin:Toy"},
    "dse.workloads": {"toy-work": "plugins.toy_plugin:toy_work"},
    "dse.searchers": {"toy-walk": "plugins.toy_plugin:ToyWalk"},
}


def install(
    folder: Path,
    distribution: str,
    points: Mapping[str, Mapping[str, str]],
    modules: Mapping[str, str] | None = None,
) -> Path:
    """Write a distribution into a folder that is, or will be, on the module path.

    Args:
        folder: The folder.
        distribution: Name of the distribution.
        points: Group -> name -> "module:attribute".
        modules: Module name -> source.
    """
    information = folder / f"{distribution.replace('-', '_')}-1.0.dist-info"
    information.mkdir(parents=True)
    metadata = f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n"
    (information / "METADATA").write_text(metadata)
    lines = []
    for group, names in points.items():
        lines += [f"[{group}]", *(f"{name} = {target}" for name, target in names.items())]
    (information / "entry_points.txt").write_text("\n".join(lines))
    for name, source in (modules or {}).items():
        (folder / f"{name}.py").write_text(textwrap.dedent(source))
    return folder
