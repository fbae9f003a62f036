"""Address maps: which bits of an address select rank, bank group, bank, row and column."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from dse.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

FIELDS = ("column", "row", "bank", "bank_group", "rank")
_ADDRESS_BITS = 63
_XOR = "xor"


@dataclass(frozen=True)
class AddressMap:
    """Bits of each field, lowest first; address bits in no field are ignored.

    Attributes:
        fields: Field -> address bits.
        xor: Pairs of address bits; before decoding the first is replaced by first xor second.
    """

    fields: Mapping[str, tuple[int, ...]]
    xor: tuple[tuple[int, int], ...] = ()

    def decode(
        self, address: npt.NDArray[np.uint64]
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """Bank, counted through all ranks and groups, and row of each address."""
        for first, second in self.xor:
            bit = (address >> np.uint64(second)) & np.uint64(1)
            address = address ^ (bit << np.uint64(first))
        order = (*self.fields["bank"], *self.fields["bank_group"], *self.fields["rank"])
        return _gather(address, order), _gather(address, self.fields["row"])


def _gather(address: npt.NDArray[np.uint64], bits: tuple[int, ...]) -> npt.NDArray[np.int32]:
    """The number made of these bits; neighbouring bits move together."""
    found = np.zeros(len(address), dtype=np.uint64)
    starts = [0, *(i + 1 for i, (low, high) in enumerate(pairwise(bits)) if high != low + 1)]
    for start, end in pairwise([*starts, len(bits)]):
        if start == end:
            continue
        mask = np.uint64((1 << (end - start)) - 1)
        found |= ((address >> np.uint64(bits[start])) & mask) << np.uint64(start)
    return found.astype(np.int32)


def read_address_map(given: Any, bits: Mapping[str, int]) -> AddressMap:
    """An address map from plain data.

    Args:
        given: Field -> list of address bits, and `xor` -> list of pairs.
        bits: Field -> how many bits it needs.

    Raises:
        InputError: An unknown field, a wrong number of bits, or a bit used twice.
    """
    if not isinstance(given, dict):
        raise InputError("this is not an address map", allowed=f"the keys {', '.join(FIELDS)}")
    for key in given:
        if key not in (*FIELDS, _XOR):
            hint = did_you_mean(str(key), FIELDS)
            raise InputError(f"unknown field {key!r}.{hint}", allowed=", ".join((*FIELDS, _XOR)))
    fields = {field: _bits(given.get(field, []), field, bits[field]) for field in FIELDS}
    used = [bit for field in FIELDS for bit in fields[field]]
    twice = sorted({bit for bit in used if used.count(bit) > 1})
    if twice:
        raise InputError(f"address bit {twice[0]} is used twice", allowed="each bit once")
    return AddressMap(fields, _pairs(given.get(_XOR, [])))


def _bits(given: Any, field: str, wanted: int) -> tuple[int, ...]:
    if not isinstance(given, list) or not all(map(_is_bit, given)) or len(given) != wanted:
        allowed = f"{wanted} address bits from 0 to {_ADDRESS_BITS}, as the geometry demands"
        raise InputError(f"{field} = {given!r}", allowed=allowed)
    return tuple(given)


def _pairs(given: Any) -> tuple[tuple[int, int], ...]:
    is_pairs = isinstance(given, list) and all(
        isinstance(pair, list) and len(pair) == 2 and all(map(_is_bit, pair)) for pair in given
    )
    if not is_pairs:
        raise InputError(f"{_XOR} = {given!r}", allowed="pairs of address bits [first, second]")
    return tuple((first, second) for first, second in given)


def _is_bit(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _ADDRESS_BITS
