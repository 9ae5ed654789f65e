"""Where things lie on this machine. Everything that is written goes below one folder, so that deleting it deletes it all."""

import functools
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ASSETS = ROOT / "assets"


def home() -> Path:
    """`TL_HOME`, or `var/` in the project's folder: runs, uploads, decoded pictures, downloaded weights and data sets."""
    return _resolve(os.environ.get("TL_HOME") or str(ROOT / "var"))


def _resolve(path: str) -> Path:
    return _resolved(path, "" if os.path.isabs(path) else os.getcwd())


@functools.lru_cache(maxsize=8)
def _resolved(path: str, _from: str) -> Path:
    """Pages ask hundreds of times, and the file system takes longer than all the rest of it."""
    return Path(path).resolve()


def data_dir() -> Path:
    """`TL_DATA_DIR`, or `data/` below `home()`: folders and archives of pictures that a teacher put there."""
    return Path(os.environ.get("TL_DATA_DIR") or home() / "data").resolve()


def weights_dir() -> Path:
    """`TL_WEIGHTS_DIR`, or `weights/` below `home()`: downloaded weights of torchvision's networks."""
    return _resolve(os.environ.get("TL_WEIGHTS_DIR") or str(home() / "weights"))


def datasets_dir() -> Path:
    """`TL_DATASETS_DIR`, or `datasets/` below `home()`: data sets that were downloaded, each in a folder of its name."""
    return Path(os.environ.get("TL_DATASETS_DIR") or home() / "datasets").resolve()


def uploads_dir() -> Path:
    return home() / "uploads"


def cache_dir() -> Path:
    return home() / "cache"


def runs_dir() -> Path:
    return home() / "runs"


def run_weights(run_id: str) -> Path:
    """Where the weights of a run are, or will be; they may not be kept any more."""
    return runs_dir() / f"{run_id}.safetensors"


def store_url() -> str:
    """`TL_STORE_URL` in SQLAlchemy's form, or an SQLite file below `home()`."""
    return os.environ.get("TL_STORE_URL") or f"sqlite:///{home() / 'store.sqlite'}"
