"""Reading a binding from a YAML file.

    binding: mine                             # name; the file's if left out
    cascade: my_attention.yaml                # a file beside this one, or a name of the catalogue
    array: {rows: m, columns: p}              # the ranks on the 2D array
    ranks: {m: seq_len, e: head_dim, h: 512}  # sizes, of the layer or as numbers
    repeat: [batch, heads]
    pes: fusemax                              # or baseline
    operators: {array_1d: {sigmoid: {slots: 9, uses: {macc: 6, add: 1, divide: 1}}}}
    tiling: sweeps                            # or stages, flat
    stages:
      - {array_2d: [QK], array_1d: [RD], tile_before: [RD], stall_cycles: pe_dim}
    levels: {registers: [LM], buffer: [Q, K, V], dram: [S]}
    register_accesses: {array_2d: {QK: [3, 3], m p: [0, 1]}}
    artifact: {free_units: [exp], tile_bytes: 16777216}

Only `stages` must be given, and `cascade` unless it is known; what is left out follows the rules of
`default`. All faults of a file are reported together, each with its line.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, get_args

from accel_models.attention.cascade_cost.binding import (
    ARRAY_1D,
    ARRAY_2D,
    LAYER_SIZES,
    SHARED,
    Binding,
    Quirks,
    Stage,
    Tiling,
    Traversal,
)
from accel_models.attention.cascade_cost.checks import check_binding, check_levels
from accel_models.attention.cascade_cost.default import default_levels, default_traversal
from accel_models.attention.cascade_cost.faults import Faults
from accel_models.attention.cascade_cost.pes import (
    UNITS,
    built_in_pes,
    read_operators,
    with_operators,
)
from accel_models.attention.cascade_cost.work import is_volume
from accel_models.attention.cascades.catalogue import built_in, names
from accel_models.attention.cascades.reading import cascade_from_file
from dse._yaml import load_yaml, read_text
from dse.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accel_models.attention.cascade_cost.binding import Accesses
    from accel_models.attention.cascade_cost.pes import PeArrays
    from accel_models.attention.cascades.cascade import Cascade
    from dse._yaml import KeyPath

__all__ = ["binding_from_file", "binding_from_text"]

_KEYS: Mapping[str, str] = MappingProxyType(
    {
        "binding": "a name",
        "summary": "a text",
        "source": "a text",
        "cascade": "a file, or a name of the catalogue",
        "array": "{rows: RANK, columns: RANK}",
        "ranks": "{m: seq_len, ...}",
        "repeat": "[batch, heads]",
        "pes": "fusemax or baseline",
        "operators": "{array_1d: {exp: 1}}",
        "tiling": "sweeps, stages or flat",
        "stages": "[{array_2d: [...], array_1d: [...]}, ...]",
        "levels": "{registers: [...], buffer: [...], dram: [...]}",
        "register_accesses": "{array_2d: {QK: [3, 3]}}",
        "artifact": "{free_units: [exp], tile_bytes: 16777216}",
    }
)
_STAGE = {
    ARRAY_2D: "Einsums", ARRAY_1D: "Einsums", "tile_before": "Einsums",
    "stall_cycles": "a number, or pe_dim",
}  # fmt: skip
_LEVELS = {"registers": "tensors", "buffer": "tensors", "dram": "tensors"}
_ARRAY = {"rows": "a rank", "columns": "a rank"}
_ARRAYS = {ARRAY_2D: "the 2D array", ARRAY_1D: "the 1D array"}
_ACCESSES = {**_ARRAYS, SHARED: "registers between the arrays"}
_ARTIFACT = {"free_units": "units", "tile_bytes": "a number"}


def binding_from_file(path: Path, cascade: Cascade | None = None) -> Binding:
    """The binding that a YAML file describes.

    Args:
        path: The file; its name is the binding's unless the file gives one.
        cascade: The cascade that is bound; the one that the file names if None.

    Raises:
        WorkloadError: What the file says is wrong; all faults in one error.
        InputError: A file cannot be read or is not YAML.
    """
    text = read_text(path)
    return binding_from_text(text, str(path), cascade, name=path.stem, folder=path.parent)


def binding_from_text(
    text: str,
    source: str = "<text>",
    cascade: Cascade | None = None,
    *,
    name: str = "binding",
    folder: Path | None = None,
) -> Binding:
    """The binding that a YAML text describes; `binding_from_file` for text at hand.

    Args:
        text: The text.
        source: Where it comes from, for messages.
        cascade: The cascade that is bound; the one that the text names if None.
        name: Name of the binding if the text gives none.
        folder: Where the file of a cascade is looked for; the working directory if None.

    Raises:
        WorkloadError: What the text says is wrong; all faults in one error.
        InputError: A file cannot be read or is not YAML.
    """
    return _Reader(text, source).binding(cascade, name, folder or Path())


class _Reader:
    """Reads one document and collects what is wrong with it."""

    def __init__(self, text: str, source: str) -> None:
        document = load_yaml(text, source)
        self._data = document.mapping()
        self._faults = Faults(document)

    def binding(self, cascade: Cascade | None, name: str, folder: Path) -> Binding:
        self._faults.keys((), self._data, _KEYS)
        if not self._data.get("stages"):
            self._faults.add(("stages",), "the key 'stages' is missing", _KEYS["stages"])
        cascade = cascade or self._cascade(folder)
        self._faults.raise_if_any()
        assert cascade is not None
        binding = Binding(
            name=self._faults.text(("binding",), self._data.get("binding"), name),
            cascade=cascade,
            traversal=self._traversal(cascade),
            pes=self._pes(),
            stages=self._stages(),
            tiling=self._tiling(),
            accesses=self._accesses(cascade),
            quirks=self._quirks(),
            summary=self._faults.text(("summary",), self._data.get("summary")),
        )
        self._faults.raise_if_any()
        check_binding(binding, self._faults)
        self._faults.raise_if_any()
        return self._with_levels(binding)

    def _cascade(self, folder: Path) -> Cascade | None:
        """A file if it looks like one, else a name of the catalogue."""
        name = self._faults.text(("cascade",), self._data.get("cascade"))
        if not name:
            self._faults.add(("cascade",), "the key 'cascade' is missing", _KEYS["cascade"])
        elif Path(name).suffix in (".yaml", ".yml"):
            return cascade_from_file(folder / name)
        elif name in names():
            return built_in(name)
        else:
            hint = did_you_mean(name, names())
            allowed = f"FILE.yaml, {', '.join(names())}"
            self._faults.add(("cascade",), f"unknown cascade {name!r}.{hint}", allowed)
        return None

    # -- the arrays --------------------------------------------------------------------------------

    def _traversal(self, cascade: Cascade) -> Traversal:
        rule = default_traversal(cascade)
        array = self._pairs("array")
        self._faults.keys(("array",), array, _ARRAY)
        for key, rank in array.items():
            self._check_whole_rank(cascade, ("array", key), rank)
        rows = array.get("rows", rule.rows)
        repeat = self._data.get("repeat")
        return Traversal(
            rows=rows,
            columns=array.get("columns") if array else rule.columns,
            ranks={**rule.ranks, **self._ranks(cascade)},
            repeat=rule.repeat if repeat is None else self._layer_sizes("repeat", repeat),
        )

    def _check_whole_rank(self, cascade: Cascade, path: KeyPath, rank: object) -> None:
        known = [name for name in cascade.ranks.sizes if cascade.ranks.whole(name) == name]
        if rank not in known:
            hint = did_you_mean(str(rank), known)
            found = f"{rank!r} is no rank of {cascade.name}.{hint}"
            self._faults.add(path, found, ", ".join(known))

    def _ranks(self, cascade: Cascade) -> dict[str, str | int]:
        found: dict[str, str | int] = {}
        for rank, size in self._pairs("ranks").items():
            path = ("ranks", rank)
            self._check_whole_rank(cascade, path, rank)
            is_count = isinstance(size, int) and not isinstance(size, bool) and size > 0
            if is_count or size in LAYER_SIZES:
                found[rank] = size
            else:
                hint = did_you_mean(str(size), LAYER_SIZES)
                what = f"{rank} = {size!r} is no size.{hint}"
                self._faults.add(path, what, f"a whole number, {', '.join(LAYER_SIZES)}")
        return found

    def _layer_sizes(self, key: str, value: Any) -> tuple[str, ...]:
        found = self._faults.names((key,), value)
        for position, name in enumerate(found):
            if name not in LAYER_SIZES:
                hint = did_you_mean(name, LAYER_SIZES)
                what = f"{name!r} is no size of a layer.{hint}"
                self._faults.add((key, position), what, ", ".join(LAYER_SIZES))
        return found

    def _pes(self) -> PeArrays:
        kinds = built_in_pes()
        kind = self._faults.text(("pes",), self._data.get("pes"), next(iter(kinds)))
        if kind not in kinds:
            hint = did_you_mean(kind, kinds)
            self._faults.add(("pes",), f"unknown PEs {kind!r}.{hint}", ", ".join(kinds))
        more = self._pairs("operators")
        self._faults.keys(("operators",), more, _ARRAYS)
        added = {a: read_operators(self._faults, ("operators", a), more[a]) for a in more}
        return with_operators(kinds.get(kind, next(iter(kinds.values()))), added)

    def _tiling(self) -> Tiling:
        tiling: Any = self._faults.text(("tiling",), self._data.get("tiling"), "sweeps")
        if tiling not in get_args(Tiling):
            hint = did_you_mean(tiling, get_args(Tiling))
            self._faults.add(("tiling",), f"unknown tiling {tiling!r}.{hint}", _KEYS["tiling"])
        return tiling  # type: ignore[no-any-return]

    # -- stages ------------------------------------------------------------------------------------

    def _stages(self) -> tuple[Stage, ...]:
        given = self._data["stages"]
        if not isinstance(given, list):
            self._faults.add(("stages",), "stages is no list", _KEYS["stages"])
            return ()
        return tuple(self._stage(position, values) for position, values in enumerate(given))

    def _stage(self, position: int, given: Any) -> Stage:
        path: KeyPath = ("stages", position)
        values = given if isinstance(given, dict) else {}
        if not values:
            self._faults.add(path, "the stage has no keys with values", _KEYS["stages"])
        self._faults.keys(path, values, _STAGE)
        lists = {
            key: self._faults.names((*path, key), values.get(key))
            for key in (ARRAY_2D, ARRAY_1D, "tile_before")
        }
        stall = values.get("stall_cycles", 0)
        if stall != "pe_dim":
            stall = self._faults.number((*path, "stall_cycles"), stall, "stall_cycles") or 0.0
        return Stage(
            lists[ARRAY_2D], lists[ARRAY_1D], frozenset(lists["tile_before"]), stall_cycles=stall
        )

    # -- tensors -----------------------------------------------------------------------------------

    def _with_levels(self, binding: Binding) -> Binding:
        if binding.tiling == "flat":
            return binding
        if "levels" not in self._data:
            buffer, dram = default_levels(binding)
            return replace(binding, buffer=buffer, dram=dram)
        given = self._pairs("levels")
        self._faults.keys(("levels",), given, _LEVELS)
        levels = {key: self._faults.names(("levels", key), given.get(key)) for key in _LEVELS}
        check_levels(binding, levels, self._faults)
        self._faults.raise_if_any()
        return replace(binding, buffer=frozenset(levels["buffer"]), dram=frozenset(levels["dram"]))

    def _accesses(self, cascade: Cascade) -> dict[str, Accesses] | None:
        if "register_accesses" not in self._data:
            return None
        given = self._pairs("register_accesses")
        self._faults.keys(("register_accesses",), given, _ACCESSES)
        return {array: self._access_table(cascade, array, table) for array, table in given.items()}

    def _access_table(self, cascade: Cascade, array: str, table: Any) -> Accesses:
        path: KeyPath = ("register_accesses", array)
        found = {}
        for key, pair in self._faults.pairs(path, table, "{QK: [READS, WRITES]}").items():
            if not is_volume(key, cascade):
                known = ", ".join(einsum.name for einsum in cascade.einsums)
                what = f"{key!r} is neither an Einsum nor a volume of ranks"
                self._faults.add((*path, key), what, f"{known}, or ranks such as m p tile(m)")
            if _is_pair(pair):
                found[key] = (float(pair[0]), float(pair[1]))
            else:
                what = f"the accesses of {key} are no pair of numbers"
                self._faults.add((*path, key), what, "[READS, WRITES]")
        return found

    def _quirks(self) -> Quirks:
        given = self._pairs("artifact")
        self._faults.keys(("artifact",), given, _ARTIFACT)
        units = self._faults.names(("artifact", "free_units"), given.get("free_units"))
        for unit in units:
            if unit not in UNITS:
                path: KeyPath = ("artifact", "free_units")
                hint = did_you_mean(unit, UNITS)
                self._faults.add(path, f"unknown unit {unit!r}.{hint}", ", ".join(UNITS))
        size = given.get("tile_bytes")
        if size is not None:
            size = self._faults.number(("artifact", "tile_bytes"), size, "tile_bytes")
        return Quirks(frozenset(units), size)

    def _pairs(self, key: str) -> dict[str, Any]:
        return self._faults.pairs((key,), self._data.get(key), _KEYS[key])


def _is_pair(value: Any) -> bool:
    """Two numbers; they may be negative, where another entry counts too much."""
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(isinstance(n, (int, float)) and not isinstance(n, bool) for n in value)
    )
