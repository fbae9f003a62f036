"""Reading one Einsum: text to `Einsum`, with errors that point at the character.

    einsum     = access "=" right [ "::" reduction ]
    right      = expression | access access { access }
    expression = term { ("+" | "-") term }
    term       = factor { ("*" | "/") factor }
    factor     = "-" factor | number | access | "size" "(" rank ")" | call | "(" expression ")"
    call       = operator "(" expression { "," expression } ")"
    access     = tensor "[" [ index { "," index } ] "]"
    index      = rank | rank "+1" | rank "$"
    reduction  = operator "(" item { "," item } ")"
    item       = rank | rank ("<=" | "<") rank

`reading` makes a cascade of such lines.
"""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import TYPE_CHECKING, NoReturn

from accel_models.attention.cascades.constants import objection
from accel_models.attention.cascades.einsums import (
    Access,
    Einsum,
    Index,
    Number,
    Opaque,
    Operation,
    Prefix,
    Reduce,
    Size,
)
from accel_models.attention.cascades.operators import MAPS, REDUCTIONS, SYMBOLS
from accel_models.attention.cascades.text import tokens
from dse.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accel_models.attention.cascades.einsums import Expression
    from accel_models.attention.cascades.text import Text, Token

__all__ = ["parse_accesses", "parse_einsum"]

_NO_SPLITS: Mapping[str, tuple[str, ...]] = MappingProxyType({})
_FUNCTIONS = sorted({*MAPS, "size"})


def parse_einsum(line: Text, splits: Mapping[str, tuple[str, ...]] = _NO_SPLITS) -> Einsum:
    """Read one Einsum.

    Args:
        line: For example "SN[m, p] = exp(QK[m, p] - GM[p])".
        splits: Split rank -> its parts, outer to inner; the Einsum is written out over the parts.

    Returns:
        The Einsum. Variables that the left side lacks are summed unless `::` says otherwise.

    Raises:
        WorkloadError: Not an Einsum, an unknown operator, or a reduction over other variables
            than those that the left side lacks; names line and column.
    """
    return _Parser(line, splits).einsum()


def parse_accesses(
    line: Text, splits: Mapping[str, tuple[str, ...]] = _NO_SPLITS
) -> tuple[Access, ...]:
    """Read tensors side by side, such as "Q[e, p] K[e, m]".

    Args:
        line: The tensors, separated by blanks or commas.
        splits: Split rank -> its parts, outer to inner.

    Raises:
        WorkloadError: Anything else; names line and column.
    """
    return _Parser(line, splits).accesses()


