"""The pool of output buffers: memory comes back when nothing views it any more, and not before."""
import gc
import threading

import numpy as np
import pytest

from graphc.runtime.pool import ALIGNMENT, SMALL, Pool, _rounded

F32 = np.dtype(np.float32)
SHAPE = (300, 500)


@pytest.fixture
def pool():
    return Pool(1 << 28)


def address(array):
    return array.__array_interface__["data"][0]


def test_arrays_are_what_was_asked_for(pool):
    array = pool.empty(SHAPE, F32)
    assert array.shape == SHAPE and array.dtype == F32
    assert array.flags.c_contiguous and array.flags.writeable and array.flags.aligned
    assert address(array) % ALIGNMENT == 0


def test_a_dropped_buffer_is_handed_out_again(pool):
    array = pool.empty(SHAPE, F32)
    where = address(array)
    del array
    assert address(pool.empty(SHAPE, F32)) == where
    assert address(pool.empty((*SHAPE, 1), np.dtype(np.int32))) == where


VIEWS = {
    "slice": lambda x: x[3:],
    "reshaped slice of a slice": lambda x: x[2:][1:].reshape(-1),
    "other dtype": lambda x: x.view(np.int32),
    "transposed": lambda x: x.T,
    "memoryview": memoryview,
    "memoryview of a slice": lambda x: memoryview(x[1:]),
    "asarray": lambda x: np.asarray(memoryview(x)),
    "subclass": lambda x: x.view(np.matrix),
    "strided": lambda x: np.lib.stride_tricks.as_strided(x, (2, 2), (4, 4)),
    "iterator": np.nditer,
    "flat": lambda x: x.flat,
    "dlpack": np.from_dlpack,
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_a_buffer_is_never_handed_out_while_something_views_it(pool, view):
    array = pool.empty(SHAPE, F32)
    where = address(array)
    kept = view(array)
    del array
    gc.collect()
    other = pool.empty(SHAPE, F32)
    assert address(other) != where
    del kept
    gc.collect()
    assert address(pool.empty(SHAPE, F32)) == where


def test_live_arrays_never_overlap(pool):
    arrays = [pool.empty((SMALL + k % 3,), np.dtype(np.uint8)) for k in range(20)]
    for k, array in enumerate(arrays):
        array[:] = k
    assert all((array == k).all() for k, array in enumerate(arrays))


def test_small_and_empty_arrays_leave_no_trace(pool):
    for shape in ((), (0,), (3, 0), (SMALL // 4 - 1,)):
        assert pool.empty(shape, F32).shape == shape
    assert pool.nbytes == 0


def test_it_keeps_no_more_than_its_limit():
    pool = Pool(10 * SMALL)
    kept = [pool.empty((SMALL,), np.dtype(np.uint8)) for _ in range(30)]
    assert pool.nbytes <= pool.limit
    assert len({address(array) for array in kept}) == 30
    pool.empty((100 * SMALL,), np.dtype(np.uint8))
    assert pool.nbytes <= pool.limit
    for k in range(1, 40):
        pool.empty((SMALL + 4096 * k,), np.dtype(np.uint8))
        assert pool.nbytes <= pool.limit
    pool.clear()
    assert pool.nbytes == 0
    assert (kept[0].shape, len(kept)) == ((SMALL,), 30)


def test_the_least_recently_used_size_goes_first():
    pool = Pool(5 * SMALL)
    a, b = (SMALL,), (2 * SMALL,)
    pool.empty(a, np.dtype(np.uint8))
    where = address(pool.empty(b, np.dtype(np.uint8)))
    pool.empty(a, np.dtype(np.uint8))
    pool.empty(b, np.dtype(np.uint8))
    blocker = pool.empty((5 * SMALL // 2,), np.dtype(np.uint8))
    assert address(pool.empty(b, np.dtype(np.uint8))) == where
    assert blocker.nbytes == 5 * SMALL // 2


def test_rounding_wastes_an_eighth_at_most():
    for nbytes in range(SMALL, 4 * SMALL, 997):
        assert nbytes <= _rounded(nbytes) <= nbytes * 9 / 8


def test_threads_never_share_a_live_buffer(pool):
    wrong = []

    def work(number):
        for _ in range(300):
            array = pool.empty((SMALL,), np.dtype(np.uint8))
            array[:] = number
            if (array != number).any():
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
