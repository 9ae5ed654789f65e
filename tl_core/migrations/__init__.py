"""How databases of earlier versions become those of this one (Alembic). Each step is a file in `versions/`.

A new step: change the tables, write `versions/000N_what.py`, add its name to `RELEASES`.
"""

from pathlib import Path
from typing import Any

RELEASES = (
    "0001",
    "0002",
    "0003",
)  # all versions of the tables, oldest first; 0001 is from before there were migrations
HEAD = RELEASES[-1]


def make_config() -> Any:
    """An `alembic.config.Config` for these migrations; its attribute `connection` must be set."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