class _Parser:
    """Recursive descent over the tokens of one line; one method per rule of the grammar."""

    def __init__(self, line: Text, splits: Mapping[str, tuple[str, ...]]) -> None:
        self._line = line
        self._splits = splits
        self._tokens = list(tokens(line))
        self._next = 0

    # -- rules -----------------------------------------------------------------------------------

    def einsum(self) -> Einsum:
        output = self._access()
        self._expect("=", "after the left side")
        expression = self._right()
        einsum = Einsum(output, expression, None, self._line.text.strip())
        reduced = tuple(v for v in einsum.points if v not in output.streamed)
        reduce = Reduce("sum", reduced) if reduced else None
        if self._take("::"):
            reduce = self._reduction(einsum, reduced)
        if self._peek().kind != "end":
            self._fail(self._peek(), f"{self._peek().shown} stands where the Einsum should end")
        return Einsum(output, expression, reduce, einsum.text)

    def accesses(self) -> tuple[Access, ...]:
        found = []
        while self._peek().kind != "end":
            found.append(self._access())
            self._take(",")
        return tuple(found)

    def _right(self) -> Expression:
        expression = self._expression()
        if not (isinstance(expression, Access) and self._peek().kind == "name"):
            return expression
        operands = [expression]
        while self._peek().kind == "name":
            operands.append(self._access())
        return Opaque(tuple(operands))

    def _expression(self) -> Expression:
        left = self._term()
        while sign := self._take("+", "-"):
            left = self._operation(sign, SYMBOLS[sign.text], left, self._term())
        return left

    def _term(self) -> Expression:
        left = self._factor()
        while sign := self._take("*", "/"):
            left = self._operation(sign, SYMBOLS[sign.text], left, self._factor())
        return left

    def _factor(self) -> Expression:
        if self._take("-"):
            return Operation("negate", (self._factor(),))
        if self._take("("):
            inner = self._expression()
            self._expect(")", "to close the bracket")
            return inner
        token = self._peek()
        if token.kind == "number":
            return self._number(token)
        if token.kind == "name" and self._tokens[self._next + 1].text == "(":
            return self._call()
        return self._access()

    def _call(self) -> Expression:
        name = self._name("an operator")
        if name.text not in _FUNCTIONS:
            hint = did_you_mean(name.text, _FUNCTIONS)
            self._fail(name, f"unknown operator {name.text!r}.{hint}", ", ".join(_FUNCTIONS))
        self._expect("(", "after the operator")
        if name.text == "size":
            rank = self._name("a rank")
            self._expect(")", "to close the bracket")
            return Size(rank.text, self._line.at(rank.position))
        operands = [self._expression()]
        while self._take(","):
            operands.append(self._expression())
        self._expect(")", "to close the bracket")
        wanted = MAPS[name.text].arity
        if len(operands) != wanted:
            plural = "" if len(operands) == 1 else "s"
            self._fail(name, f"{name.text} has {len(operands)} operand{plural}", f"{wanted}")
        return self._operation(name, name.text, *operands)

    def _operation(self, token: Token, operator: str, *operands: Expression) -> Operation:
        operation = Operation(operator, operands)
        if found := objection(operation):
            self._fail(token, found, "operands for which it is finite")
        return operation

    def _number(self, token: Token) -> Number:
        self._next += 1
        value = float(token.text)
        if math.isinf(value):
            self._fail(token, f"{token.text} is too large a number", "a finite number")
        return Number(value)

    def _access(self) -> Access:
        name = self._name("a tensor")
        self._expect("[", f"after the tensor {name.text}")
        indices: list[Index] = []
        while not self._take("]"):
            if indices:
                self._expect(",", "between two indices, or ] after the last")
            indices += self._index()
        return Access(name.text, tuple(indices), self._line.at(name.position))

    def _index(self) -> list[Index]:
        """One index as written, which is several if its rank is split."""
        name = self._name("an index")
        place = self._line.at(name.position)
        parts = self._splits.get(name.text, (name.text,))
        is_last = bool(self._take("$"))
        sign = None if is_last else self._take("+", "-")
        if sign:
            step = self._peek()
            if (sign.text, step.text) != ("+", "1"):
                found = f"the index {name.text}{sign.text}{step.text}"
                self._fail(name, found, f"{name.text}, {name.text}+1 or {name.text}$")
            self._next += 1
        if len(parts) > 1 and (sign or is_last):
            found = f"{name.text} is split, and only one of its parts can be iterative"
            self._fail(name, found, ", ".join(parts))
        return [Index(part, int(bool(sign)), is_last, place) for part in parts]

    # -- reductions ------------------------------------------------------------------------------

    def _reduction(self, einsum: Einsum, reduced: tuple[str, ...]) -> Reduce:
        name = self._name("a reduction")
        if name.text not in REDUCTIONS:
            hint = did_you_mean(name.text, REDUCTIONS)
            self._fail(name, f"unknown reduction {name.text!r}.{hint}", ", ".join(REDUCTIONS))
        self._expect("(", "after the reduction")
        listed: list[str] = []
        prefixes: list[Prefix] = []
        while not self._take(")"):
            if listed or prefixes:
                self._expect(",", "between two ranks, or ) after the last")
            self._item(einsum, listed, prefixes)
        bounded = {v for prefix in prefixes for v in prefix.inner}
        for variable in reduced:
            if variable not in {*listed, *bounded}:
                self._fail_unlisted(einsum, name.text, variable)
        return Reduce(name.text, reduced, tuple(prefixes))

    def _item(self, einsum: Einsum, listed: list[str], prefixes: list[Prefix]) -> None:
        rank = self._name("a rank")
        inner = self._known(einsum, rank)
        if sign := self._take("<=", "<"):
            bound = self._name("a rank")
            outer = self._known(einsum, bound)
            if not set(outer) <= set(einsum.output.streamed):
                found = f"{bound.text} bounds a reduction, but is not an index of {einsum.name}"
                self._fail(bound, found, "an index of the left side")
            taken = {v for prefix in prefixes for v in (*prefix.inner, *prefix.outer)}
            if taken & {*inner, *outer}:
                self._fail(rank, "duplicate: two conditions share a rank", "one per rank")
            place = self._line.at(rank.position)
            prefixes.append(Prefix(inner, outer, sign.text == "<", place))
        elif kept := [v for v in inner if v in einsum.output.streamed]:
            found = f"{kept[0]} is reduced, but is an index of {einsum.name}"
            self._fail(rank, found, "ranks that the left side lacks")
        else:
            listed += inner

    def _known(self, einsum: Einsum, rank: Token) -> tuple[str, ...]:
        """The variables of a rank, which the Einsum must run over."""
        parts: tuple[str, ...] = self._splits.get(rank.text, (rank.text,))
        if not set(parts) <= set(einsum.points):
            found = f"unbound index: no tensor of the Einsum has {rank.text}"
            self._fail(rank, found, ", ".join(einsum.points))
        return parts

    def _fail_unlisted(self, einsum: Einsum, reduction: str, variable: str) -> NoReturn:
        operand, index = next(
            (o, i) for o in einsum.operands for i in o.indices if i.variable == variable
        )
        raise self._line.fault(
            index.place,
            f"rank mismatch: index {variable} of {operand.tensor} is neither an index of "
            f"{einsum.name} nor reduced by {reduction}",
            f"{reduction}({variable}, ...), or {variable} on the left side",
        )

    # -- tokens ----------------------------------------------------------------------------------

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _take(self, *texts: str) -> Token | None:
        token = self._peek()
        if token.kind != "sign" or token.text not in texts:
            return None
        self._next += 1
        return token

    def _name(self, what: str) -> Token:
        token = self._peek()
        if token.kind != "name":
            self._fail(token, f"{token.shown} stands where {what} is due", "a name")
        self._next += 1
        return token

    def _expect(self, sign: str, why: str) -> None:
        if not self._take(sign):
            self._fail(self._peek(), f"{self._peek().shown} stands where {sign} is due, {why}")

    def _fail(self, token: Token, what: str, allowed: str | None = None) -> NoReturn:
        raise self._line.fault(self._line.at(token.position), what, allowed)
