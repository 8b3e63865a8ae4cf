"""Whether pictures can be shown."""

import os
import sys


def check_display() -> None:
    """Check that there is a display.

    Raises:
        ValueError: If there is none to show a window on; one line.
    """
    if sys.platform.startswith('linux') and not (os.environ.get('DISPLAY') or os.environ.get('WAYLAND_DISPLAY')):
        raise ValueError('there is no display to show pictures on: give a folder to write them to instead')
