"""What scripts need beside networks."""
from ..data import PyDataset
from ..naming import forget_names as clear_session
from ..seeds import set_random_seed
from .numerical import normalize, to_categorical

Sequence = PyDataset

__all__ = ["PyDataset", "Sequence", "clear_session", "normalize", "set_random_seed", "to_categorical"]
