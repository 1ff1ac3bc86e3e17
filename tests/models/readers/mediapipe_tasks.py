"""Classifies pictures by MediaPipe Tasks, which knows of a model what its metadata says. In an environment of its own.

    python mediapipe_tasks.py PICTURES.npz ANSWERS.json MODEL.tflite ...

Answers: by model, {"rows": a row of [score, label] for each picture, in the order of the classes} or {"refused": why}.
"""

import json
import sys
from types import ModuleType

import numpy as np


def classified(path: str, pictures: list[np.ndarray]) -> dict[str, object]:
    import mediapipe
    from mediapipe.tasks.python import BaseOptions, vision

    options = vision.ImageClassifierOptions(base_options=BaseOptions(model_asset_path=path))
    try:
        classifier = vision.ImageClassifier.create_from_options(options)
    except (RuntimeError, ValueError, NotImplementedError) as error:
        return {"refused": str(error)}
    rows = []
    for pixels in pictures:
        image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(pixels))
        found = {c.index: (c.score, c.category_name) for c in classifier.classify(image).classifications[0].categories}
        rows.append([found[index] for index in range(len(found))])
    classifier.close()
    return {"rows": rows}


if __name__ == "__main__":
    for name in ("cv2", "matplotlib", "matplotlib.pyplot"):  # only its functions that draw use them
        sys.modules.setdefault(name, ModuleType(name))
    stored = np.load(sys.argv[1])
    given = [stored[name] for name in stored.files]
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        json.dump({path: classified(path, given) for path in sys.argv[3:]}, out)
