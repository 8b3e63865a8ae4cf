"""Tiny photos for tests of this folder."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image


def make_photos(folder: Path, names: Sequence[str]) -> None:
    """Save a tiny photo under each name."""
    for index, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((8, 10, 3), 20 * index, np.uint8)).save(path)
