"""Einstein's summation: subscripts to transposes, matrix products and sums, in the order that opt_einsum finds."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opt_einsum import contract_path
from opt_einsum.parser import parse_einsum_input

from ..ir.errors import ShapeError
from ..ir.expr import Expr
from ..ir.integer import Size, product
from ..ir.registry import public
from ..ir.types import compute_dtype, show_dims
from .elementwise import multiply
from .linalg import as_common, stacked_product, total
from .rearrange import diagonal
from .shape import broadcast_to, permute_dims, reshape

_TYPICAL = 64
"""What a size that is known only at call time counts for in the cost of an order."""


@dataclass(frozen=True)
class _Term:
    """An array, and the letter of each of its axes."""

    x: Expr
    letters: str

    def size(self, letter: str) -> Size:
        return self.x.dims[self.letters.index(letter)]

    def over(self, letters: str) -> Expr:
        """The array with its axes in this order."""
        return permute_dims(self.x, tuple(self.letters.index(c) for c in letters))

    def without(self, letters: str) -> _Term:
        """Summed over these axes."""
        axes = tuple(k for k, c in enumerate(self.letters) if c in letters)
        return _Term(total(self.x, axes), "".join(c for c in self.letters if c not in letters))


@public
def einsum(subscripts, *operands, optimize="auto") -> Expr:
    """Einstein's summation, as NumPy's: ``einsum("bij,bjk->bik", a, b)``.

    Ellipses, repeated letters (diagonals), implicit output and the form ``einsum(a, [0, 1], b, [1, 2])`` mean what they
    mean there. `optimize` is a path or a strategy of opt_einsum, which finds the order of the pairwise products."""
    given = operands if isinstance(subscripts, str) else (subscripts, *operands)
    arrays = given if isinstance(subscripts, str) else given[:len(given) // 2 * 2:2]
    arrays = iter(as_common("einsum", *arrays))
    parsed = (subscripts, *arrays) if isinstance(subscripts, str) else tuple(
        next(arrays) if k % 2 == 0 and k < len(given) // 2 * 2 else x for k, x in enumerate(given))
    try:
        inputs, output, arrays = parse_einsum_input(parsed)
    except (ValueError, TypeError) as error:
        raise ShapeError(f"einsum {subscripts!r}: {error}") from error
    sizes = _sizes(subscripts, inputs.split(","), arrays)
    terms = [_stretched(_diagonal(_Term(x, letters)), sizes)
             for x, letters in zip(arrays, inputs.split(","), strict=True)]
    shapes = [[size if isinstance(size := sizes[c], int) else _TYPICAL for c in t.letters] for t in terms]
    equation = ",".join(t.letters for t in terms) + "->" + output
    path, _ = contract_path(equation, *shapes, shapes=True, optimize=optimize)
    return _contracted(terms, path, output)


def _contracted(terms: list[_Term], path: Sequence[tuple[int, ...]], output: str) -> Expr:
    for places in path:
        chosen = [terms.pop(k) for k in sorted(places, reverse=True)][::-1]
        wanted = set(output).union(*(t.letters for t in terms))
        while len(chosen) > 1:
            later = wanted.union(*(t.letters for t in chosen[2:]))
            chosen[:2] = [_pair(chosen[0], chosen[1], later)]
        terms.append(chosen[0].without("".join(set(chosen[0].letters) - wanted)))
    return terms[0].over(output)


def _sizes(subscripts, inputs: list[str], arrays: Sequence[Expr]) -> dict[str, Size]:
    """The size of every letter; an axis of size 1 stretches."""
    sizes: dict[str, Size] = {}
    for letters, x in zip(inputs, arrays, strict=True):
        if len(letters) != x.ndim:
            raise ShapeError(f"einsum {subscripts!r}: {len(letters)} subscripts for an operand of type {x.type}")
        for letter, size in zip(letters, x.dims, strict=True):
            known = sizes.get(letter, 1)
            if isinstance(size, int) and isinstance(known, int) and 1 not in (size, known) and size != known:
                raise ShapeError(f"einsum {subscripts!r}: {letter!r} is {known} and {size}; shapes "
                                 f"{', '.join(show_dims(a.dims) for a in arrays)}")
            sizes[letter] = size if known == 1 or size != 1 and isinstance(size, int) else known
    return sizes


def _diagonal(term: _Term) -> _Term:
    """Axes of one letter become their diagonal."""
    for letter in term.letters:
        while term.letters.count(letter) > 1:
            first, second = [k for k, c in enumerate(term.letters) if c == letter][:2]
            rest = "".join(c for k, c in enumerate(term.letters) if k not in (first, second))
            term = _Term(diagonal(term.x, axis1=first, axis2=second), rest + letter)
    return term


def _stretched(term: _Term, sizes: dict[str, Size]) -> _Term:
    dims = tuple(sizes[c] if d == 1 else d for c, d in zip(term.letters, term.x.dims, strict=True))
    return _Term(broadcast_to(term.x, dims), term.letters)


def _pair(a: _Term, b: _Term, later: set[str]) -> _Term:
    """The product of two terms, summed over the letters that nothing later needs."""
    a = a.without("".join(set(a.letters) - set(b.letters) - later))
    b = b.without("".join(set(b.letters) - set(a.letters) - later))
    shared = [c for c in a.letters if c in b.letters]
    batch = "".join(c for c in shared if c in later)
    summed = "".join(c for c in shared if c not in later)
    rows = "".join(c for c in a.letters if c not in b.letters)
    columns = "".join(c for c in b.letters if c not in a.letters)
    if not summed or not (rows or columns):
        return _multiplied(a, b, batch, rows, columns, summed)
    x = _grouped(a.over(batch + rows + summed), len(batch), len(rows))
    y = _grouped(b.over(batch + summed + columns), len(batch), len(summed))
    z = stacked_product(x, y)
    dims = (*z.dims[:-2], *(a.size(c) for c in rows), *(b.size(c) for c in columns))
    return _Term(reshape(z, dims), batch + rows + columns)


def _grouped(x: Expr, batch: int, rows: int) -> Expr:
    """A stack of matrices: the axes after the batch in two groups, each as one axis."""
    split = batch + rows
    return reshape(x, (*x.dims[:batch], product(x.dims[batch:split]), product(x.dims[split:])))


def _multiplied(a: _Term, b: _Term, batch: str, rows: str, columns: str, summed: str) -> _Term:
    """Element by element, over all letters of both."""
    letters = batch + rows + columns + summed
    kind = compute_dtype(a.x.dtype)
    x, y = (_aligned(t, letters).astype(kind) for t in (a, b))
    return _Term(total(multiply(x, y), tuple(range(len(letters) - len(summed), len(letters)))).astype(a.x.dtype),
                 batch + rows + columns)


def _aligned(term: _Term, letters: str) -> Expr:
    """The array with its axes in the order of `letters`, of size 1 where it lacks one."""
    x = iter((ordered := term.over("".join(c for c in letters if c in term.letters))).dims)
    return reshape(ordered, tuple(next(x) if c in term.letters else 1 for c in letters))


__all__ = ["einsum"]
