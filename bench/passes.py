"""CPU time of all passes on the training graph of ResNet-50 (forward, backward, momentum), and on one of double depth.

    python bench/passes.py [--profile]

He, Zhang, Ren, Sun: "Deep Residual Learning for Image Recognition", 2015: bottleneck blocks, batch normalization,
SGD with momentum 0.9. Only the graph is made: no number is computed."""
from __future__ import annotations

import cProfile
import gc
import pstats
import sys
import time

import numpy as np

import graphc
from graphc.ir.graph import Graph
from graphc.passes.pipeline import PASSES, Options, run

MLP = (784, 512, 512, 10)
RESNET50 = ((64, 3), (128, 4), (256, 6), (512, 3))
RESNET100 = tuple((width, 2 * count) for width, count in RESNET50)


def resnet(stages, classes: int = 1000) -> Graph:
    """The training graph of a residual network: `stages` are (width, blocks)."""
    weights: list[graphc.Variable] = []
    moving: dict[graphc.Variable, graphc.ir.expr.Expr] = {}
    x = graphc.placeholder((None, 224, 224, 3), name="images")
    labels = graphc.placeholder((x.dims[0],), "int64", name="labels")

    def weight(*shape) -> graphc.Variable:
        weights.append(graphc.Variable(np.zeros(shape, "float32"), name=f"w{len(weights)}"))
        return weights[-1]

    def normalized(y):
        scale, offset = weight(y.shape[-1]), weight(y.shape[-1])
        mean, variance = graphc.moments(y, (0, 1, 2))
        for now in (mean, variance):
            state = graphc.Variable(np.zeros(now.shape, "float32"), trainable=False)
            moving[state] = 0.9 * state + 0.1 * now
        return graphc.batch_normalization(y, mean, variance, -1, offset, scale)

    def conv(y, filters, size, stride=1):
        return normalized(graphc.conv(y, weight(size, size, y.shape[-1], filters), stride, "same"))

    def bottleneck(y, width, stride):
        shortcut = y if y.shape[-1] == 4 * width else conv(y, 4 * width, 1, stride)
        y = graphc.relu(conv(y, width, 1, stride))
        y = graphc.relu(conv(y, width, 3))
        return graphc.relu(conv(y, 4 * width, 1) + shortcut)

    y = graphc.max_pool(graphc.relu(conv(x, 64, 7, 2)), 3, 2, "same")
    for stage, (width, count) in enumerate(stages):
        for block in range(count):
            y = bottleneck(y, width, 2 if stage and not block else 1)
    logits = graphc.mean(y, axis=(1, 2)) @ weight(y.shape[-1], classes) + weight(classes)
    loss = graphc.mean(graphc.sparse_categorical_crossentropy(labels, logits, from_logits=True))
    return Graph((x, labels), (loss,), (*momentum(loss, weights), *moving.items()))


def perceptron(sizes) -> Graph:
    x = graphc.placeholder((None, sizes[0]), name="x")
    labels = graphc.placeholder((None,), "int64", name="labels")
    weights, y = [], x
    for a, b in zip(sizes, sizes[1:], strict=False):
        weights += [graphc.Variable(np.zeros((a, b), "float32")), graphc.Variable(np.zeros(b, "float32"))]
        y = (graphc.relu(y) if y is not x else y) @ weights[-2] + weights[-1]
    loss = graphc.mean(graphc.sparse_categorical_crossentropy(labels, y, from_logits=True))
    return Graph((x, labels), (loss,), tuple(momentum(loss, weights)))


def momentum(loss, weights, rate: float = 0.1):
    for w, g in zip(weights, graphc.grad(loss, weights), strict=True):
        velocity = graphc.Variable(np.zeros(w.shape, "float32"), trainable=False)
        new = 0.9 * velocity - rate * g
        yield velocity, new
        yield w, w + new


def seconds(make, *args, repeat: int = 3) -> float:
    """Prints a line for one graph; the time of all its passes, the best of a few runs over new graphs."""
    taken = []
    for _ in range(repeat):
        graph = make(*args)
        gc.collect()
        start = time.process_time()
        after = run(graph, Options(record=True))
        taken.append(time.process_time() - start)
    nodes = " -> ".join(str(n) for n in dict.fromkeys(len(g.order) for _, g in after.notes["passes"]))
    print(f"{make.__name__}{args}: first {taken[0] * 1e3:.1f} ms, best {min(taken) * 1e3:.1f} ms; nodes {nodes}")
    return min(taken)


def separately(graph: Graph) -> None:
    for name, transform in PASSES:
        start = time.process_time()
        graph = transform(graph)
        print(f"    {name:<14}{(time.process_time() - start) * 1e3:8.1f} ms{len(graph.order):8} nodes")


def main() -> None:
    seconds(perceptron, MLP)
    once, twice = seconds(resnet, RESNET50), seconds(resnet, RESNET100)
    print(f"double depth: {twice / once:.2f} times (bar: 2.3); ResNet-50: {once:.3f} s (bar: 3)")
    separately(resnet(RESNET50))
    if "--profile" in sys.argv:
        graph, profile = resnet(RESNET50), cProfile.Profile()
        profile.runcall(run, graph, Options())
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    main()
