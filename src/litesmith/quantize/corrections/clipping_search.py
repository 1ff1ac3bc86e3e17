"""Cuts ranges off where that lowers the error behind the layers that read the tensor; see `quantize/clipping.py`."""

from litesmith.quantize.correction import Correction, Moment

PLUGIN = Correction(
    name="clipping_search",
    summary="ranges cut off where the layers behind them lose less by it",
    source="after Nagel et al., A white paper on neural network quantization, 2021; Banner et al., NeurIPS 2019",
    moment=Moment.RANGES,
    order=10,
)
