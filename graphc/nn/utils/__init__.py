"""What scripts need beside networks."""
from ..naming import forget_names as clear_session
from ..seeds import set_random_seed
from .numerical import normalize, to_categorical

__all__ = ["clear_session", "normalize", "set_random_seed", "to_categorical"]
