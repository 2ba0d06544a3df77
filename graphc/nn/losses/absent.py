"""Losses that are known by name, and not there."""
from __future__ import annotations

from typing import NoReturn

from ...ir.errors import ArgumentError
from .loss import REGISTRY, Loss

CTC_REASON = ("CTC, the loss of sequences without alignment, is not supported; a subclass of graphc.nn.losses.Loss "
              "can say in call(y_true, y_pred) what it is")


@REGISTRY.add
def ctc(y_true, y_pred) -> NoReturn:
    """Raises ArgumentError: connectionist temporal classification is not supported."""
    raise ArgumentError(CTC_REASON)


@REGISTRY.add
class CTC(Loss):
    """Raises ArgumentError: connectionist temporal classification is not supported."""

    def __init__(self, reduction="sum_over_batch_size", name="ctc", dtype=None):
        raise ArgumentError(CTC_REASON)


__all__ = ["CTC", "ctc"]
