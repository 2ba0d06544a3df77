"""What a caller may pass: NumPy's answer, or an error that names the input and says what it is."""
import array
import decimal
import re

import numpy as np
import pytest

import graphc
from graphc.ir.errors import CallError

F32 = np.float32


def passed(value, dtype="float32", shape=(None,)):
    """What a compiled function makes of the input: itself."""
    x = graphc.placeholder(shape, dtype, name="x")
    return graphc.compile(x, x, skip=["fuse"])(value)


class Converted:
    def __init__(self, made):
        self.made = made

    def __array__(self, dtype=None, copy=None):
        if isinstance(self.made, Exception):
            raise self.made
        return self.made


class Packed:
    """Memory by DLPack, and by nothing else."""

    def __init__(self, made):
        self.made = made

    def __dlpack__(self, **options):
        return self.made.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.made.__dlpack_device__()


class Numbers:
    def __len__(self):
        return 2

    def __getitem__(self, k):
        return [1.5, 2.5][k]


def read_only():
    value = np.arange(3, dtype=F32)
    value.flags.writeable = False
    return value


def unaligned():
    value = np.zeros(13, np.uint8)[1:].view(F32)
    value[:] = [1, 2, 3]
    assert not value.flags.aligned
    return value


@pytest.mark.parametrize("make", [
    lambda: np.zeros(0, F32), lambda: np.arange(8, dtype=F32)[::2], lambda: np.arange(4, dtype=F32)[::-1], read_only,
    unaligned, lambda: np.arange(3, dtype=">f4"), lambda: np.arange(3, dtype=">i2"),
    lambda: np.broadcast_to(F32(2), (4,)), lambda: Converted(np.array([1, 2], F32)), lambda: Packed(np.array([1, 2], F32)),
    Numbers, lambda: array.array("f", [1, 2]), lambda: memoryview(np.array([1, 2], F32)), lambda: range(3), lambda: (1, 2.5),
    lambda: [True, False], lambda: [], lambda: [2**70, 1],
], ids=["empty", "strided", "backwards", "read-only", "unaligned", "swapped", "narrower", "broadcast", "array", "dlpack",
        "sequence", "array.array", "memoryview", "range", "tuple", "bools", "nothing", "large"])
def test_whatever_numpy_makes_an_array_of(make):
    value = make()
    known = value.made if isinstance(value, (Packed, Converted)) else value
    expected = np.asarray(known).astype(F32)
    found = passed(value)
    assert found.dtype == F32
    np.testing.assert_array_equal(found, expected)


def test_subclasses_are_arrays_of_their_elements():
    value = np.ones((4, 3), F32).view(np.matrix)
    assert type(passed(value[::2], shape=(None, 3))) is np.ndarray
    np.testing.assert_array_equal(passed(value[::2], shape=(None, 3)), np.ones((2, 3)))


@pytest.mark.parametrize("dtype", ["int32", "uint64", "bool", "bfloat16"])
def test_an_empty_list_is_of_any_dtype(dtype):
    found = passed([], dtype)
    assert found.dtype == graphc.placeholder((), dtype).dtype and found.shape == (0,)


@pytest.mark.parametrize("value, dtype", [([2**63, 1], "uint64"), ([2**64 - 1, 0], "uint64"), ([-2**63, 5], "int64"),
                                          (2**63, "uint64"), ([127, -128], "int8")])
def test_integers_that_fit_are_exact(value, dtype):
    np.testing.assert_array_equal(passed(value, dtype, (None,) * np.ndim(value)), np.array(value, dtype))


@pytest.mark.parametrize("value, dtype, number", [
    ([1, 2**31], "int32", "2147483648"), ([-2**31 - 1], "int32", "-2147483649"), ([2**70], "int32", str(2**70)),
    ([2**63, -1], "int64", str(2**63)), ([2**64, 1], "uint64", str(2**64)), ([1, -1], "uint8", "-1"),
    (2**70, "int64", str(2**70)), ([10**400], "float32", "an integer of 1329 bits"),
    (1 << 20000, "float32", "an integer of 20001 bits"), (1 << 20000, "int8", "an integer of 20001 bits")],
                         ids=lambda v: v if isinstance(v, str) else "")
