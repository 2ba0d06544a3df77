"""Callbacks: what runs between the steps of training."""
from ..absent import absent
from .averages import SwapEMAWeights
from .backup import BackupAndRestore
from .callback import Callback, History, LambdaCallback
from .callback_list import CallbackList
from .checkpoint import ModelCheckpoint
from .csv_logger import CSVLogger
from .monitor import MonitorCallback
from .progress import ProgbarLogger
from .rates import LearningRateScheduler, ReduceLROnPlateau
from .stopping import EarlyStopping, TerminateOnNaN
from .tensorboard import TensorBoard

__all__ = ["BackupAndRestore", "CSVLogger", "Callback", "CallbackList", "EarlyStopping", "History", "LambdaCallback",
           "LearningRateScheduler", "ModelCheckpoint", "MonitorCallback", "ProgbarLogger", "ReduceLROnPlateau",
           "SwapEMAWeights", "TensorBoard", "TerminateOnNaN"]

__getattr__ = absent(__name__, {
    "OrbaxCheckpoint": "ModelCheckpoint and BackupAndRestore write files",
    "RemoteMonitor": "a LambdaCallback can send logs anywhere",
}, __all__)
