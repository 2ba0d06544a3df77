"""Every metric with every option beside Keras, over two batches: results, names and configurations."""
from __future__ import annotations

import numpy as np
import pytest

from graphc.nn import metrics

from .cases import CASES

keras = pytest.importorskip("keras")
torch = pytest.importorskip("torch")
if keras.config.backend() != "torch":
    pytest.skip("Keras is not on PyTorch", allow_module_level=True)

ADDED = {"CosineSimilarity": {"axis": -1}, "SparseTopKCategoricalAccuracy": {"from_sorted_ids": False}}
"""Arguments that Keras' configurations leave out."""
NAMES = sorted({case.name for case in CASES})


def plain(config: dict) -> dict:
    """Tuples, arrays and tensors as lists."""
    return {key: np.asarray(x).tolist() if isinstance(x, tuple) or hasattr(x, "shape") else x for key, x in config.items()}


def theirs(case):
    """Keras' result after each batch."""
    metric = getattr(keras.metrics, case.name)(**case.options)
    for batch in case.batches:
        metric.update_state(*batch)
        yield metric.result().detach().numpy().copy()


@pytest.mark.parametrize("name", NAMES)
def test_results(name):
    for case in (c for c in CASES if c.name == name):
        for ours, expected in zip(case.ours(), theirs(case), strict=True):
            np.testing.assert_allclose(ours, expected, rtol=2e-5, atol=1e-6, err_msg=str(case), strict=True)


@pytest.mark.parametrize("name", NAMES)
def test_configuration(name):
    for options in [c.options for c in CASES if c.name == name]:
        ours, expected = getattr(metrics, name)(**options), getattr(keras.metrics, name)(**options)
        config = ADDED.get(name, {}) | expected.get_config() | {"name": ours.name}
        assert plain(ours.get_config()) == plain(config)
        assert [v.shape for v in ours.variables] == [tuple(v.shape) for v in expected.variables]
        assert [v.name for v in ours.variables] == [v.name for v in expected.variables]


def test_default_names():
    for name in NAMES:
        options = next(c.options for c in CASES if c.name == name)
        ours, expected = (getattr(m, name)(**options).name for m in (metrics, keras.metrics))
        assert ours.rstrip("_0123456789") == expected.rstrip("_0123456789")


def test_all_names_of_keras_are_known():
    known = keras.src.metrics.ALL_OBJECTS_DICT
    for name in set(known) - {"Metric", "metric"}:
        assert metrics.REGISTRY[name].__name__ == known[name].__name__
    assert {name for name in vars(keras.metrics) if not name.startswith("_")} <= set(dir(metrics))
    assert set(NAMES) >= {c.__name__ for c in known.values()} - {"Metric", "MeanMetricWrapper"}
