"""Keras has pretrained models here; graphc has none, and says so where one is asked for."""
from .absent import Absent


def __getattr__(name: str) -> Absent:
    if name.startswith("_"):
        raise AttributeError(name)
    return Absent(f"{__name__}.{name}", "graphc has no pretrained models; a network of layers can take their weights by "
                                        "set_weights, as arrays that Keras' get_weights gives")
