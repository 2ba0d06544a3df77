"""Functions of graphc whose arguments have other names, or another order, in keras.ops: its signature, then the call."""
from __future__ import annotations

from collections.abc import Callable

from ...ir.errors import ArgumentError
from ...ops import PUBLIC_NAMES as g

UNARY = """abs absolute arccos arccosh arcsin arcsinh arctan arctanh bitwise_invert bitwise_not ceil cos cosh erf exp exp2
    expm1 fabs floor isfinite isinf isnan log log10 log1p log2 logical_not negative reciprocal relu relu6 rsqrt sigmoid sign
    sin sinh softplus sqrt square tan tanh trunc""".split()
BINARY = """add arctan2 divide equal floor_divide fmax fmin greater greater_equal heaviside hypot less less_equal logaddexp
    logaddexp2 logical_and logical_or logical_xor maximum minimum mod multiply not_equal power subtract true_divide dot inner
    kron matmul outer""".split()
BITWISE = "bitwise_and bitwise_or bitwise_xor bitwise_left_shift bitwise_right_shift left_shift right_shift".split()
SAME = """all any amax amin argmax argmin batch_normalization binary_crossentropy broadcast_to cbrt celu
    categorical_crossentropy conj cumprod cumsum deg2rad diag diagonal elu flip fliplr flipud hard_sigmoid hard_silu
    hard_swish hard_tanh isneginf isposinf leaky_relu linspace log_sigmoid log_softmax logsumexp moveaxis nan_to_num
    nanmax nanmean nanmin nansum ones_like ptp rad2deg ravel real repeat roll round selu shape signbit silu sinc softmax
    softsign sparse_categorical_crossentropy split squeeze swapaxes swish tril triu zeros_like gelu""".split()


def _unary(function: Callable) -> Callable:
    return lambda x: function(x)


def _binary(function: Callable) -> Callable:
    return lambda x1, x2: function(x1, x2)


def _bitwise(function: Callable) -> Callable:
    return lambda x, y: function(x, y)


def _pads(name: str) -> Callable:
    """Pooling: its pool_size counts no channels."""
    return lambda inputs, pool_size, strides=None, padding="valid", data_format=None: g[name](
        inputs, pool_size, strides, padding, data_format or "channels_last")


def _while(cond: Callable, body: Callable, loop_vars, maximum_iterations):
    """Keras' loop: several variables, in a list or tuple, are several arguments, and the result is a tuple."""
    if not isinstance(loop_vars, (list, tuple)):
        return g["while_loop"](cond, body, loop_vars, maximum_iterations)

    def after(values):
        new = body(*values)
        return tuple(new) if isinstance(new, (list, tuple)) else (new,)
    return g["while_loop"](lambda values: cond(*values), after, tuple(loop_vars), maximum_iterations)


def _where(condition, x1, x2):
    if x1 is None or x2 is None:
        raise ArgumentError("where: the places where a condition holds have no shape that a graph could know; give what is "
                            "to stand there, and elsewhere")
    return g["where"](condition, x1, x2)


def _reduces(name: str) -> Callable:
    return lambda x, axis=None, keepdims=False: g[name](x, axis, keepdims=keepdims)


def _extreme(name: str, with_initial: Callable) -> Callable:
    def reduced(x, axis=None, keepdims=False, initial=None):
        y = g[name](x, axis, keepdims=keepdims)
        return y if initial is None else with_initial(y, initial)
    return reduced


