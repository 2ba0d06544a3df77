"""Sequences and series: see `utils.sequences`."""
from ..absent import absent
from ..utils.sequences import pad_sequences

__all__ = ["pad_sequences"]

__getattr__ = absent(__name__, {"TimeseriesGenerator": "utils.timeseries_dataset_from_array makes batches of windows"},
                     __all__)
