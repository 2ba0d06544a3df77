"""Gradients at zeros, ties, infinities and NaN: PyTorch's, but for the exceptions that are written down here."""
import numpy as np
import pytest

import graphc

torch = pytest.importorskip("torch")

NAN, INF = np.nan, np.inf
POINTS = [-INF, -2.0, -1.0, -0.0, 0.0, 1.0, 2.0, 6.0, INF, NAN]
PAIRS = [a.ravel() for a in np.meshgrid(POINTS, [-INF, -1.0, 0.0, 0.5, 1.0, 2.0, 3.0, INF, NAN], indexing="ij")]
ROWS = [[1.0, 1, 1], [1, 2, 2], [0, 0, 2], [0, 3, 2], [-INF, 1, 2], [-INF, -INF, 1], [NAN, 1, 2]]
nn = torch.nn.functional


def gradients(function, values):
    inputs = [graphc.placeholder(np.shape(v), "float64") for v in values]
    cost = graphc.sum(function(*inputs))
    outputs = graphc.grad(cost, inputs, unconnected="zeros")
    found = graphc.interpret(inputs, outputs, values)
    for one, compiled in zip(found, graphc.compile(inputs, outputs)(*values), strict=True):
        np.testing.assert_allclose(compiled, one, 1e-12, 1e-15)
    return found


def of_torch(function, values):
    inputs = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in values]
    return [g.numpy() for g in torch.autograd.grad(function(*inputs).sum(), inputs)]


def check(ours, theirs, values, excepted=()):
    """Equal gradients, at all places but those where `excepted` holds."""
    values = [np.asarray(v, float) for v in values]
    free = np.broadcast_to(excepted(*values), values[0].shape) if callable(excepted) else np.zeros(values[0].shape, bool)
    for found, expected in zip(gradients(ours, values), of_torch(theirs, values), strict=True):
        np.testing.assert_allclose(found[~free], expected[~free], 1e-12, 1e-15)


UNARY = {
    "relu": (graphc.relu, nn.relu, np.isnan),  # 0 there, as in JAX
    "relu6": (graphc.relu6, nn.relu6, np.isnan),  # what PyTorch gives there hangs on the place in the array
    "leaky_relu": (graphc.leaky_relu, lambda x: nn.leaky_relu(x, 0.2), None),
    "elu": (graphc.elu, nn.elu, np.isnan),
    "softplus": (graphc.softplus, nn.softplus, None),
    "clip": (lambda x: graphc.clip(x, -1, 1), lambda x: torch.clip(x, -1, 1), None),
    "clip from below": (lambda x: graphc.clip(x, 1), lambda x: torch.clip(x, min=1), None),
    "clip from above": (lambda x: graphc.clip(x, None, 1), lambda x: torch.clip(x, max=1), None),
    "abs": (graphc.abs, torch.abs, np.isnan),
    "pow 0": (lambda x: x ** 0, lambda x: x ** 0, None),
    "pow 1": (lambda x: x ** 1, lambda x: x ** 1, None),
    "pow 2": (lambda x: x ** 2, lambda x: x ** 2, None),
    "pow -1": (lambda x: x ** -1, lambda x: x ** -1, None),
    "0 ** x": (lambda x: graphc.pow(0.0, x), lambda x: torch.pow(0.0, x), None),
    "2 ** x": (lambda x: graphc.pow(2.0, x), lambda x: torch.pow(2.0, x), None),
    **{name: (getattr(graphc, name), getattr(torch, name), None) for name in (
        "sqrt rsqrt log log1p exp expm1 square reciprocal asin acos atan sin cos tan tanh asinh acosh atanh sigmoid "
        "erf floor sign").split()},
}


@pytest.mark.parametrize("name", UNARY)
def test_of_one_number(name):
    ours, theirs, excepted = UNARY[name]
    check(ours, theirs, [POINTS], excepted)


def either_nan(a, b):
    return np.isnan(a) | np.isnan(b)


BINARY = {
    "maximum": either_nan,  # 0 there, as in JAX
    "minimum": either_nan,
    "pow": None,
    "atan2": None,
    "hypot": lambda a, b: (a == 0) & (b == 0),  # 0 there: PyTorch has NaN
    "logaddexp": lambda a, b: np.isinf(a) & (a == b),  # shared there: PyTorch has NaN
    "multiply": None,
    "divide": None,
}


@pytest.mark.parametrize("name", BINARY)
def test_of_two_numbers(name):
    check(getattr(graphc, name), getattr(torch, name), PAIRS, BINARY[name])


WEIGHTS = np.array([1.0, 2, 3])
FOLDS = {
    "max": (graphc.max, torch.amax),
    "min": (graphc.min, torch.amin),
    "std": (graphc.std, lambda x: torch.std(x, correction=0)),
    "logsumexp": (graphc.logsumexp, lambda x: torch.logsumexp(x, 0)),
    "softmax": (lambda x: graphc.softmax(x) * WEIGHTS, lambda x: torch.softmax(x, 0) * torch.tensor(WEIGHTS)),
    "log_softmax": (lambda x: graphc.log_softmax(x) * WEIGHTS, lambda x: torch.log_softmax(x, 0) * torch.tensor(WEIGHTS)),
    "prod": (graphc.prod, torch.prod),
}


@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.parametrize("name", FOLDS)
def test_of_reductions(name, row):
    if name == "prod" and not np.isfinite(row).all():
        pytest.skip("PyTorch divides, and makes NaN of infinities")
    check(*FOLDS[name], [row])


@pytest.mark.parametrize("function, at, expected", [
    (graphc.relu, [[NAN]], [[0]]),
    (graphc.maximum, [[1.0, NAN, 2], [1.0, 1, NAN]], [[0.5, 0, 0], [0.5, 0, 0]]),
    (graphc.hypot, [[0.0], [0.0]], [[0], [0]]),
    (graphc.logaddexp, [[INF, -INF], [INF, -INF]], [[0.5, 0], [0.5, 0]]),
    (graphc.logsumexp, [[-INF, -INF]], [[0, 0]]),
    (graphc.prod, [[INF, 1.0, 2.0]], [[2, INF, INF]]),
])
def test_where_they_differ(function, at, expected):
    for found, wanted in zip(gradients(function, at), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("function, at", [
    (graphc.std, [1.0, 1, 1]), (lambda x: graphc.pow(x, x), [0.0, 1]), (lambda x: graphc.logaddexp(x, -x), [0.0, 700]),
    (lambda x: graphc.hypot(x, x), [0.0]), (lambda x: graphc.atan2(x, x), [0.0]),
])
def test_second_derivatives_of_mended_gradients_are_no_nan(function, at):
    x = graphc.placeholder((len(at),), "float64")
    first = graphc.grad(graphc.sum(function(x)), x)
    second = graphc.interpret([x], graphc.grad(graphc.sum(first), x, unconnected="zeros"), [at])
    assert not np.isnan(second).any()
