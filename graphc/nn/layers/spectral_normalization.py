"""Spectral normalization: a layer whose kernel stretches nothing by more than a factor of 1."""
from __future__ import annotations

from ...ir.errors import ArgumentError
from ...ir.expr import Expr
from ...ops import PUBLIC_NAMES as ops
from .. import initializers
from ..variables import Variable
from .arguments import positive
from .layer import REGISTRY, Layer


class SpectralNormalization(Layer):
    """`layer`, whose kernel (or embeddings), as a matrix with its last axis as columns, is divided by its largest singular
    value before each step of training (Miyato et al., 2018). The value is approached by `power_iterations` of the power
    method, which goes on where the step before left it. A kernel of zeros stays."""

    def __init__(self, layer: Layer, power_iterations: int = 1, **kwargs):
        if not isinstance(layer, Layer):
            raise ArgumentError(f"SpectralNormalization takes a layer, not {layer!r}")
        super().__init__(**kwargs)
        self.layer, self.power_iterations = layer, positive("power_iterations", power_iterations)

    def _normalized(self) -> Variable:
        """The layer's kernel or embeddings."""
        for name in ("kernel", "embeddings"):
            if isinstance(getattr(self.layer, name, None), Variable):
                return getattr(self.layer, name)
        raise ArgumentError(f"{self.layer.name} ({type(self.layer).__name__}) has neither a kernel nor embeddings")

    def build(self, input_shape):
        if not self.layer.built:
            self.layer.build(input_shape)
        self.kernel = self._normalized()
        self.vector_u = self.add_weight((1, self.kernel.shape[-1]), initializers.TruncatedNormal(stddev=0.02),
                                        trainable=False, name="vector_u", dtype=self.kernel.dtype)

    def call(self, inputs, training=False):
        if training:
            u, divisor = self._singular()
            stays = ops["all"](self.kernel == 0)
            normalized = ops["where"](stays, self.kernel, self.kernel / divisor)
            self.vector_u.assign(ops["where"](stays, self.vector_u, u))
            self.kernel.assign(normalized)
        return self.layer(inputs)

    def _singular(self) -> tuple[Expr, Expr]:
        """The singular vector, and the largest singular value."""
        rows, u = ops["reshape"](self.kernel, (-1, self.kernel.shape[-1])), self.vector_u
        for _ in range(self.power_iterations):
            v = ops["normalize"](ops["matmul"](u, rows.T))
            u = ops["normalize"](ops["matmul"](v, rows))
        return u, ops["sum"](ops["matmul"](v, rows) * u)

    def get_config(self):
        return {**super().get_config(), "layer": REGISTRY.serialized(self.layer), "power_iterations": self.power_iterations}

    @classmethod
    def from_config(cls, config: dict) -> SpectralNormalization:
        return cls(**{**config, "layer": REGISTRY.restored(config["layer"])})


__all__ = ["SpectralNormalization"]
