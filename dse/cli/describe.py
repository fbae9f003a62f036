"""`dse describe`: what a model, a workload or a searcher is, in full."""

from __future__ import annotations

import inspect
import json
from dataclasses import MISSING
from typing import TYPE_CHECKING, Any

import click

from dse._build import build_problem, workload_name
from dse._fields import fields_of, type_text
from dse._plugins import KINDS, entry_points, load, static_attribute
from dse.cli._arguments import assignments, workload_of
from dse.cli._text import prose, section
from dse.errors import InputError, PluginError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dse._fields import Field
    from dse._model import CostModel
    from dse._parameters import Parameter
    from dse._problem import Problem

__all__ = ["describe"]

_EPILOG = """\b
Examples:
  dse describe attention/fusemax
  dse describe attention/fusemax --workload bert:seq_len=4096 --json
  dse describe attention/fusemax --sensitivity --set pe_dim=128
  dse describe nsga2
  dse describe dse/FuseMax-v0
"""

_ENVS = "envs"


@click.command(epilog=_EPILOG)
@click.argument("name")
@click.option("--workload", metavar="W", help="Describe the model for this workload.")
@click.option(
    "--kind", type=click.Choice([*KINDS, _ENVS]), help="Needed if several share the name."
)
@click.option("--sensitivity", is_flag=True, help="How much each parameter of the model matters.")
@click.option(
    "--set", "settings", metavar="NAME=VALUE", multiple=True, help="Around which design; repeat."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def describe(
    name: str,
    workload: str | None,
    kind: str | None,
    sensitivity: bool,
    settings: Sequence[str],
    as_json: bool,
) -> None:
    """Explain the model, workload, searcher, environment or trace format NAME."""
    kind = kind or _kind_of(name)
    if settings and not sensitivity:
        raise InputError("--set without --sensitivity", next_step="`dse evaluate` takes a design")
    head = {"name": name, "kind": kind}
    if sensitivity:
        facts = _sensitivity(kind, name, workload, settings, is_text=not as_json)
    else:
        facts = _facts(kind, name, workload)
    found = head | facts
    click.echo(json.dumps(found, indent=2, default=str) if as_json else _text(found))


def _sensitivity(
    kind: str, name: str, workload: str | None, settings: Sequence[str], *, is_text: bool
) -> dict[str, Any]:
    from dse.cli._sensitivity import for_people, sensitivity_facts

    if kind not in ("models", _ENVS):
        raise InputError(f"{name!r} has no parameters to vary", allowed="a model")
    problem = _problem_of(_models_of_envs().get(name, name), workload)
    facts = sensitivity_facts(problem, assignments(settings, "--set"))
    return for_people(facts, problem.objective_names) if is_text else facts


def _facts(kind: str, name: str, workload: str | None) -> dict[str, Any]:
    if kind == _ENVS:
        from dse.cli._environment import environment_facts

        model = _models_of_envs().get(name)
        if model is None:
            hint = did_you_mean(name, _models_of_envs())
            raise PluginError(
                f"unknown environment {name!r}.{hint}", allowed=", ".join(_models_of_envs())
            )
        return environment_facts(name, _problem_of(model, workload), model)
    plugin = load(kind, name)
    if kind == "models":
        return _model_facts(name, plugin, workload)
    target = plugin.Settings if kind == "searchers" else plugin
    return {"doc": prose(inspect.getdoc(plugin)), **_field_facts(kind, target)}


def _models_of_envs() -> dict[str, str]:
    """Environment id -> name of its model; nothing is imported."""
    ids = {
        static_attribute(point, "env_id"): name for name, point in entry_points("models").items()
    }
    return {env_id: name for env_id, name in ids.items() if env_id}


def _kind_of(name: str) -> str:
    """The kind of plug-in that has this name."""
    if name in _models_of_envs():
        return _ENVS
    kinds = [kind for kind in KINDS if name in entry_points(kind)]
    if len(kinds) > 1:
        raise PluginError(
            f"{name!r} is the name of several plug-ins",
            allowed=", ".join(f"--kind {kind}" for kind in kinds),
        )
    if not kinds:
        names = [known for kind in KINDS for known in entry_points(kind)] + [*_models_of_envs()]
        raise PluginError(
            f"nothing is called {name!r}.{did_you_mean(name, names)}",
            next_step="`dse list` shows what there is",
        )
    return kinds[0]


def _model_facts(name: str, model_class: type[CostModel], workload: str | None) -> dict[str, Any]:
    problem = _problem_of(name, workload)
    model = problem.model
    return {
        "doc": prose(inspect.getdoc(model_class)),
        "version": model.version,
        "environment": model.env_id,
        "workload": workload or workload_name(name, model_class, None),
        "default problem": _problem_facts(problem),
        "default space": {p.name: p.range_text for p in problem.space.parameters},
        "parameters": [_parameter_facts(p) for p in model.space.parameters],
        "rules": [rule.doc for rule in model.space.rules],
        "metrics": [
            {"name": m.name, "unit": m.unit, "doc": m.doc, "parts": list(m.parts)}
            for m in model.metrics
        ],
        **_field_facts("options", model_class.Options, model.options),
        "infeasibilities": list(model.infeasibilities),
    }


def _problem_of(model: str, workload: str | None) -> Problem:
    """The default problem of a model, perhaps for another workload."""
    plugin, parameters = workload_of(workload) if workload else (None, {})
    return build_problem(model=model, workload=plugin, workload_options=parameters)


def _problem_facts(problem: Problem) -> dict[str, Any]:
    return {
        "designs": problem.space.size,
        "objectives": {o.metric: o.direction for o in problem.objectives},
    }


def _parameter_facts(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "unit": parameter.unit,
        "default": parameter.label(parameter.default_number),
        "group": parameter.group,
        "doc": parameter.doc,
        "values": parameter.range_text,
        "levels": [parameter.plain(level) for level in parameter.levels],
    }


def _field_facts(kind: str, target: Any, resolved: Any = None) -> dict[str, Any]:
    """The fields of a dataclass or function under the title that fits the kind.

    A default of None is shown as what `resolved`, the dataclass in use, has in its place.
    """
    title = {"options": "options", "searchers": "settings"}.get(kind, "parameters")
    fields = [
        {
            "name": field.name,
            "default": _default(field, resolved),
            "required": field.default is MISSING,
            "values": type_text(field.annotation),
            "doc": field.doc,
        }
        for field in fields_of(target).values()
    ]
    return {title: fields}


def _default(field: Field, resolved: Any) -> Any:
    if field.default is MISSING:
        return None
    return getattr(resolved, field.name, None) if field.default is None else field.default


# -- text ----------------------------------------------------------------------------------------


def _text(facts: dict[str, Any]) -> str:
    """The facts for people: the doc string on top, short facts, then a section per list."""
    head = [(k, _cell(v)) for k, v in facts.items() if isinstance(v, str) and k != "doc"]
    sections = [facts["doc"], section("facts", head)]
    for key, value in facts.items():
        if isinstance(value, dict):
            sections.append(section(key, [(k, _cell(v)) for k, v in value.items()]))
        elif isinstance(value, list):
            sections.append(section(key, _table(value)))
    return "\n\n".join(part for part in sections if part)


def _table(items: list[Any]) -> list[list[str]]:
    """One row per item, under a line of titles if the items have several facts."""
    if not items or isinstance(items[0], str):
        return [[item] for item in items]
    shown = [_shown(item) for item in items]
    return [list(shown[0]), *([_cell(value) for value in item.values()] for item in shown)]


def _shown(item: dict[str, Any]) -> dict[str, Any]:
    """The facts of one item that fit into a line."""
    shown = {key: value for key, value in item.items() if key not in ("levels", "required")}
    return {**shown, "default": "required"} if item.get("required") else shown


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {inner}" for key, inner in value.items()) or "-"
    if isinstance(value, list):
        return " + ".join(map(str, value)) or "-"
    if value is None or value == "":
        return "-"
    return f"{value:,}" if type(value) is int else str(value)
