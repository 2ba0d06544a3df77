"""What fit is given, as batches."""
from __future__ import annotations

import numpy as np
import pytest

from graphc.ir.errors import ArgumentError
from graphc.nn.data import (
    ArrayBatches,
    Feed,
    IndexedBatches,
    IteratedBatches,
    PyDataset,
    batches_of,
    packed,
    split,
    unpacked,
    weights_of_classes,
)

X, Y = np.arange(20).reshape(10, 2), np.arange(10)


def epoch(batches, seed=0):
    """The batches of one epoch, copied: buffers are used again."""
    return [tuple(None if a is None else np.copy(a) for a in unpacked(batch))
            for batch in batches.epoch(np.random.default_rng(seed))]


def test_batches_come_in_order_and_the_last_may_be_short():
    found = epoch(ArrayBatches(X, Y, batch_size=4))
    assert [len(x) for x, _, _ in found] == [4, 4, 2] == [len(y) for _, y, _ in found]
    np.testing.assert_array_equal(np.concatenate([x for x, _, _ in found]), X)


@pytest.mark.parametrize("size", [1, 4, 5, 10, 64])
def test_shuffled_batches_hold_every_sample_once_with_its_target(size):
    batches = ArrayBatches(X, Y, Y / 2, batch_size=size, shuffle=True)
    found = epoch(batches)
    assert len(found) == len(batches)
    x, y, w = (np.concatenate(parts) for parts in zip(*found, strict=True))
    assert sorted(y) == list(Y) and (x[:, 0] == 2 * y).all() and (w == y / 2).all()
    assert list(np.concatenate([y for _, y, _ in epoch(batches, 1)])) != list(y)
    assert list(np.concatenate([y for _, y, _ in epoch(batches, 0)])) == list(y)


def test_shuffling_batches_keeps_neighbours_together():
    found = epoch(ArrayBatches(X, Y, batch_size=3, shuffle="batch"))
    assert sorted(y[0] for _, y, _ in found[:3]) == [0, 3, 6] and all((np.diff(y) == 1).all() for _, y, _ in found)
    assert list(found[-1][1]) == [9]


def test_full_shuffled_batches_are_one_object():
    ids = {id(batch) for batch in ArrayBatches(X, Y, batch_size=5, shuffle=True).epoch(np.random.default_rng(0))}
    assert len(ids) == 1


def test_dicts_lists_and_numbers_are_data():
    batches = ArrayBatches({"b": X, "a": [Y, Y]}, [[0.5]] * 10, batch_size=8)
    (x, y, _) = unpacked(next(batches.epoch(None)))
    assert x["b"].shape == (8, 2) and len(x["a"]) == 2 and y.shape == (8, 1) and y.dtype == np.float32
    assert batches_of([1.0, 2.0, 3.0]).samples == 3


def test_what_is_iterated_over_is_read_batch_by_batch():
    def generator():
        yield from ((X[k:k + 5].astype("float64"), list(range(k, k + 5))) for k in (0, 5))

    batches = batches_of(generator())
    assert isinstance(batches, IteratedBatches)
    (x, y, w), _ = epoch(batches)
    assert x.dtype == np.float32 and y.shape == (5,) and w is None
    with pytest.raises(TypeError):
        len(batches)
    assert Feed(batches).steps is None


class Pieces(PyDataset):
    """Batches by number."""

    def __init__(self):
        super().__init__(workers=4)
        self.ended = 0

    def __len__(self):
        return 5

    def __getitem__(self, k):
        return X[2 * k:2 * k + 2], Y[2 * k:2 * k + 2]

    def on_epoch_end(self):
        self.ended += 1


def test_batches_by_number_are_shuffled_as_a_whole():
    pieces = Pieces()
    batches = batches_of(pieces, shuffle=True)
    assert isinstance(batches, IndexedBatches) and len(batches) == 5
    firsts = [y[0] for _, y, _ in epoch(Feed(batches))]
    assert sorted(firsts) == [0, 2, 4, 6, 8] != firsts and pieces.ended == 1


