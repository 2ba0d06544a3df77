"""The ops: every row, and the public functions over them."""
from . import (
    activation,
    control,
    conv,
    convert,
    copy,
    creation,
    cumulative,
    custom,
    einsum,
    elementwise,
    extend,
    formulas,
    gather,
    index,
    layer,
    leaves,
    linalg,
    loss,
    normalization,
    pool,
    random,
    rearrange,
    reduce,
    resize,
    shape,
    softmax,
    sorting,
)

ROWS = (leaves, copy, gather, layer)
"""Modules of rows that have no public function of their own."""

PUBLIC = (elementwise, convert, activation, reduce, shape, creation, rearrange, extend, cumulative, sorting, index,
          linalg, einsum, conv, pool, resize, softmax, normalization, loss, formulas, custom, control)
"""Modules whose ``__all__`` users see as ``graphc.<name>``."""

PUBLIC_NAMES = {name: getattr(module, name) for module in PUBLIC for name in module.__all__}
PUBLIC_NAMES |= {"random": random, "dropout": random.dropout}
