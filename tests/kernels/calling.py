"""Kernels called from tests as a compiled step calls them: by addresses and sizes, once for each thread of a crew."""
from functools import cache

import numpy as np
from numba import njit

from graphc.ir.types import SHORT
from graphc.kernels.cpu.memory import size, source, target, workspace


def call(kernel, operands, result, sizes, scratch=None, threads=1):
    """`result`, overwritten by ``kernel(*operands, result, *sizes, [scratch,] tid, threads)``, thread after thread."""
    arrays = [np.ascontiguousarray(x) for x in operands]
    kinds = tuple(SHORT[x.dtype] for x in (*arrays, result))
    words = np.array([*(x.ctypes.data for x in arrays), result.ctypes.data, *map(int, sizes),
                      *([] if scratch is None else [scratch.ctypes.data])], np.int64)
    step = _driver(kernel, kinds, len(sizes), None if scratch is None else SHORT[scratch.dtype])
    for tid in range(threads):
        step(words.ctypes.data, tid, threads)
    return result


@cache
def _driver(kernel, kinds, count, scratch):
    pointers = [f'{"source" if k < len(kinds) - 1 else "target"}(args, {k}, "{kind}")' for k, kind in enumerate(kinds)]
    sizes = [f"size(args, {len(kinds) + k})" for k in range(count)]
    private = [f'workspace(args, {len(kinds) + count}, "{scratch}")'] if scratch else []
    text = f"def step(args, tid, threads):\n    kernel({', '.join([*pointers, *sizes, *private, 'tid', 'threads'])})"
    names = {"kernel": kernel, "source": source, "target": target, "workspace": workspace, "size": size}
    exec(text, names)
    return njit(error_model="numpy")(names["step"])
