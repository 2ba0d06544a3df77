"""The body of a kernel being written: what the rule of an `Index` op may ask for.

A rule is ``rule(body, i, *operand_types, **attrs) -> Value``. `i` holds one `Integer` for each axis of the result: loop
variables, or whatever the consumer computed from them; arithmetic on them (``+ - * // %``, `minimum`, `maximum` of
`graphc.ir.integer`) stays symbolic until it is written out. Dims may be Integers as well and mix freely with indices.

=====================================  ===============================================================================
``body.read(k, i)``                     the element of operand `k` at the indices `i` (one per axis of that operand)
``body.choose(test, then, otherwise)``  ``then()`` where `test` holds, else ``otherwise()``; only the chosen side is read
``body.test("{0} < {1}", a, b)``        a condition over Integers and Values, for `choose` or as a bool Value
``body.scalar("{0} * 2", *xs, dtype)``  a scalar expression (as in `Scalar`) over Values and Integers
``body.integer(value)``                 an integer Value (an element of an index array) as an Integer, for `read`
``body.checked(index, size)``           an index that may be negative or wrong: wrapped, or IndexOutOfBounds at run time
``body.value(integer, dtype)``          an Integer as a Value: how arange and eye are made
``body.constant(number, dtype)``        a number as a Value
=====================================  ===============================================================================
"""
