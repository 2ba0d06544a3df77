"""Images and arrays: see `utils.images`."""
from ..absent import absent
from ..utils.images import array_to_img, img_to_array, load_img, save_img, smart_resize

__all__ = ["array_to_img", "img_to_array", "load_img", "save_img", "smart_resize"]

__getattr__ = absent(__name__, {
    "ImageDataGenerator": "utils.image_dataset_from_directory reads folders of images, and layers such as RandomFlip, "
                          "RandomRotation and RandomZoom vary them",
}, __all__)
