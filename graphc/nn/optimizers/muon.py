"""Muon."""
from __future__ import annotations

import re

from ...ir.expr import Expr
from ...ops import PUBLIC_NAMES as ops
from ..variables import Variable
from .moments import power, running
from .optimizer import REGISTRY, Optimizer


@REGISTRY.add
class Muon(Optimizer):
    """Momentum made orthogonal (Jordan et al., 2024), for matrices; Adam for all else: vectors, kernels of convolutions,
    embeddings, and weights whose path one of `exclude_layers`, regular expressions, is found in.

    A few steps of a polynomial with the coefficients `muon_a`, `muon_b` and `muon_c` bring all singular values close
    to 1; `rms_rate` then scales the step as Adam's steps are (Liu et al., 2025)."""

    def __init__(self, learning_rate=0.001, adam_beta_1=0.9, adam_beta_2=0.999, adam_weight_decay=0.004, epsilon=1e-7,
                 weight_decay=0.004, exclude_layers=None, exclude_embeddings=True, muon_a=3.4445, muon_b=-4.7750,
                 muon_c=2.0315, adam_lr_ratio=1, momentum=0.95, ns_steps=5, nesterov=True, rms_rate=0.2, **options):
        super().__init__(learning_rate, weight_decay, **options)
        self.adam_beta_1, self.adam_beta_2, self.adam_weight_decay = adam_beta_1, adam_beta_2, adam_weight_decay
        self.epsilon, self.exclude_layers, self.exclude_embeddings = epsilon, exclude_layers or [], exclude_embeddings
        self.muon_a, self.muon_b, self.muon_c = muon_a, muon_b, muon_c
        self.adam_lr_ratio, self.momentum, self.ns_steps = adam_lr_ratio, momentum, ns_steps
        self.nesterov, self.rms_rate = nesterov, rms_rate

    def build(self, variables):
        super().build(variables)
        self.momentums, self.adam_velocities = [], []
        for v in variables:
            self.momentums.append(self.add_variable_from_reference(v, "momentum"))
            adam = self._should_use_adamw(v)
            self.adam_velocities.append(self.add_variable_from_reference(v, "velocity") if adam else None)

    def _should_use_adamw(self, variable: Variable) -> bool:
        path = variable.path or ""
        embedding = self.exclude_embeddings and "embedding" in path.lower()
        return variable.ndim != 2 or embedding or any(re.search(part, path) for part in self.exclude_layers)

    def _decay_of(self, variable):
        return self.adam_weight_decay if self._should_use_adamw(variable) else self.weight_decay

    def update_step(self, gradient, variable, learning_rate):
        k = self._get_variable_index(variable)
        if self.adam_velocities[k] is not None:
            step = self._adam(gradient, self.momentums[k], self.adam_velocities[k], learning_rate * self.adam_lr_ratio)
        else:
            step = learning_rate * self._muon(gradient, self.momentums[k])
        variable.assign_sub(step)

    def _adam(self, gradient: Expr, momentum: Variable, velocity: Variable, rate: Expr) -> Expr:
        m = running(momentum, gradient, self.adam_beta_1)
        v = running(velocity, ops["square"](gradient), self.adam_beta_2)
        left = [1 - power(beta, self.iterations + 1) for beta in (self.adam_beta_1, self.adam_beta_2)]
        return rate * ops["sqrt"](left[1]) / left[0] * m / (ops["sqrt"](v) + self.epsilon)

    def _muon(self, gradient: Expr, momentum: Variable) -> Expr:
        m = self.momentum * momentum + gradient
        momentum.assign(m)
        step = self._orthogonal(gradient + self.momentum * m if self.nesterov else m)
        return step if self.rms_rate is None else step * (self.rms_rate * max(step.shape) ** 0.5)

    def _orthogonal(self, x: Expr) -> Expr:
        """About the orthogonal matrix nearest to `x`, by Newton and Schulz's iteration."""
        if x.shape[0] > x.shape[1]:
            return self._orthogonal(x.T).T
        x = x / (ops["sqrt"](ops["sum"](ops["square"](x))) + 1e-7)
        for _ in range(self.ns_steps):
            product = x @ x.T
            x = self.muon_a * x + (self.muon_b * product + self.muon_c * product @ product) @ x
        return x

    def get_config(self):
        names = ("adam_beta_1", "adam_beta_2", "epsilon", "exclude_layers", "muon_a", "muon_b", "muon_c", "adam_lr_ratio",
                 "momentum", "ns_steps", "nesterov", "exclude_embeddings", "adam_weight_decay", "rms_rate")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


__all__ = ["Muon"]
