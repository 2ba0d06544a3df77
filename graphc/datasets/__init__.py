"""Data sets that come with graphc: small, real, and read without a network."""
from . import digits

__all__ = ["digits"]
