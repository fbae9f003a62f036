"""What is known of a cascade, as plain data and as text."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from accel_models.attention.cascades.counts import count_operations, total_operations
from accel_models.attention.cascades.einsums import Opaque
from accel_models.attention.cascades.passes import analyse_passes, ranks_to_analyse
from accel_models.attention.cascades.traffic import compulsory_words, footprints, induced_words
from accel_models.attention.cascades.unused import unused
from dse.cli._text import section
from dse.units import format_quantity

if TYPE_CHECKING:
    from accel_models.attention.cascades.cascade import Cascade
    from accel_models.attention.cascades.passes import Barrier, PassAnalysis
    from accel_models.attention.cascades.traffic import Footprint

__all__ = ["facts", "text"]

_MOST_DIGITS = 10**15  # counts from here on are unreadable digit by digit
_LARGEST = 1e18  # in bytes about 900 PiB, the largest that a prefix shows well


def facts(cascade: Cascade, word_bits: int) -> dict[str, Any]:
    """Everything that the analyses say, as plain data.

    Args:
        cascade: With sizes.
        word_bits: Bits of one element of any tensor.
    """
    analyses = [analyse_passes(cascade, rank) for rank in ranks_to_analyse(cascade)]
    operations = _operations(cascade)
    compulsory_bytes = sum(compulsory_words(cascade).values()) * word_bits / 8
    total = sum(operations["operations"].values()) if operations else None
    return {
        "cascade": cascade.name,
        "summary": cascade.summary,
        "source": cascade.source,
        "ranks": dict(cascade.ranks.sizes),
        "split": {whole: list(parts) for whole, parts in cascade.ranks.splits.items()},
        "word_bits": word_bits,
        "inputs": [str(access) for access in cascade.inputs],
        "results": list(cascade.results),
        "notes": unused(cascade),
        "einsums": [{"einsum": einsum.text, "tensor": einsum.name} for einsum in cascade.einsums],
        **(operations or {"operations": None}),
        "compulsory_words": compulsory_words(cascade),
        "compulsory_bytes": compulsory_bytes,
        "operations_per_byte": total / compulsory_bytes if total else None,
        "passes": [
            _pass_facts(cascade, analysis)
            | _costs(cascade, analysis, word_bits / 8, compulsory_bytes, total)
            for analysis in analyses
        ],
    }


def _operations(cascade: Cascade) -> dict[str, Any] | None:
    """Operations per Einsum and in all; None if an Einsum leaves its operators open."""
    if any(isinstance(einsum.expression, Opaque) for einsum in cascade.einsums):
        return None
    counts = count_operations(cascade)
    return {
        "operations": total_operations(counts),
        "multiply_adds": sum(count.multiply_adds for count in counts),
        "einsums": [
            {
                "einsum": count.einsum.text,
                "tensor": count.einsum.name,
                "points": count.points,
                "operations": dict(count.operations),
                "multiply_adds": count.multiply_adds,
            }
            for count in counts
        ],
    }


def _pass_facts(cascade: Cascade, analysis: PassAnalysis) -> dict[str, Any]:
    """How often a rank is traversed, and why."""
    return {
        "rank": _rank_name(cascade, analysis),
        "variables": list(analysis.rank),
        "in_tile": not _is_whole(cascade, analysis),
        "passes": analysis.passes,
        "why": [_why(barrier) for barrier in analysis.barriers()],
        "pass_of": {v.einsum.name: v.number for v in analysis.visits if v.number},
    }


def _costs(
    cascade: Cascade,
    analysis: PassAnalysis,
    word_bytes: float,
    compulsory_bytes: float,
    operations: int | None,
) -> dict[str, Any]:
    """What the passes over a whole rank cost; passes over a tile may stay on chip."""
    if not _is_whole(cascade, analysis):
        return {}
    induced = induced_words(cascade, analysis)
    induced_bytes = sum(induced.values()) * word_bytes
    moved_bytes = compulsory_bytes + induced_bytes
    return {
        "live": [_live_facts(live, word_bytes) for live in footprints(cascade, analysis)],
        "induced_words": induced,
        "induced_bytes": induced_bytes,
        "moved_bytes": moved_bytes,
        "reloaded_operations_per_byte": operations / moved_bytes if operations else None,
    }


def _live_facts(live: Footprint, word_bytes: float) -> dict[str, Any]:
    return {
        "pass": live.number,
        "kept_bytes": live.kept_words * word_bytes,
        "reloaded_bytes": live.reloaded_words * word_bytes,
        "kept_words": dict(live.kept),
        "reloaded_words": dict(live.reloaded),
    }


def _is_whole(cascade: Cascade, analysis: PassAnalysis) -> bool:
    return cascade.ranks.parts(cascade.ranks.whole(analysis.rank[0])) == analysis.rank


def _rank_name(cascade: Cascade, analysis: PassAnalysis) -> str:
    """The rank as its cascade names it; parts of a split one by their variables."""
    if _is_whole(cascade, analysis):
        return cascade.ranks.whole(analysis.rank[0])
    return ", ".join(analysis.rank)


def _why(barrier: Barrier) -> str:
    reason = barrier.reason
    needs = "all of" if reason.kind == "complete" else "coordinates ahead of"
    return (
        f"pass {barrier.number}: {barrier.einsum.name} needs {needs} {reason.operand}, "
        f"complete after pass {reason.after}"
    )


# -- text ----------------------------------------------------------------------------------------


def text(found: dict[str, Any]) -> str:
    """The facts for people.

    Args:
        found: As `facts` returns them.
    """
    wholes = [item for item in found["passes"] if not item["in_tile"]]
    several = [item for item in wholes if item["passes"] > 1]
    parts = [_head(found), _passes(found), _einsums(found, several), _live(wholes)]
    notes = [section("notes", [(note,) for note in found["notes"]])] if found["notes"] else []
    return "\n\n".join([*parts, _traffic(found, wholes), *notes])


def _head(found: dict[str, Any]) -> str:
    split = ", ".join(f"{whole} = {' * '.join(parts)}" for whole, parts in found["split"].items())
    sizes = ", ".join(f"{name} {_counted(size)}" for name, size in found["ranks"].items())
    rows = [
        ("computes", found["summary"] or "-"),
        ("source", found["source"] or "-"),
        ("ranks", sizes + (f"; {split}" if split else "")),
        ("word", f"{found['word_bits']} bit"),
    ]
    return section(found["cascade"], rows)


def _passes(found: dict[str, Any]) -> str:
    rows = [("rank", "passes", "why")]
    for item in found["passes"]:
        first, *rest = item["why"] or ["-"]
        name = f"{item['rank']} (in a tile)" if item["in_tile"] else item["rank"]
        rows.append((name, f"{item['passes']}", first))
        rows += [("", "", why) for why in rest]
    return section("passes, at least", rows)


def _einsums(found: dict[str, Any], several: list[dict[str, Any]]) -> str:
    """One row per Einsum, with its pass over every rank that has several."""
    rows = [("Einsum", *(f"pass {item['rank']}" for item in several), "points", "operations")]
    for einsum in found["einsums"]:
        passes = (f"{item['pass_of'].get(einsum['tensor'], '-')}" for item in several)
        points = _counted(einsum["points"]) if "points" in einsum else "-"
        rows.append((einsum["einsum"], *passes, points, _listed(einsum.get("operations"))))
    rows.append(("all", *("" for _ in several), "", _listed(found["operations"])))
    return section("Einsums", rows)


def _listed(numbers: dict[str, int] | None) -> str:
    return ", ".join(f"{name} {_counted(count)}" for name, count in (numbers or {}).items()) or "-"


def _counted(count: int) -> str:
    """A count digit by digit, or its magnitude."""
    return f"{count:,}" if count <= _MOST_DIGITS else f"{Decimal(count):.3e}"


def _quantity(value: float, unit: str) -> str:
    """A quantity with its prefix, or its magnitude where no prefix reaches."""
    return f"{value:.3e} {unit}".rstrip() if value > _LARGEST else format_quantity(value, unit)


def _live(wholes: list[dict[str, Any]]) -> str:
    """What each pass holds, and its three largest tensors."""
    rows = [("rank", "pass", "fibers kept", "reloaded", "largest, fibers kept, in words")]
    for item in wholes:
        for live in item["live"]:
            largest = sorted(live["kept_words"].items(), key=lambda pair: -pair[1])[:3]
            kept = _quantity(live["kept_bytes"], "B")
            reloaded = _quantity(live["reloaded_bytes"], "B")
            rows.append((item["rank"], f"{live['pass']}", kept, reloaded, _listed(dict(largest))))
    return section("live on chip while a rank streams by", rows)


def _traffic(found: dict[str, Any], wholes: list[dict[str, Any]]) -> str:
    """Compulsory traffic, and what it becomes if a rank of several passes is reloaded."""
    rows = [("", "off chip", "by passes", "operations per byte", "moved again, in words")]
    compulsory = _quantity(found["compulsory_bytes"], "B")
    rows.append(("fibers kept", compulsory, "-", _ratio(found["operations_per_byte"]), "-"))
    for item in wholes:
        if item["induced_words"]:
            moved = _quantity(item["moved_bytes"], "B")
            induced = _quantity(item["induced_bytes"], "B")
            ratio = _ratio(item["reloaded_operations_per_byte"])
            again = _listed(item["induced_words"])
            rows.append((f"{item['rank']} reloaded", moved, induced, ratio, again))
    return section("traffic", rows)


def _ratio(value: float | None) -> str:
    return "-" if value is None else _quantity(value, "")
