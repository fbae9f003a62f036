"""The networks of the attention-accelerator literature, as data (`catalogue.csv`).

Each is one encoder layer with the shapes that FLAT and FuseMax evaluate: no layer count, no
embedding, no normalisation. The defaults are the papers' batch and one of their lengths.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

from workloads.transformer import TransformerLayer

_SIZES = ("heads", "head_dim", "value_dim", "d_model", "d_ff")


def bert(*, seq_len: int = 65536, batch: int = 64) -> TransformerLayer:
    """BERT-Base encoder layer: 12 heads of 64, model dimension 768.

    Args:
        seq_len: Tokens; as many queries as keys.
        batch: Sequences side by side.
    """
    return _layer("BERT", seq_len, batch)


def trxl(*, seq_len: int = 65536, batch: int = 64) -> TransformerLayer:
    """Transformer-XL layer: 16 heads of 64, model dimension 1024.

    Args:
        seq_len: Tokens; as many queries as keys.
        batch: Sequences side by side.
    """
    return _layer("TrXL", seq_len, batch)


def t5(*, seq_len: int = 65536, batch: int = 64) -> TransformerLayer:
    """T5-Small encoder layer: 8 heads of 64, model dimension 512.

    Args:
        seq_len: Tokens; as many queries as keys.
        batch: Sequences side by side.
    """
    return _layer("T5", seq_len, batch)


def xlm(*, seq_len: int = 65536, batch: int = 64) -> TransformerLayer:
    """XLM encoder layer: 16 heads of 128, model dimension 2048.

    Args:
        seq_len: Tokens; as many queries as keys.
        batch: Sequences side by side.
    """
    return _layer("XLM", seq_len, batch)


def _layer(name: str, seq_len: int, batch: int) -> TransformerLayer:
    row = _rows()[name]
    sizes = {field: int(row[field]) for field in _SIZES}
    return TransformerLayer(name=name, seq_len=seq_len, batch=batch, **sizes)


@cache
def _rows() -> dict[str, dict[str, str]]:
    """Name -> row of the data file."""
    with Path(__file__).with_name("catalogue.csv").open(encoding="utf-8", newline="") as lines:
        return {row["name"]: row for row in csv.DictReader(lines)}
