"""Data before it meets a network, under the names that Keras has it under; much of it is in `utils`."""
from ..absent import absent
from ..utils import image_dataset_from_directory, timeseries_dataset_from_array
from . import image, sequence

__all__ = ["image", "image_dataset_from_directory", "sequence", "timeseries_dataset_from_array"]

__getattr__ = absent(__name__, {
    "text text_dataset_from_directory": "graphc computes with numbers alone: number the words of texts, and pad them with "
                                        "utils.pad_sequences",
}, __all__)
