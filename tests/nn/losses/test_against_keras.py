"""Every loss with every option beside Keras: values, gradients, names and configurations."""
from __future__ import annotations

import numpy as np
import pytest

import graphc.nn as nn
from graphc.nn import losses

from .cases import CASES, uniform

keras = pytest.importorskip("keras")
torch = pytest.importorskip("torch")
if keras.config.backend() != "torch":
    pytest.skip("Keras is not on PyTorch", allow_module_level=True)


def theirs(case) -> tuple[np.ndarray, np.ndarray]:
    """Keras' loss, and the gradient of its sum."""
    y_pred = torch.tensor(case.y_pred, requires_grad=True)
    weight = None if case.weight is None else torch.tensor(case.weight)
    loss = getattr(keras.losses, case.name)(**case.options)(torch.tensor(case.y_true), y_pred, weight)
    loss.sum().backward()
    return loss.detach().numpy(), y_pred.grad.numpy()


@pytest.mark.parametrize("name", sorted({case.name for case in CASES}))
def test_value_and_gradient(name):
    for case in (c for c in CASES if c.name == name):
        for ours, expected in zip(case.ours(), theirs(case), strict=True):
            scale = max(1, np.abs(expected).max(initial=0))
            np.testing.assert_allclose(ours, expected, rtol=3e-5, atol=1e-6 * scale, err_msg=str(case), strict=True)


@pytest.mark.parametrize("name", sorted({case.name for case in CASES}))
def test_compiled_steps(name):
    """A network that learns by the loss, three steps long."""
    case = next(c for c in CASES if c.name == name)
    x, models = uniform(*case.y_pred.shape[:-1], 5), []
    for k in (keras, nn):
        model = k.Sequential([k.Input(x.shape[1:]), k.layers.Dense(case.y_pred.shape[-1], activation="softmax")])
        model.compile(k.optimizers.SGD(0.5, momentum=0.9), getattr(k.losses, name)())
        models.append(model)
    theirs, ours = models
    ours.set_weights(theirs.get_weights())
    steps = [[model.train_on_batch(x, case.y_true) for _ in range(3)] for model in (ours, theirs)]
    np.testing.assert_allclose(*steps, rtol=1e-4, atol=1e-6)
    assert steps[0][0] != steps[0][-1]
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", sorted({case.name for case in CASES}))
def test_configuration(name):
    for options in [c.options for c in CASES if c.name == name]:
        ours, expected = getattr(losses, name)(**options).get_config(), getattr(keras.losses, name)(**options).get_config()
        assert ours == {**expected, **{key: ours[key] for key in ours if key in ("delta", "axis")}}


def test_all_names_of_keras_are_known():
    known = keras.src.losses.ALL_OBJECTS_DICT
    for name in set(known) - {"Loss", "LossFunctionWrapper", "CTC", "ctc"}:
        assert losses.REGISTRY[name].__name__ == known[name].__name__
    assert {name for name in vars(keras.losses) if not name.startswith("_")} <= set(dir(losses))
