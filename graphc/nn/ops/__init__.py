"""The names of keras.ops, with its arguments, on graphc's functions: ``ops.sum(x, axis=1, keepdims=True)``.

On expressions they give expressions. On arrays and numbers alone, outside a layer's call, they compute at once, by NumPy.
`MISSING` names what keras.ops has and this module has not.

>>> sum([[1, 2], [3, 4]], axis=1, keepdims=True)
array([[3],
       [7]])
"""
from __future__ import annotations

from ...ir.registry import nearest
from . import as_in_keras, composed
from .evaluated import at_once

_NO_TENSORS = {"convert_to_numpy", "custom_gradient", "dtype", "is_tensor", "ndim", "shape", "size"}

MISSING = """adaptive_average_pool adaptive_max_pool angle argpartition array_split associative_scan bartlett bincount
    blackman cdist cholesky cholesky_inverse corrcoef correlate ctc_decode ctc_loss depth_to_space det diagflat
    dot_product_attention dsplit dstack eig eigh erfinv extract_sequences fft fft2 fold gcd geomspace hamming
    hanning histogram hsplit i0 ifft2 image inv irfft istft jvp kaiser lcm linalg logdet lstsq lu_factor
    matrix_rank nanargmax nanargmin nancumprod nancumsum nanmedian nanpercentile nanquantile nextafter nn
    nonzero numpy percentile pinv polar qr rearrange rfft segment_max segment_min segment_prod slogdet solve
    solve_triangular space_to_depth stft svd switch unfold unique unravel_index vander vectorize vectorized_map
    view view_as_complex view_as_real vsplit""".split()

_functions = {name: function if name in _NO_TENSORS else at_once(function, name)
              for name, function in (as_in_keras.FUNCTIONS | composed.FUNCTIONS).items()}
globals().update(_functions)

__all__ = ["MISSING", *_functions]


def __getattr__(name: str):
    near = nearest(name, _functions)
    reason = ": graphc has no counterpart of this function of keras.ops yet" if name in MISSING else near
    raise AttributeError(f"graphc.nn.ops has no attribute {name!r}{reason}")
