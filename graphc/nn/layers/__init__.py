"""Layers: functions with weights."""
from .core import Dense, Input
from .layer import Layer
from .regularization import Dropout

__all__ = ["Dense", "Dropout", "Input", "Layer"]