def test_an_epoch_of_some_steps_ends_for_batches_by_number_too():
    pieces = Pieces()
    feed = Feed(batches_of(pieces), 2)
    assert [[y[0] for _, y, _ in epoch(feed)] for _ in range(2)] == [[0, 2], [4, 6]] and pieces.ended == 2


def test_a_size_beside_whole_batches_changes_nothing():
    with pytest.warns(UserWarning, match="batch_size changes nothing: a list_iterator gives whole batches"):
        batches = batches_of(iter([X]), batch_size=2)
    assert [len(x) for x, _, _ in epoch(batches)] == [10]


def test_epochs_of_some_steps_go_on_where_the_last_one_ended():
    feed = Feed(ArrayBatches(X, Y, batch_size=2), 3)
    with pytest.warns(UserWarning, match="2 of 3 steps"):
        found = [[y[0] for _, y, _ in epoch(feed)] for _ in range(3)]
    assert found == [[0, 2, 4], [6, 8], [0, 2, 4]]
    endless = Feed(batches_of(X[k % 10:k % 10 + 1] for k in iter(int, 1)), 4)
    assert [len(epoch(endless)) for _ in range(3)] == [4, 4, 4]


def test_the_last_samples_validate():
    (x, y, w), (held_x, held_y, _) = split((X, Y, None), 0.25)
    assert len(x) == len(y) == 7 and w is None and list(held_y) == [7, 8, 9] and held_x.shape == (3, 2)


@pytest.mark.parametrize("labels", [[0, 1, 2, 1], [[0], [1], [2], [1]], np.eye(3)[[0, 1, 2, 1]]])
def test_classes_have_weights(labels):
    np.testing.assert_array_equal(np.ravel(weights_of_classes(np.asarray(labels), {0: 3, 1: 0.5})), [3, 0.5, 1, 0.5])


def test_a_batch_has_one_to_three_parts():
    assert unpacked(X)[1:] == (None, None) and unpacked((X, Y))[2] is None
    assert packed(X) is X and packed([X, X]) == ([X, X],) and len(packed(X, Y)) == 2 and len(packed(X, Y, Y)) == 3
    with pytest.raises(ArgumentError, match="not 4 parts"):
        unpacked((X,) * 4)


@pytest.mark.parametrize("make, message", [
    (lambda: ArrayBatches(X, Y[:3]), r"numbers of samples differ \(x: 10; y: 3\)"),
    (lambda: ArrayBatches([X, X[:4]], Y), "x: 10, 4; y: 10"),
    (lambda: ArrayBatches(X[:0], Y[:0]), "data set is empty"),
    (lambda: ArrayBatches([]), "data set is empty"),
    (lambda: ArrayBatches(X, batch_size=2.5), "batch_size is a whole number of at least 1, not 2.5"),
    (lambda: ArrayBatches(X, batch_size=-1), "batch_size"),
    (lambda: ArrayBatches(X, shuffle="all"), "shuffle"),
    (lambda: ArrayBatches(np.array(["a"])), "data are numbers"),
    (lambda: ArrayBatches(np.float32(1)), "axis of samples"),
    (lambda: batches_of(None), "x is None"),
    (lambda: batches_of(iter([X]), Y), "y comes with the batches"),
    (lambda: batches_of(object()), "an iterable of batches, not an object"),
    (lambda: next(batches_of(iter([(X, Y[:2])])).epoch(None)), "numbers of samples differ"),
    (lambda: Feed(ArrayBatches(X), 0), "steps is a whole number"),
    (lambda: split((X, Y, None), 1.5), "between 0 and 1"),
    (lambda: split((X, Y, None), 0.95), "leaves none to train on"),
    (lambda: split((iter([X]), None, None), 0.5), "give validation_data"),
    (lambda: weights_of_classes([Y, Y], {0: 1}), "one output"),
    (lambda: weights_of_classes(Y, {0: 1}, Y), "cannot be given together"),
])
def test_what_is_no_data_is_refused(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()
