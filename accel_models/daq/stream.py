"""Messages on a link: how many, about what, and how large.

Counts are kept by truth, background or relevant, because a filter passes different shares of the
two; so are sizes, because an event may lack the data of a detector whose filter dropped it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dse import Ops
    from dse._columns import Column

TINY = 1e-300
"""Stands in for 0 in a denominator: an empty stream has no mean."""


@dataclass(frozen=True)
class Stream:
    """Messages per second on their way from one node to the next.

    Attributes:
        negatives: Background events per second.
        positives: Relevant events per second.
        negative_share: Share of the background events of which there is a message here.
        positive_share: The same of the relevant events.
        negative_bytes: Mean data per background event; 0 bytes count where there is no message.
        positive_bytes: Mean data per relevant event.
        complete: Share of the relevant events that lack no part of their data.
    """

    negatives: Column
    positives: Column
    negative_share: Column
    positive_share: Column
    negative_bytes: Column
    positive_bytes: Column
    complete: Column

    @property
    def rate_hz(self) -> Column:
        """Messages per second."""
        rate: Column = self.negatives * self.negative_share + self.positives * self.positive_share
        return rate

    def message_bytes(self, ops: Ops) -> Column:
        """Mean size of a message.

        Written so that a filter that is off leaves every bit as it would be without a filter.
        """
        negative: Column = self.negative_bytes / ops.maximum(self.negative_share, TINY)
        if self.negative_bytes is self.positive_bytes:
            return negative
        positive: Column = self.positive_bytes / ops.maximum(self.positive_share, TINY)
        relevant: Column = self.positives * self.positive_share / ops.maximum(self.rate_hz, TINY)
        return negative + (positive - negative) * relevant

    def plus(self, added_bytes: Column) -> Stream:
        """The stream with so much more data in every message."""
        negative = self.negative_bytes + added_bytes * self.negative_share
        if self.negative_bytes is self.positive_bytes:
            return replace(self, negative_bytes=negative, positive_bytes=negative)
        positive = self.positive_bytes + added_bytes * self.positive_share
        return replace(self, negative_bytes=negative, positive_bytes=positive)

    def thinned(self, background: Column, signal: Column) -> Stream:
        """The stream after a filter that drops the messages of some events."""
        if background is signal:  # a filter that is off
            return self
        return replace(
            self,
            negative_share=self.negative_share * background,
            positive_share=self.positive_share * signal,
            negative_bytes=self.negative_bytes * background,
            positive_bytes=self.positive_bytes * signal,
            complete=self.complete * signal,
        )

    def settled(self, ops: Ops) -> Stream:
        """The same messages, counted among the events of which there is one."""
        negative = ops.maximum(self.negative_share, TINY)
        positive = ops.maximum(self.positive_share, TINY)
        alike = self.negative_bytes is self.positive_bytes
        negative_bytes = self.negative_bytes / negative
        return Stream(
            self.negatives * self.negative_share,
            self.positives * self.positive_share,
            1.0,
            1.0,
            negative_bytes,
            negative_bytes if alike else self.positive_bytes / positive,
            self.complete / positive,
        )


def merged(streams: Sequence[Stream]) -> Stream:
    """One message per event of which any input has one; what the inputs drop is independent.

    Every detector sees the same crossings, so the events of the inputs are the same; data add up.
    """
    first, *others = streams
    return reduce(_merged_pair, others, first)


def _merged_pair(a: Stream, b: Stream) -> Stream:
    negative = a.negative_bytes + b.negative_bytes
    alike = a.negative_bytes is a.positive_bytes and b.negative_bytes is b.positive_bytes
    return replace(
        a,
        negative_share=_either(a.negative_share, b.negative_share),
        positive_share=_either(a.positive_share, b.positive_share),
        negative_bytes=negative,
        positive_bytes=negative if alike else a.positive_bytes + b.positive_bytes,
        complete=a.complete * b.complete,
    )


def _either(p: Column, q: Column) -> Column:
    """Probability of at least one of two independent things."""
    return 1.0 - (1.0 - p) * (1.0 - q)
