"""The names of keras.ops, with its arguments, on graphc's functions: ``ops.sum(x, axis=1, keepdims=True)``.

On expressions they give expressions. On arrays and numbers alone, outside a layer's call, they compute at once, by NumPy.
`MISSING` names what keras.ops has and this module has not.

>>> sum([[1, 2], [3, 4]], axis=1, keepdims=True)
array([[3],
       [7]])
"""
from __future__ import annotations

from ...ir.registry import nearest
from . import applied, arranged, as_in_keras, composed, image
from .evaluated import at_once

_NO_TENSORS = {"convert_to_numpy", "custom_gradient", "dtype", "is_tensor", "ndim", "shape", "size"}

MISSING = """adaptive_average_pool adaptive_max_pool argpartition associative_scan cholesky cholesky_inverse correlate
    ctc_decode ctc_loss det eig eigh erfinv fft fft2 fold gcd histogram i0 ifft2 inv irfft istft jvp lcm logdet
    lstsq lu_factor matrix_rank nanmedian nanpercentile nanquantile nextafter nonzero pinv polar qr rearrange rfft
    segment_prod slogdet solve solve_triangular stft svd unfold unique vectorize view view_as_complex view_as_real""".split()

_functions = {name: function if name in _NO_TENSORS else at_once(function, name)
              for table in (as_in_keras, composed, arranged, applied) for name, function in table.FUNCTIONS.items()}
globals().update(_functions)


class _Part:
    """A part of keras.ops, whose functions are here as well: ``ops.nn.relu`` is ``ops.relu``."""

    def __getattr__(self, name: str):
        return _functions[name] if name in _functions else __getattr__(name)


linalg, nn, numpy = _Part(), _Part(), _Part()

__all__ = ["MISSING", "image", "linalg", "nn", "numpy", *_functions]


def __getattr__(name: str):
    near = nearest(name, _functions)
    reason = ": graphc has no counterpart of this function of keras.ops yet" if name in MISSING else near
    raise AttributeError(f"graphc.nn.ops has no attribute {name!r}{reason}")
