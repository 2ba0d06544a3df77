"""The ops: every row, and the public functions over them."""
from . import leaves, random
from .elementwise import *
from .activation import *
from .reduce import *
from .custom import custom_gradient
from .shape import *
from .creation import *
from .rearrange import *
from .cumulative import *
from .index import *
from .sorting import *
from .extend import *
from .linalg import *
from .einsum import *
from .pool import *
from .resize import *
from .conv import *
from .softmax import *
from .loss import *
from .normalization import *
from .random import dropout
