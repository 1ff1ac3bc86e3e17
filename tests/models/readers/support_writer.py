"""Writes metadata of an image classifier with tflite-support, to be read by ours. In an environment of its own.

python support_writer.py MODEL.tflite OUT.tflite LABELS.txt MEAN STD
"""

import sys


def write(model: str, out: str, labels: str, mean: float, std: float) -> None:
    from tflite_support.metadata_writers import image_classifier, writer_utils

    made = image_classifier.MetadataWriter.create_for_inference(
        writer_utils.load_file(model), [mean], [std], [labels]
    ).populate()
    writer_utils.save_file(made, out)


if __name__ == "__main__":
    write(*sys.argv[1:4], float(sys.argv[4]), float(sys.argv[5]))
