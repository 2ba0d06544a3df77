"""Data sets: one that comes with graphc, well-known ones in their original formats, and readers of one's own."""
from . import cifar10, digits, fashion_mnist, mnist
from .files import DataError
from .images import image_dataset_from_directory
from .loader import Loader
from .tables import read_csv

__all__ = ["DataError", "Loader", "cifar10", "digits", "fashion_mnist", "image_dataset_from_directory", "mnist", "read_csv"]
