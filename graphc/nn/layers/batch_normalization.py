"""Batch normalization: each channel to mean 0 and variance 1, as the batch has them, or as training has seen them."""
from __future__ import annotations

from ...ir.errors import ArgumentError
from ...ir.expr import Expr
from ...ir.leaves import as_expr
from ...ir.types import as_axis, compute_dtype
from ...ops import PUBLIC_NAMES as ops
from ...ops.normalization import batch_standardized
from ..variables import Variable
from .input_spec import InputSpec
from .weighted import WeightedLayer

TINY = 1e-7
"""What keeps a batch of which every step is masked from a division by 0."""
CLIPPING = ("rmax", "rmin", "dmax")


class BatchNormalization(WeightedLayer):
    """``gamma * (x - mean) / sqrt(variance + epsilon) + beta``, for each entry of `axis` (Ioffe and Szegedy, 2015).

    In training, mean and variance are the batch's (of the steps that the mask leaves), and the moving ones go a share ``1 -
    momentum`` towards them; else, or when the layer is frozen, they are the moving ones. With `renorm`, training too sees
    moving ones, the correction within the limits `renorm_clipping`, "rmin", "rmax" and "dmax" (Ioffe, 2017)."""

    def __init__(self, axis: int = -1, momentum: float = 0.99, epsilon: float = 1e-3, center: bool = True,
                 scale: bool = True, beta_initializer="zeros", gamma_initializer="ones", moving_mean_initializer="zeros",
                 moving_variance_initializer="ones", beta_regularizer=None, gamma_regularizer=None, beta_constraint=None,
                 gamma_constraint=None, renorm: bool = False, renorm_clipping: dict | None = None,
                 renorm_momentum: float = 0.99, synchronized: bool = False, **kwargs):
        super().__init__(**kwargs)
        if synchronized:
            raise ArgumentError("synchronized=True: there is one device, and its batch is the whole batch")
        if unknown := set(renorm_clipping or ()) - set(CLIPPING):
            raise ArgumentError(f"renorm_clipping has limits {', '.join(CLIPPING)}, not {', '.join(sorted(unknown))}")
        self.axis, self.momentum, self.epsilon = int(axis), float(momentum), float(epsilon)
        self.center, self.scale, self.synchronized = center, scale, synchronized
        self.renorm, self.renorm_clipping, self.renorm_momentum = renorm, renorm_clipping, renorm_momentum
        self._follow(beta_initializer=beta_initializer, gamma_initializer=gamma_initializer,
                     moving_mean_initializer=moving_mean_initializer,
                     moving_variance_initializer=moving_variance_initializer, beta_regularizer=beta_regularizer,
                     gamma_regularizer=gamma_regularizer, beta_constraint=beta_constraint,
                     gamma_constraint=gamma_constraint)
        self.supports_masking = True

    def build(self, input_shape):
        shape = (input_shape[as_axis(self.axis, len(input_shape))],)
        if shape == (None,):
            raise ArgumentError(f"axis {self.axis} of {tuple(input_shape)} must be known to make the weights")
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: shape[0]})
        self.gamma = self._add("gamma", shape) if self.scale else None
        self.beta = self._add("beta", shape) if self.center else None
        mean, variance = self.moving_mean_initializer, self.moving_variance_initializer
        self.moving_mean = self.add_weight(shape, mean, trainable=False, name="moving_mean")
        self.moving_variance = self.add_weight(shape, variance, trainable=False, name="moving_variance")
        if self.renorm:
            def deviation(shape, dtype=None):
                return variance(shape, dtype=dtype) ** 0.5
            self.moving_stddev = self.add_weight(shape, deviation, trainable=False, name="moving_stddev")
            self.renorm_mean = self.add_weight(shape, mean, trainable=False, name="renorm_mean")
            self.renorm_stddev = self.add_weight(shape, deviation, trainable=False, name="renorm_stddev")

    def call(self, inputs, training=False, mask=None):
        if not (training and self.trainable):
            return ops["batch_normalization"](inputs, self.moving_mean, self.moving_variance, self.axis, self.beta,
                                              self.gamma, self.epsilon)
        x = inputs.astype(compute_dtype(inputs.dtype))
        mean, variance = self._moments(x, mask)
        if self.renorm:
            gamma, beta = self._corrected(mean, variance)
            self._remember_renormalized(mean, variance)
        else:
            gamma, beta = self.gamma, self.beta
            _approach(self.moving_mean, mean, self.momentum)
            _approach(self.moving_variance, variance, self.momentum)
        if mask is None:
            y = batch_standardized(x, gamma, beta, as_axis(self.axis, x.ndim), self.epsilon)
        else:
            y = ops["batch_normalization"](x, mean, variance, self.axis, beta, gamma, self.epsilon)
        return y.astype(inputs.dtype)

    def _moments(self, x: Expr, mask) -> tuple[Expr, Expr]:
        """The mean and the variance of each channel, where the mask, of all axes but the last, is true."""
        axes = tuple(k for k in range(x.ndim) if k != as_axis(self.axis, x.ndim))
        if mask is None:
            return ops["moments"](x, axes)
        mask = as_expr(mask)
        if mask.ndim != x.ndim - 1:
            raise ArgumentError(f"{self.name}: a mask of shape {mask.shape} for inputs of shape {x.shape}, whose last axis "
                                "it must lack")
        kept = ops["broadcast_to"](ops["expand_dims"](mask.astype("bool"), -1), x.dims)
        count = ops["sum"](kept.astype(x.dtype), axes, keepdims=True) + TINY
        mean = ops["sum"](ops["where"](kept, x, 0), axes, keepdims=True) / count
        squares = ops["where"](kept, ops["square"](x - mean), 0)
        return ops["squeeze"](mean, axes), ops["squeeze"](ops["sum"](squares, axes, keepdims=True) / count, axes)

    # ---- renormalization
    def _corrected(self, mean: Expr, variance: Expr) -> tuple[Expr, Expr]:
        """gamma and beta that take the batch's normalization to the moving one."""
        limits = self.renorm_clipping or {}
        deviation = ops["maximum"](self.renorm_stddev, self.epsilon ** 0.5)
        r = ops["clip"](ops["sqrt"](variance + self.epsilon) / deviation, limits.get("rmin"), limits.get("rmax"))
        d = (mean - self.renorm_mean) / deviation
        if limits.get("dmax") is not None:
            d = ops["clip"](d, -limits["dmax"], limits["dmax"])
        r, d = ops["stop_gradient"](r), ops["stop_gradient"](d)
        gamma, beta = (r, d) if self.gamma is None else (r * self.gamma, d * self.gamma)
        return gamma, beta if self.beta is None else beta + self.beta

    def _remember_renormalized(self, mean: Expr, variance: Expr) -> None:
        deviation = ops["sqrt"](variance + self.epsilon)
        _approach(self.renorm_mean, mean, self.renorm_momentum)
        _approach(self.renorm_stddev, deviation, self.renorm_momentum)
        _approach(self.moving_mean, mean, self.momentum)
        new = _approach(self.moving_stddev, deviation, self.momentum)
        self.moving_variance.assign(ops["relu"](new * new - self.epsilon))

    def get_config(self):
        return {**super().get_config(), "axis": self.axis, "momentum": self.momentum, "epsilon": self.epsilon,
                "center": self.center, "scale": self.scale, "synchronized": self.synchronized, "renorm": self.renorm,
                "renorm_clipping": self.renorm_clipping, "renorm_momentum": self.renorm_momentum}


def _approach(moving: Variable, value: Expr, momentum: float) -> Expr:
    """Go a share ``1 - momentum`` towards the value; what comes of it."""
    new = moving * momentum + value * (1 - momentum)
    moving.assign(new)
    return new


__all__ = ["BatchNormalization"]
