"""One transformer layer, and its description in a YAML file."""

from __future__ import annotations

import math
import reprlib
from dataclasses import MISSING, dataclass, fields
from pathlib import Path  # noqa: TC003 - the framework reads the annotations at run time
from typing import TYPE_CHECKING, Any

from dse._yaml import load_yaml, read_text
from dse.errors import WorkloadError, did_you_mean
from workloads._checks import SIZES, raise_faults, size_faults

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dse._yaml import YamlDocument


@dataclass(frozen=True, kw_only=True)
class TransformerLayer:
    """Self-attention and feed-forward network of one transformer layer.

    Sizes count elements. Bytes per element belong to the hardware.

    Attributes:
        name: Network the layer belongs to.
        batch: Sequences processed together (B).
        heads: Query heads (H).
        kv_heads: Key-value heads, each shared by heads / kv_heads query heads; as many as there
            are query heads if not given.
        head_dim: Length of a query or key vector of one head (E).
        value_dim: Length of a value vector of one head (F).
        d_model: Length of a token's vector between layers (D).
        d_ff: Inner width of the feed-forward network (S).
        ffn_matrices: Weight matrices of the feed-forward network: 2, or 3 if it is gated.
        seq_len: Tokens per sequence (N): as many queries as keys.

    Raises:
        WorkloadError: A size is no whole number or out of range, or kv_heads does not divide
            heads; all such faults in one error.
    """

    name: str
    batch: int = 64
    heads: int
    kv_heads: int = None  # type: ignore[assignment]  # __post_init__ puts a number here
    head_dim: int
    value_dim: int
    d_model: int
    d_ff: int
    ffn_matrices: int = 2
    seq_len: int

    def __post_init__(self) -> None:
        if self.kv_heads is None:
            object.__setattr__(self, "kv_heads", self.heads)
        raise_faults([*_name_faults(self.name, None), *size_faults(vars(self))])

    def features(self) -> dict[str, float]:
        """The layer in numbers, for learning agents: log2 of each size, within [0, 24]."""
        return {f"log2_{field}": math.log2(getattr(self, field)) for field in SIZES}

    def describe(self) -> dict[str, str]:
        """The layer in words, for reports."""
        shared = f", sharing {self.kv_heads} key-value heads" if self.kv_heads < self.heads else ""
        return {
            "network": self.name,
            "batch": f"{self.batch:,} sequences",
            "sequence length": f"{self.seq_len:,} tokens",
            "heads": f"{self.heads:,}{shared}",
            "head dimension": f"{self.head_dim:,} (queries and keys), {self.value_dim:,} (values)",
            "model dimension": f"{self.d_model:,}",
            "feed-forward": f"{self.d_ff:,} wide, {self.ffn_matrices} matrices",
        }


def from_yaml(
    *, file: Path, seq_len: int | None = None, batch: int | None = None
) -> TransformerLayer:
    """Any transformer layer, its sizes given in a YAML file.

    Args:
        file: YAML mapping of the fields of `TransformerLayer`. `name` may be left out (the
            file's name is taken), as may all fields with a default.
        seq_len: Replaces the file's sequence length.
        batch: Replaces the file's batch size.

    Raises:
        WorkloadError: The content is wrong; all faults in one error.
        InputError: The file cannot be read or is not YAML.
    """
    return from_str(read_text(file), str(file), name=file.stem, seq_len=seq_len, batch=batch)


def from_str(
    text: str,
    source: str = "<text>",
    *,
    name: str = "transformer",
    seq_len: int | None = None,
    batch: int | None = None,
) -> TransformerLayer:
    """The layer that a YAML text describes; `from_yaml` for text at hand.

    Args:
        text: YAML mapping of the fields of `TransformerLayer`.
        source: Where the text comes from, for error messages.
        name: Name of the layer if the text gives none.
        seq_len: Replaces the sequence length in the text.
        batch: Replaces the batch size in the text.

    Raises:
        WorkloadError: The content is wrong; all faults in one error.
        InputError: The text is not YAML.
    """
    document = load_yaml(text, source)
    if not isinstance(document.data, dict):
        raise WorkloadError(
            "this is not the description of a layer",
            where=source,
            allowed=f"a mapping with the keys {', '.join(_required())}",
        )
    given = {"seq_len": seq_len, "batch": batch}
    replaced = {field: value for field, value in given.items() if value is not None}
    values = {"name": name, **document.data, **replaced}
    raise_faults(_faults(document, source, values, replaced))
    return TransformerLayer(**values)


def _faults(
    document: YamlDocument, source: str, values: Mapping[str, Any], replaced: Mapping[str, int]
) -> list[WorkloadError]:
    """Every fault of a description, with its line where it has one."""

    def where(field: str) -> str | None:
        in_file = field in document.data and field not in replaced
        return document.where((field,)) if in_file else None

    known = [field.name for field in fields(TransformerLayer)]
    faults = [
        WorkloadError(
            f"unknown key {key!r}.{did_you_mean(key, known)}",
            where=document.where((key,)),
            allowed=", ".join(known),
        )
        for key in document.data
        if key not in known
    ]
    if missing := [field for field in _required() if field not in values]:
        plural = "s" if len(missing) > 1 else ""
        faults.append(WorkloadError(f"missing key{plural}: {', '.join(missing)}", where=source))
    faults += _name_faults(values["name"], where("name"))
    return faults + size_faults(values, where)


def _required() -> list[str]:
    """The fields that a description must give: those without a default, except the name."""
    return [
        field.name
        for field in fields(TransformerLayer)
        if field.default is MISSING and field.name != "name"
    ]


def _name_faults(name: object, where: str | None) -> list[WorkloadError]:
    if isinstance(name, str) and name.strip():
        return []
    return [
        WorkloadError(f"name = {reprlib.repr(name)} is not a name", where=where, allowed="a text")
    ]
