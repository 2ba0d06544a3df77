"""Data sets: one that comes with graphc, and well-known ones in their original formats."""
from . import cifar10, digits, fashion_mnist, mnist
from .files import DataError

__all__ = ["DataError", "cifar10", "digits", "fashion_mnist", "mnist"]
