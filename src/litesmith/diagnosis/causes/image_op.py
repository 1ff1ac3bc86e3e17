"""Image operations that TFLite lacks."""

from __future__ import annotations

from litesmith.diagnosis.cause import Cause, Stage
from litesmith.diagnosis.causes._kernels import COMPATIBILITY, without_kernel
from litesmith.diagnosis.locations import at_errors

PLUGIN = Cause(
    name="image_op",
    title="an image operation",
    stage=Stage.CONVERTING,
    pattern=without_kernel(
        "CropAndResize",
        r"ExtractGlimpse\w*",
        r"Adjust(?:Contrast|Hue|Saturation)\w*",
        r"ImageProjectiveTransform\w*",
        "RGBToHSV",
        "HSVToRGB",
        "Decode(?:Jpeg|Png|Image|Gif|Bmp|AndCropJpeg)",
        r"Encode(?:Jpeg|Png)\w*",
        r"DrawBoundingBoxes\w*",
        "ResizeArea",
        "ResizeBicubic",
        "ScaleAndTranslate",
    ),
    why="TFLite resizes, crops by constants and pads; it has no kernel for {ops}.",
    remedy="Do it to the image in the app, before the model; or build it from tf.image.resize and slices.",
    code="y = tf.image.resize(x[:, 10:200, 10:200], [224, 224])  # a crop by constants and a resize",
    cured_by="select_tf_ops",
    source=COMPATIBILITY,
    rank=30,
    where=at_errors,
)
