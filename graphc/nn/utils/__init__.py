"""What scripts need beside networks."""
from ...datasets import image_dataset_from_directory
from ..absent import absent
from ..backend import clear_session, is_keras_tensor, standardize_dtype
from ..config import disable_interactive_logging, enable_interactive_logging, is_interactive_logging_enabled
from ..data import PyDataset
from ..data import packed as pack_x_y_sample_weight
from ..data import unpacked as unpack_x_y_sample_weight
from ..registry import (
    custom_object_scope,
    deserialize_keras_object,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
    serialize_keras_object,
)
from ..seeds import set_random_seed
from .files import get_file
from .images import array_to_img, img_to_array, load_img, save_img
from .numerical import normalize, to_categorical
from .progbar import Progbar
from .sequences import pad_sequences, timeseries_dataset_from_array

CustomObjectScope, Sequence = custom_object_scope, PyDataset

__all__ = ["CustomObjectScope", "Progbar", "PyDataset", "Sequence", "array_to_img", "clear_session", "custom_object_scope",
           "deserialize_keras_object", "disable_interactive_logging", "enable_interactive_logging", "get_custom_objects",
           "get_file", "get_registered_name", "get_registered_object", "image_dataset_from_directory", "img_to_array",
           "is_interactive_logging_enabled", "is_keras_tensor", "load_img", "normalize", "pack_x_y_sample_weight",
           "pad_sequences", "register_keras_serializable", "save_img", "serialize_keras_object", "set_random_seed",
           "standardize_dtype", "timeseries_dataset_from_array", "to_categorical", "unpack_x_y_sample_weight"]

__getattr__ = absent(__name__, {
    "plot_model model_to_dot": "model.summary() shows the layers, graphc.draw(model.outputs, 'model.svg') what they compute",
    "split_dataset": "fit takes validation_split=..., or slice the arrays",
    "text_dataset_from_directory audio_dataset_from_directory FeatureSpace": "graphc computes with numbers alone: make "
                                                                             "arrays of texts and sounds",
    "bounding_boxes Config get_source_inputs legacy": "graphc has nothing of that kind",
}, __all__)
