"""Whole training steps on a batch of 32: loss, gradients and update, as each library's users would write them for speed.

What is timed is one more step on the same batch; what is compared is the loss after the first."""
from __future__ import annotations

from functools import partial

import numpy as np

from .measure import Case
from .networks import (
    BETA,
    EPSILON,
    GAMMA,
    LSTM,
    NETWORKS,
    RATE,
    UPDATES,
    Conv,
    Dense,
    Flatten,
    Network,
    Pool,
    weights,
)


def batch(network: Network, quick: bool) -> tuple:
    random, size = np.random.default_rng(1), 4 if quick else 32
    return random.random((size, *network.shape), np.float32), random.integers(0, 10, size)


# ---- graphc ---------------------------------------------------------------------------------------------------------
def graphc_step(network, x, y):
    import graphc
    from graphc.nn import Input, Sequential, layers
    made = {Dense: lambda d: layers.Dense(d.units, activation="relu" if d.relu else None),
            Conv: lambda c: layers.Conv2D(c.filters, c.size, padding=c.padding, activation="relu"),
            Pool: lambda _: layers.MaxPooling2D(2), Flatten: lambda _: layers.Flatten(),
            LSTM: lambda r: layers.LSTM(r.units)}
    model = Sequential([Input(network.shape), *(made[type(layer)](layer) for layer in network.layers)])
    model.set_weights(sum(weights(network), []))
    inputs, labels = graphc.placeholder((None, *network.shape)), graphc.placeholder((None,), "int64")
    loss = graphc.mean(graphc.sparse_categorical_crossentropy(labels, model(inputs), from_logits=True))
    update, count = UPDATES[network.update]
    number = graphc.Variable(np.float32(0))
    updates = {number: number + 1}
    for w, g in zip(model.trainable_weights, graphc.grad(loss, model.trainable_weights), strict=True):
        states = [graphc.Variable(np.zeros(w.shape, np.float32)) for _ in range(count)]
        updates |= zip([w, *states], update(graphc, w, g, number + 1, *states), strict=True)
    return partial(graphc.compile([inputs, labels], loss, updates=updates), x, y)


# ---- NumPy, for networks of dense layers -----------------------------------------------------------------------------
def numpy_step(network, x, y):
    update, count = UPDATES[network.update]
    layers = weights(network)
    states = [[[np.zeros_like(w) for _ in range(count)] for w in arrays] for arrays in layers]
    places, number = (np.arange(len(x)), y), 0

    def call():
        nonlocal number
        number += 1
        given = [x]
        for layer, (w, b) in zip(network.layers, layers, strict=True):
            z = given[-1] @ w + b
            given.append(np.maximum(z, 0, out=z) if layer.relu else z)
        g, loss = numpy_loss(given.pop(), places)
        for k in reversed(range(len(layers))):
            gradients = given[k].T @ g, g.sum(0)
            g = (g @ layers[k][0].T) * (given[k] > 0) if k else None
            for w, new, s in zip(layers[k], gradients, states[k], strict=True):
                for array, value in zip([w, *s], update(np, w, new, number, *s), strict=True):
                    array[...] = value
        return loss
    return call


def numpy_loss(z, places):
    """The gradient of the mean cross-entropy with respect to the scores, and its value."""
    z = z - z.max(1, keepdims=True)
    p = np.exp(z)
    total = p.sum(1, keepdims=True)
    loss = np.mean(np.log(total[:, 0]) - z[places])
    p /= total
    p[places] -= 1
    return p / len(p), loss


# ---- PyTorch --------------------------------------------------------------------------------------------------------
def torch_model(network):
    import torch
    shape, modules = network.shape, []
    if len(shape) == 3:
        modules.append(torch_lambda(lambda x: x.permute(0, 3, 1, 2).contiguous()))
    for layer, arrays in zip(network.layers, weights(network), strict=True):
        modules += torch_modules(layer, shape, [torch.from_numpy(a) for a in arrays])
        shape = layer.output(shape)
    return torch.nn.Sequential(*modules)


def torch_lambda(function):
    from torch import nn

    class Lambda(nn.Module):
        def forward(self, x):
            return function(x)
    return Lambda()


def torch_modules(layer, shape, arrays):
    from torch import nn
    match layer:
        case Dense(units, relu):
            linear = nn.Linear(shape[-1], units)
            linear.weight.data, linear.bias.data = arrays[0].T.contiguous(), arrays[1]
            return [linear, nn.ReLU()] if relu else [linear]
        case Conv(filters, size, padding):
            conv = nn.Conv2d(shape[-1], filters, size, padding=padding)
            conv.weight.data, conv.bias.data = arrays[0].permute(3, 2, 0, 1).contiguous(), arrays[1]
            return [conv, nn.ReLU()]
        case Pool():
            return [nn.MaxPool2d(2)]
        case Flatten():
            return [torch_lambda(lambda x: x.permute(0, 2, 3, 1).flatten(1))]
        case LSTM(units):
            lstm = nn.LSTM(shape[-1], units, batch_first=True)
            for name, array in zip(("weight_ih_l0", "weight_hh_l0", "bias_ih_l0"), arrays, strict=True):
                getattr(lstm, name).data = array.t().contiguous()
            lstm.bias_hh_l0.data.zero_()
            lstm.bias_hh_l0.requires_grad_(False)
            return [lstm, torch_lambda(lambda results: results[0][:, -1])]