def test_integers_that_do_not_fit_are_named(value, dtype, number):
    with pytest.raises(CallError, match=rf"^input 0 \(x:.*\): {re.escape(number)} does not fit into {dtype}$"):
        passed(value, dtype, (None,) * np.ndim(value))


@pytest.mark.parametrize("value, dtype, given", [
    ([2.7], "int32", "float64"), (2.7, "int32", "float64"), (float("nan"), "int64", "float64"),
    ([np.nan], "int8", "float64"),
    (1j, "float32", "complex128"), (np.ones(2, "c8"), "float32", "complex64"), ([1], "bool", "int64"),
    (np.ones(2), "float32", r"float64; convert it with .astype\('float32'\)"),
    (np.zeros(0), "float32", "float64; convert .*"),
    (np.array([1, 2], object), "float32", "objects"), ([1.0, None], "float32", "NoneType"), ("2", "float32", "str"),
    (["1", "2"], "float32", "str"), (b"2", "uint8", "bytes"), (decimal.Decimal(2), "float32", "Decimal"),
    ({1, 2}, "float32", "set"), ((k for k in range(3)), "float32", "generator"), (len, "float32", "builtin.*"),
    (np.array(["2020"], "M8[D]"), "int64", r"datetime64\[D\]"), (np.ones(2, np.longdouble), "float64", ".*"),
    (None, "float32", "None")])
def test_what_loses_something_or_is_no_number_is_refused(value, dtype, given):
    with pytest.raises(CallError, match=rf"^input 0 \(x:.*\) takes {dtype}, not {given}$"):
        passed(value, dtype, (None,) * np.ndim(value))


@pytest.mark.parametrize("value, message", [
    ([[1, 2], [3]], "inhomogeneous"), (Converted(RuntimeError("lost")), "this Converted is not: lost"),
    (Converted(KeyError("lost")), "this Converted is not: 'lost'"), (Converted([1, 2]), "not producing an array"),
    (Packed(np.array(["a"])), "this Packed is not"), ([graphc.placeholder()], "graphc.stack")])
def test_what_is_no_array_names_the_input(value, message):
    with pytest.raises(CallError, match=rf"^input 0 \(x:f32\[\?\]\) takes what NumPy makes an array of, .*{message}"):
        passed(value)


def test_a_mask_is_never_lost():
    for value, shape in ((np.ma.array([1.0, 2.0], mask=[0, 1]), (None,)), (np.ma.masked, ())):
        with pytest.raises(CallError, match=r"^input 0 .* masked array: its mask would be lost; use .filled"):
            passed(value, shape=shape)


@pytest.mark.parametrize("value, shape", [(F32(1), (None,)), ([2.0], ()), (np.ones((1, 1), F32), (None,)), ([1.0], (1, 1))])
def test_ranks_are_not_stretched(value, shape):
    with pytest.raises(CallError, match=r"^input 0 .* has \d dimensions; got shape \("):
        passed(value, shape=shape)


def test_tensors_of_torch():
    torch = pytest.importorskip("torch")
    np.testing.assert_array_equal(passed(torch.arange(6.0)[::2]), [0, 2, 4])
    np.testing.assert_array_equal(passed(Packed(torch.arange(6.0)[::2])), [0, 2, 4])
    assert passed(torch.tensor(2), shape=()) == 2
    for tensor in (torch.ones(2, requires_grad=True), torch.ones(2).to_sparse(), torch.ones(2, device="meta")):
        with pytest.raises(CallError, match="^input 0 .* which this Tensor is not: "):
            passed(tensor)