FUNCTIONS: dict[str, Callable] = {
    **{name: _unary(g[name]) for name in UNARY}, **{name: _binary(g[name]) for name in BINARY},
    **{name: _bitwise(g[name]) for name in BITWISE}, **{name: g[name] for name in SAME},
    **{name: _reduces(name) for name in ("sum", "mean", "std", "var")},
    "max": _extreme("max", g["maximum"]), "min": _extreme("min", g["minimum"]),
    "max_pool": _pads("max_pool"), "average_pool": _pads("average_pool"),
    "allclose": lambda x1, x2, rtol=1e-5, atol=1e-8, equal_nan=False: g["allclose"](x1, x2, rtol, atol, equal_nan),
    "arange": lambda start, stop=None, step=None, dtype=None: g["arange"](start, stop, 1 if step is None else step, dtype),
    "argsort": lambda x, axis=-1: g["argsort"](x, axis),
    "average": lambda x, axis=None, weights=None: g["average"](x, axis, weights),
    "cast": lambda x, dtype: g["astype"](x, dtype),
    "clip": lambda x, x_min, x_max: g["clip"](x, x_min, x_max),
    "concatenate": lambda xs, axis=0: g["concatenate"](xs, axis),
    "cond": lambda pred, true_fn, false_fn: g["cond"](pred, true_fn, false_fn),
    "conv": lambda inputs, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1: g["conv"](
        inputs, kernel, strides, padding, data_format or "channels_last", dilation_rate),
    "conv_transpose": lambda inputs, kernel, strides=1, padding="valid", output_padding=None, data_format=None,
    dilation_rate=1: g["conv_transpose"](inputs, kernel, strides, padding, output_padding, data_format or "channels_last",
                                         dilation_rate),
    "count_nonzero": lambda x, axis=None: g["count_nonzero"](x, axis),
    "custom_gradient": lambda f: g["custom_gradient"](f),
    "depthwise_conv": lambda inputs, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1: g[
        "depthwise_conv"](inputs, kernel, strides, padding, data_format or "channels_last", dilation_rate),
    "diff": lambda a, n=1, axis=-1: g["diff"](a, n, axis),
    "digitize": lambda x, bins: g["digitize"](x, bins),
    "einsum": lambda subscripts, *operands, **kwargs: g["einsum"](subscripts, *operands, **kwargs),
    "empty": lambda shape, dtype=None: g["empty"](shape, dtype or "float32"),
    "expand_dims": lambda x, axis: g["expand_dims"](x, axis),
    "eye": lambda N, M=None, k=0, dtype=None: g["eye"](N, M, k, dtype or "float32"),
    "full": lambda shape, fill_value, dtype=None: g["full"](shape, fill_value, dtype),
    "full_like": lambda x, fill_value, dtype=None: g["full_like"](x, fill_value, dtype),
    "hstack": lambda xs: g["hstack"](xs),
    "isclose": lambda x1, x2, rtol=1e-5, atol=1e-8, equal_nan=False: g["isclose"](x1, x2, rtol, atol, equal_nan),
    "layer_normalization": lambda x, gamma=None, beta=None, axis=-1, epsilon=None: g["layer_normalization"](
        x, gamma, beta, axis, 1e-7 if epsilon is None else epsilon),
    "meshgrid": lambda *x, indexing="xy": g["meshgrid"](*x, indexing=indexing),
    "moments": lambda x, axes, keepdims=False, synchronized=False: g["moments"](x, axes, keepdims),
    "norm": lambda x, ord=None, axis=None, keepdims=False: (
        g["norm"](g["ravel"](x), 2) if ord is None and axis is None and not keepdims
        else g["sqrt"](g["sum"](g["square"](x), axis, keepdims=keepdims)) if ord in (None, "fro")
        else g["norm"](x, ord, axis, keepdims=keepdims)),
    "normalize": lambda x, axis=-1, order=2, epsilon=None: g["normalize"](
        x, axis, order, 1e-7 if epsilon is None else epsilon),
    "one_hot": lambda x, num_classes, axis=-1, dtype=None, sparse=False: g["one_hot"](x, num_classes, axis,
                                                                                    dtype or "float32"),
    "ones": lambda shape, dtype=None: g["ones"](shape, dtype or "float32"),
    "pad": lambda x, pad_width, mode="constant", constant_values=None: g["pad"](x, pad_width, mode, constant_values or 0),
    "prod": lambda x, axis=None, keepdims=False, dtype=None: g["prod"](x, axis, dtype=dtype, keepdims=keepdims),
    "reshape": lambda x, newshape: g["reshape"](x, newshape),
    "rms_normalization": lambda x, scale=None, axis=-1, epsilon=None: g["rms_normalization"](
        x, scale, axis, 1e-7 if epsilon is None else epsilon),
    "scan": lambda f, init, xs=None, length=None, reverse=False, unroll=1: g["scan"](f, init, xs, length, reverse),
    "searchsorted": lambda sorted_sequence, values, side="left": g["searchsorted"](sorted_sequence, values, side),
    "separable_conv": lambda inputs, depthwise_kernel, pointwise_kernel, strides=1, padding="valid", data_format=None,
    dilation_rate=1: g["separable_conv"](inputs, depthwise_kernel, pointwise_kernel, strides, padding,
                                         data_format or "channels_last", dilation_rate),
    "sort": lambda x, axis=-1: g["sort"](x, axis),
    "stack": lambda x, axis=0: g["stack"](x, axis),
    "stop_gradient": lambda variable: g["stop_gradient"](variable),
    "take": lambda x, indices, axis=None: g["take"](x, indices, axis),
    "take_along_axis": lambda x, indices, axis=None: (
        g["take_along_axis"](g["ravel"](x), g["ravel"](indices), 0) if axis is None
        else g["take_along_axis"](x, indices, axis)),
    "tensordot": lambda x1, x2, axes=2: g["tensordot"](x1, x2, axes),
    "tile": lambda x, repeats: g["tile"](x, repeats),
    "top_k": lambda x, k, sorted=True: g["top_k"](x, k),
    "trace": lambda x, offset=0, axis1=0, axis2=1: g["trace"](x, offset, axis1, axis2),
    "transpose": lambda x, axes=None: g["permute_dims"](x, axes),
    "unstack": lambda x, num=None, axis=0: g["unstack"](x, axis),
    "vstack": lambda xs: g["vstack"](xs),
    "where": lambda condition, x1=None, x2=None: _where(condition, x1, x2),
    "while_loop": lambda cond, body, loop_vars, maximum_iterations=None: _while(cond, body, loop_vars,
                                                                              maximum_iterations),
    "zeros": lambda shape, dtype=None: g["zeros"](shape, dtype or "float32"),
}
"""Names of keras.ops that are names of graphc too."""

__all__ = ["FUNCTIONS"]
