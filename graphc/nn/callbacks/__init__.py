"""Callbacks: what runs between the steps of training."""
from .callback import Callback, CallbackList, History

__all__ = ["Callback", "CallbackList", "History"]
