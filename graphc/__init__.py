"""graphc: a static-graph compiler for training neural networks."""
from .ir import operators as _operators
from .ir.leaves import Variable, constant, placeholder
from .ops import *
from .autodiff import grad, hessian, jacobian, jvp, vjp
from .compiler import Function, compile
from .interpreter import interpret
from .viz import draw