def torch_step(network, x, y, compiled=False):
    import torch
    model, x, y = torch_model(network), torch.from_numpy(x), torch.from_numpy(y)
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = {"momentum": lambda: torch.optim.SGD(parameters, RATE, BETA, fused=True),
                 "rmsprop": lambda: torch.optim.RMSprop(parameters, RATE, BETA, EPSILON, foreach=True),
                 "adam": lambda: torch.optim.Adam(parameters, RATE, (BETA, GAMMA), EPSILON, fused=True)}[network.update]()

    def cost(x, y):
        return torch.nn.functional.cross_entropy(model(x), y)
    cost = torch.compile(cost) if compiled else cost

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = cost(x, y)
        loss.backward()
        optimizer.step()
        return loss
    return step


# ---- JAX ------------------------------------------------------------------------------------------------------------
def jax_layer(layer, arrays, x):
    import jax
    from jax import lax, nn
    match layer:
        case Dense(_, relu):
            y = x @ arrays[0] + arrays[1]
            return nn.relu(y) if relu else y
        case Conv(_, _, padding):
            y = lax.conv_general_dilated(x, arrays[0], (1, 1), padding.upper(), dimension_numbers=("NHWC", "HWIO", "NHWC"))
            return nn.relu(y + arrays[1])
        case Pool():
            return lax.reduce_window(x, -np.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
        case Flatten():
            return x.reshape(len(x), -1)
        case LSTM(units):
            kernel, recurrent, bias = arrays

            def cell(state, given):
                h, c = state
                i, f, g, o = jax.numpy.split(given + h @ recurrent, 4, axis=1)
                c = nn.sigmoid(f) * c + nn.sigmoid(i) * jax.numpy.tanh(g)
                return (nn.sigmoid(o) * jax.numpy.tanh(c), c), None
            zero = jax.numpy.zeros((len(x), units), x.dtype)
            return lax.scan(cell, (zero, zero), (x @ kernel + bias).swapaxes(0, 1))[0][0]


def jax_step(network, x, y):
    import jax
    import jax.numpy as jnp
    update, count = UPDATES[network.update]

    def cost(parameters, x, y):
        for layer, arrays in zip(network.layers, parameters, strict=True):
            x = jax_layer(layer, arrays, x)
        return -jnp.take_along_axis(jax.nn.log_softmax(x), y[:, None], 1).mean()

    def step(parameters, states, number, x, y):
        loss, gradients = jax.value_and_grad(cost)(parameters, x, y)
        leaves, tree = jax.tree.flatten(parameters)
        new = [update(jnp, w, g, number, *s) for w, g, s in zip(leaves, jax.tree.leaves(gradients), states, strict=True)]
        return loss, jax.tree.unflatten(tree, [n[0] for n in new]), [n[1:] for n in new], number + 1

    compiled = jax.jit(step, donate_argnums=(0, 1, 2))
    parameters = jax.tree.map(jnp.array, weights(network))
    states = [tuple(jnp.zeros_like(w) for _ in range(count)) for w in jax.tree.leaves(parameters)]
    state, x, y = (parameters, states, jnp.float32(1)), jnp.array(x), jnp.array(y)

    def call():
        nonlocal state
        loss, *state = jax.block_until_ready(compiled(*state, x, y))
        return loss
    return call


# ---- TensorFlow -----------------------------------------------------------------------------------------------------
def tensorflow_layer(layer, arrays, x):
    import tensorflow as tf
    match layer:
        case Dense(_, relu):
            y = x @ arrays[0] + arrays[1]
            return tf.nn.relu(y) if relu else y
        case Conv(_, _, padding):
            return tf.nn.relu(tf.nn.conv2d(x, arrays[0], 1, padding.upper()) + arrays[1])
        case Pool():
            return tf.nn.max_pool2d(x, 2, 2, "VALID")
        case Flatten():
            return tf.reshape(x, (-1, int(np.prod(x.shape[1:]))))
        case LSTM(units):
            kernel, recurrent, bias = arrays
            h = c = tf.zeros((tf.shape(x)[0], units))
            for given in tf.unstack(x @ kernel + bias, axis=1):
                i, f, g, o = tf.split(given + h @ recurrent, 4, axis=1)
                c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
                h = tf.sigmoid(o) * tf.tanh(c)
            return h


def tensorflow_step(network, x, y):
    import tensorflow as tf
    update, count = UPDATES[network.update]
    layers = [[tf.Variable(a) for a in arrays] for arrays in weights(network)]
    parameters = sum(layers, [])
    states = [[tf.Variable(tf.zeros_like(w)) for _ in range(count)] for w in parameters]
    number, x, y = tf.Variable(0.0), tf.constant(x), tf.constant(y)

    @tf.function
    def step(x, y):
        number.assign_add(1)
        with tf.GradientTape() as tape:
            z = x
            for layer, arrays in zip(network.layers, layers, strict=True):
                z = tensorflow_layer(layer, arrays, z)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, z))
        for w, g, s in zip(parameters, tape.gradient(loss, parameters), states, strict=True):
            for variable, value in zip([w, *s], update(tf, w, g, number, *s), strict=True):
                variable.assign(value)
        return loss
    return partial(step, x, y)


STEPS = {"graphc": graphc_step, "torch": torch_step, "torch.compile": partial(torch_step, compiled=True), "jax": jax_step,
         "tensorflow": tensorflow_step}


def contestants(network: Network) -> dict:
    """By NumPy alone if that is a few products of matrices."""
    steps = STEPS | ({"numpy": numpy_step} if all(isinstance(layer, Dense) for layer in network.layers) else {})
    return {library: partial(step, network) for library, step in steps.items()}


CASES = [Case(f"a training step: {name}, batch 32", partial(batch, network), contestants(network), rtol=1e-4, floor=False)
         for name, network in NETWORKS.items()]
