"""What holds for all layers."""
from __future__ import annotations

import numpy as np
import pytest

import graphc
from graphc.nn import config, constraints


def test_defaults_are_those_of_keras():
    assert (config.floatx(), config.epsilon(), config.image_data_format()) == ("float32", 1e-7, "channels_last")
    config.set_floatx("float32")
    config.set_image_data_format("channels_last")


def test_epsilon_counts():
    try:
        config.set_epsilon(1.0)
        np.testing.assert_allclose(constraints.UnitNorm()(np.float32([[1], [0]])), [[0.5], [0]])
    finally:
        config.set_epsilon(1e-7)


@pytest.mark.parametrize(("set_to", "value"), [(config.set_floatx, "float16"), (config.set_epsilon, 0),
                                               (config.set_image_data_format, "channels_first")])
def test_what_is_refused(set_to, value):
    with pytest.raises(graphc.ArgumentError, match=f"{set_to.__name__}: .*{value!r}"):
        set_to(value)
