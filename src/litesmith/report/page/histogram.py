"""Histograms of tensors over the integers that are to hold them, and the ranges of their channels, as SVG figures."""

from __future__ import annotations

import math
from dataclasses import dataclass

from litesmith.core.debugging import TensorPicture
from litesmith.core.units import format_percent

WIDTH, HEIGHT = 420, 150
_LEFT, _RIGHT, _TOP, _BOTTOM = 8, 8, 18, 22
_LONGEST = 60.0
"""How many times as wide as the values a range is drawn at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One rectangle, in pixels."""

    x: float
    y: float
    width: float
    height: float
    title: str
    outside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A number on an axis or an end of the range."""

    at: float
    text: str
    anchor: str = "middle"


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorDrawing:
    """A tensor, twice: how often which values occur, and what range each channel has.

    Attributes:
        bars: Of the histogram; counts by their logarithm.
        band: (x, width) of what the integers hold; None where it is not quantized.
        ticks: Below the histogram.
        ends: The ends of the range.
        channels: One bar per channel, the largest first; empty with one channel.
        channel_band: (y, height) of what the integers hold.
        channel_zero: Height of zero.
        note: What is to be said of both.
        channel_note: What is to be said of the channels.
    """

    bars: tuple[Bar, ...]
    band: tuple[float, float] | None
    ticks: tuple[Mark, ...]
    ends: tuple[Mark, ...]
    channels: tuple[Bar, ...]
    channel_band: tuple[float, float] | None
    channel_zero: float
    note: str
    channel_note: str


def drawing(picture: TensorPicture) -> TensorDrawing:
    """Return a tensor as it is drawn."""
    low, high = picture.edges[0], picture.edges[-1]
    quantized = picture.step > 0
    span = max(high - low, 1e-30)
    left, right = (low, high) if not quantized else (min(low, picture.low), max(high, picture.high))
    left, right = max(left, low - _LONGEST * span), min(right, high + _LONGEST * span)
    bars = tuple(_bars(picture, left, right))
    band = None
    ends: tuple[Mark, ...] = ()
    if quantized:
        start, stop = (_x(min(max(v, left), right), left, right) for v in (picture.low, picture.high))
        band = (start, max(stop - start, 1.0))
        ends = (
            Mark(at=start, text=_number(picture.low), anchor="start" if start < WIDTH / 2 else "end"),
            Mark(at=stop, text=_number(picture.high), anchor="end" if stop > WIDTH / 2 else "start"),
        )
        if abs(stop - start) < 90:
            ends = (Mark(at=(start + stop) / 2, text=f"{_number(picture.low)} to {_number(picture.high)}"),)
            ends = (_inside(ends[0]),)
    ticks = (
        Mark(at=_LEFT, text=_number(left), anchor="start"),
        Mark(at=WIDTH - _RIGHT, text=_number(right), anchor="end"),
    )
    channels, channel_band, zero = _channels(picture)
    return TensorDrawing(
        bars=bars,
        band=band,
        ticks=ticks,
        ends=ends,
        channels=channels,
        channel_band=channel_band,
        channel_zero=zero,
        note=_note(picture, low, high),
        channel_note=_channel_note(picture),
    )


def _inside(mark: Mark) -> Mark:
    """Return a mark whose text stays within the drawing."""
    if mark.at < 80:
        return Mark(at=_LEFT, text=mark.text, anchor="start")
    if mark.at > WIDTH - 80:
        return Mark(at=WIDTH - _RIGHT, text=mark.text, anchor="end")
    return mark


def _bars(picture: TensorPicture, left: float, right: float) -> list[Bar]:
    most = math.log1p(max(picture.counts, default=0)) or 1.0
    total = max(sum(picture.counts), 1)
    found = []
    for start, stop, number in zip(picture.edges, picture.edges[1:], picture.counts, strict=False):
        if not number:
            continue
        x, end = _x(start, left, right), _x(stop, left, right)
        height = max(math.log1p(number) / most * (HEIGHT - _TOP - _BOTTOM), 1.0)
        outside = picture.step > 0 and (start >= picture.high + picture.step or stop <= picture.low - picture.step)
        title = f"{_number(start)} to {_number(stop)}: {number:,} values, {format_percent(number / total, digits=3)}"
        found.append(
            Bar(
                x=round(x, 2),
                y=round(HEIGHT - _BOTTOM - height, 2),
                width=round(max(end - x - 0.4, 0.8), 2),
                height=round(height, 2),
                title=title,
                outside=outside,
            )
        )
    return found


def _channels(picture: TensorPicture) -> tuple[tuple[Bar, ...], tuple[float, float] | None, float]:
    """Return a bar for each channel, the largest first."""
    pairs = sorted(
        zip(picture.channel_low, picture.channel_high, strict=True), key=lambda pair: -max(abs(pair[0]), abs(pair[1]))
    )
    if len(pairs) < 2:
        return (), None, 0.0
    bottom, top = min(0.0, *(low for low, _ in pairs)), max(0.0, *(high for _, high in pairs))
    span = (top - bottom) or 1.0
    room = HEIGHT - _TOP - 8

    def y(value: float) -> float:
        return _TOP + (top - min(max(value, bottom), top)) / span * room

    step = (WIDTH - _LEFT - _RIGHT) / len(pairs)
    bars = tuple(
        Bar(
            x=round(_LEFT + place * step, 2),
            y=round(y(high), 2),
            width=round(max(step - min(1.0, step / 4), 0.6), 2),
            height=round(max(y(low) - y(high), 0.8), 2),
            title=f"{_number(low)} to {_number(high)}",
            outside=picture.step > 0 and (high > picture.high + picture.step or low < picture.low - picture.step),
        )
        for place, (low, high) in enumerate(pairs)
    )
    band = (y(picture.high), max(y(picture.low) - y(picture.high), 1.0)) if picture.step > 0 else None
    return bars, band, y(0.0)


def _note(picture: TensorPicture, low: float, high: float) -> str:
    values = f"The values reach from {_number(low)} to {_number(high)}"
    if not picture.step:
        return f"{values}; the tensor is not quantized."
    held = f"{_number(picture.low)} to {_number(picture.high)} in steps of {_number(picture.step)}"
    return f"{values}; the integers hold {held}."


def _channel_note(picture: TensorPicture) -> str:
    shown = len(picture.channel_low)
    which = f"{shown} of {picture.channels} channels" if shown < picture.channels else f"{shown} channels"
    return f"Range of each of the {which}, the largest first."


def _x(value: float, left: float, right: float) -> float:
    return _LEFT + (value - left) / max(right - left, 1e-30) * (WIDTH - _LEFT - _RIGHT)


def _number(value: float) -> str:
    return f"{value:.3g}"
