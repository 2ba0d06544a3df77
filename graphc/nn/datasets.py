"""Data sets, under the name that Keras has them under: those of `graphc.datasets`."""
from ..datasets import (
    DataError,
    Loader,
    cifar10,
    digits,
    fashion_mnist,
    image_dataset_from_directory,
    mnist,
    read_csv,
)
from .absent import absent

__all__ = ["DataError", "Loader", "cifar10", "digits", "fashion_mnist", "image_dataset_from_directory", "mnist", "read_csv"]

__getattr__ = absent(__name__, {
    "boston_housing california_housing cifar100 imdb reuters": "graphc.nn.datasets has digits, mnist, fashion_mnist and "
                                                              "cifar10; fit takes arrays from anywhere",
}, __all__)
