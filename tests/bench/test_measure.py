"""The logic of the benchmarks: who is compared, what agrees, which figures follow. Nothing here depends on time."""
import importlib.util
import sys

import numpy as np
import pytest

from bench import elementwise, overhead, reduce, steps
from bench.measure import COPY, Case, Disagreement, agree, copied, copy, library, moved, summary, with_ratios
from bench.process import Process, interpreters, last_cores, limits, samples, versions


def test_a_summary_is_the_median_and_the_quartiles_of_one_kernel():
    found = summary([5.0, 1.0, 2.0, 4.0, 3.0], per=10)
    assert found == {"seconds": 0.3, "quartiles": [0.2, 0.4], "samples": 5}


def test_one_sample_is_a_summary_too():
    assert summary([2.0]) == {"seconds": 2.0, "quartiles": [2.0, 2.0], "samples": 1}


def test_the_share_is_the_time_of_the_bytes_over_the_time_taken():
    found = summary([0.5, 0.5], bytes=10**9, bandwidth=4e9)
    assert found["share"] == 0.5 and found["bytes"] == 10**9 and found["bandwidth"] == 4e9


def test_the_ratio_is_to_the_best_of_the_others():
    records = [{"contestant": name, "seconds": s} for name, s in (("graphc", 2.0), ("torch", 3.0), ("jax", 6.0))]
    assert [r["ratio"] for r in with_ratios(records)] == [1.5, 1.0, 0.5]


def test_without_peers_there_is_no_ratio():
    assert with_ratios([{"contestant": "graphc", "seconds": 1.0}]) == [{"contestant": "graphc", "seconds": 1.0}]


@pytest.mark.parametrize("other, said", [
    ([np.ones(3)], "graphc has 2 outputs, torch 1"),
    ([np.ones(3), np.ones(4)], r"output 1 has shape \(3,\) by graphc, \(4,\) by torch"),
    ([np.ones(3), np.array([1, 1, 1.001])], "output 1 of graphc and torch differ by up to 0.001"),
    ([np.array([1, np.nan, 1]), np.ones(3)], "output 0 of graphc and torch differ"),
])
def test_contestants_that_disagree_are_an_error(other, said):
    with pytest.raises(Disagreement, match=said):
        agree({"graphc": [np.ones(3), np.ones(3)], "torch": other}, 1e-5)


def test_contestants_agree_within_a_tolerance_of_the_largest_magnitude():
    a = np.array([1e-9, 1000.0])
    agree({"graphc": [a, np.empty(0)], "torch": [a + 0.9e-3, np.empty(0)]}, 1e-6)
    with pytest.raises(Disagreement):
        agree({"graphc": [a], "torch": [a + 2e-3]}, 1e-6)


def test_the_first_word_of_a_contestant_is_its_library():
    assert [library(n) for n in ("numpy out=", "torch.compile", "pytensor C", COPY)] == ["numpy", "torch", "pytensor",
                                                                                         "numpy"]


def test_what_must_be_moved_is_every_input_and_output_once():
    assert moved((np.zeros(10, "f4"), np.zeros(2, "i8")), [np.zeros((), "f4")]) == 40 + 16 + 4


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_copy_copies_everything(threads):
    call = copy(threads=threads, quick=True)
    if threads == 1:
        target, source = call.args
        target[:] = 0
        call()
        np.testing.assert_array_equal(target, source)
        assert target.nbytes + source.nbytes == copied(quick=True)
    else:
        assert len(call()) == threads


def test_only_cases_of_bytes_have_a_copy_beside_them():
    def make(x):
        return lambda: x
    assert COPY in Case("a", lambda quick: (1,), {"graphc": make}).all()
    assert COPY not in Case("a", lambda quick: (1,), {"graphc": make}, floor=False).all()


def test_names_of_cases_are_unique_and_graphc_is_first():
    cases = [case for family in (elementwise, reduce, overhead, steps) for case in family.CASES]
    assert len({c.name for c in cases}) == len(cases)
    assert all(next(iter(c.contestants)) == "graphc" for c in cases)


@pytest.mark.parametrize("family", [elementwise, reduce, overhead])
def test_contestants_of_numpy_compute_what_graphc_computes(family):
    for case in family.CASES:
        inputs = case.inputs(True)
        results = {}
        for name, make in case.contestants.items():
            if library(name) in ("graphc", "numpy"):
                value = make(*inputs)()
                results[name] = [np.asarray(a) for a in (value if isinstance(value, tuple) else (value,))]
        agree(results, case.rtol)
        assert len(results) >= 2


@pytest.mark.parametrize("case", steps.CASES, ids=lambda case: case.name)
def test_training_steps_of_all_libraries_go_the_same_way(case):
    inputs = case.inputs(True)
    losses = {}
    for name in ("graphc", "numpy", "torch"):
        if name in case.contestants and importlib.util.find_spec(name):
            step = case.contestants[name](*inputs)
            losses[name] = [float(np.asarray(step().detach() if name == "torch" else step())) for _ in range(4)]
    for found in losses.values():
        np.testing.assert_allclose(found, losses["graphc"], rtol=1e-4)
    assert losses["graphc"][0] > losses["graphc"][-1]


# ---- processes ------------------------------------------------------------------------------------------------------
def test_samples_are_seconds_of_single_calls():
    calls = []
    found = samples(lambda: calls.append(1), 0.0)
    assert len(found) == 1 and found[0] > 0 and len(calls) > 2


def test_limits_hold_for_every_library():
    environment = limits(1)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "GRAPHC_THREADS",
                 "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "VECLIB_MAXIMUM_THREADS"):
        assert environment[name] == "1"
    assert "XLA_FLAGS" in environment and "XLA_FLAGS" not in limits(2)


def test_cores_are_those_this_process_may_use():
    assert len(last_cores(1)) <= 1


def test_versions_leave_out_what_is_not_installed():
    assert versions(["numpy", "no-such-library"]) == {"numpy": np.__version__}


def test_a_contestant_that_fails_says_why():
    having = interpreters([sys.executable], ["numpy"])["numpy"]
    with Process(having, "overhead", overhead.CASES[0].name, "no such contestant", 1, True) as process:
        process.wait()
        assert process.failure == "KeyError: 'no such contestant'"
