"""What a program is: types, ops, expressions, graphs."""
