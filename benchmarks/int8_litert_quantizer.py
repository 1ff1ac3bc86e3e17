"""litert-quantizer's int8 with its own calibration, in a process of its own. Prints its times.

python benchmarks/int8_litert_quantizer.py FLOAT.tflite VALUES.npy OUT.tflite [--per-tensor]
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("values", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--per-tensor", action="store_true")
    options = parser.parse_args()

    from litert_quantizer import qtyping, recipe
    from litert_quantizer.quantizer import Quantizer

    from litesmith.runtime.interpreter import describe

    entries = recipe.static_wi8_ai8()
    if options.per_tensor:
        for entry in entries:
            entry["op_config"]["weight_tensor_config"]["granularity"] = qtyping.QuantGranularity.TENSORWISE
    signature, inputs, _ = describe(options.model)
    values = np.load(options.values)
    data = {signature: [{inputs[0].name: values[row : row + 1]} for row in range(len(values))]}
    begun = time.perf_counter()
    quantizer = Quantizer(str(options.model), entries)
    ranges = quantizer.calibrate(data, num_threads=os.cpu_count() or 1)
    calibrated = time.perf_counter()
    options.out.write_bytes(quantizer.quantize(ranges).quantized_model)
    done = time.perf_counter()
    print()
    print(json.dumps({"seconds": done - begun, "calibrate_s": calibrated - begun}))


if __name__ == "__main__":
    main()
