"""What becomes of every image: the model's input and the preprocessing record, settled once per dataset."""

from __future__ import annotations

from dataclasses import dataclass

from litesmith.core.errors import ConfigError, DatasetError
from litesmith.core.preprocessing import ColorOrder, Layout, Preprocessing, Resize
from litesmith.core.tensors import TensorSpec
from litesmith.data.inputs import check_channels, check_layout


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePlan:
    """How one image becomes one sample.

    Attributes:
        height: Rows.
        width: Columns.
        channels: 1 or 3; 0 stores gray values without a channel dimension.
        swap: Whether channels are stored in the order blue, green, red.
        layout: Position of the channels.
        resize: Resampling filter.
        crop: Side of the central square, as a fraction of the shorter side; 0 keeps the whole image.
    """

    height: int
    width: int
    channels: int
    swap: bool
    layout: Layout
    resize: Resize
    crop: float

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a stored sample."""
        if self.channels == 0:
            return (self.height, self.width)
        if self.layout is Layout.CHW:
            return (self.channels, self.height, self.width)
        return (self.height, self.width, self.channels)


def plan_images(preprocessing: Preprocessing, spec: TensorSpec) -> ImagePlan:
    """Return how images are prepared for an input.

    Raises:
        DatasetError: the input takes no images, has another layout, or its size is not known.
        ConfigError: the record contradicts the input's size or channels.
    """
    check_layout(spec, preprocessing)
    shape = spec.sample_shape
    if len(shape) == 2:
        height, width, channels = (*shape, 0)
    elif len(shape) == 3 and preprocessing.layout is Layout.CHW:
        channels, height, width = shape
    elif len(shape) == 3:
        height, width, channels = shape
    else:
        raise DatasetError(
            f"input '{spec.name}' has shape {list(spec.shape)}, which takes no images",
            hint="Give the samples as an .npz file with x of that shape.",
        )
    gray = preprocessing.color_order is ColorOrder.GRAY
    if channels == -1:
        channels = 1 if gray else 3
    if channels not in (0, 1, 3):
        raise DatasetError(
            f"input '{spec.name}' of shape {list(spec.shape)} takes {channels} channels, images give 1 or 3",
            hint="Give the samples as an .npz file with x of that shape.",
        )
    if gray and channels == 3:
        raise ConfigError(
            f"the preprocessing says color order 'gray', but input '{spec.name}' takes 3 channels",
            hint="Set the color order to 'rgb' or 'bgr'.",
        )
    check_channels(preprocessing, max(channels, 1), spec)
    return ImagePlan(
        height=_side("height", preprocessing.height, height, spec),
        width=_side("width", preprocessing.width, width, spec),
        channels=channels,
        swap=preprocessing.color_order is ColorOrder.BGR and channels == 3,
        layout=preprocessing.layout,
        resize=preprocessing.resize,
        crop=preprocessing.crop,
    )


def _side(what: str, given: int, taken: int, spec: TensorSpec) -> int:
    if given < 0 or (given > 0 and taken > 0 and given != taken):
        raise ConfigError(
            f"the preprocessing says {what} {given}, input '{spec.name}' of shape {list(spec.shape)} takes {taken}",
            hint=f"Set the {what} to {taken}, or to 0 to take the model's.",
        )
    if given <= 0 and taken <= 0:
        raise DatasetError(
            f"input '{spec.name}' of shape {list(spec.shape)} takes images of any {what}",
            hint=f"Set the {what} of the preprocessing.",
        )
    return max(given, taken)
