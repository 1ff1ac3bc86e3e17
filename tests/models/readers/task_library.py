"""Reads metadata, and classifies pictures by it, with the Task Library of tflite-support. In an environment of its own.

    python task_library.py PICTURES.npz ANSWERS.json MODEL.tflite ...

Answers: as those of `mediapipe_tasks.py`, with what the metadata library reads: {"metadata": ..., "files": {...}}.
"""

import json
import sys

import numpy as np


def classified(path: str, pictures: list[np.ndarray]) -> dict[str, object]:
    from tflite_support import metadata
    from tflite_support.task import core, processor, vision

    shown = metadata.MetadataDisplayer.with_model_file(path)
    read: dict[str, object] = {
        "metadata": json.loads(shown.get_metadata_json()),
        "files": {
            name: shown.get_associated_file_buffer(name).decode() for name in shown.get_packed_associated_file_list()
        },
    }
    options = vision.ImageClassifierOptions(
        base_options=core.BaseOptions(file_name=path), classification_options=processor.ClassificationOptions()
    )
    try:
        classifier = vision.ImageClassifier.create_from_options(options)
    except (RuntimeError, ValueError) as error:
        return {**read, "refused": str(error)}
    rows = []
    for pixels in pictures:
        result = classifier.classify(vision.TensorImage.create_from_array(np.ascontiguousarray(pixels)))
        found = {c.index: (c.score, c.category_name) for c in result.classifications[0].categories}
        rows.append([found[index] for index in range(len(found))])
    return {**read, "rows": rows}


if __name__ == "__main__":
    stored = np.load(sys.argv[1])
    given = [stored[name] for name in stored.files]
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        json.dump({path: classified(path, given) for path in sys.argv[3:]}, out)
