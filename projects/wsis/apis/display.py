"""Whether pictures can be shown."""

import os
import sys

INSTEAD = 'give a folder to write them to instead'
WITHOUT_WINDOWS = ('agg', 'cairo', 'pdf', 'pgf', 'ps', 'svg', 'template')


def check_display() -> None:
    """Check that there is a display, and that matplotlib can open windows on it: else it would wait for a key forever.

    Raises:
        ValueError: If pictures cannot be shown; one line.
    """
    if sys.platform.startswith('linux') and not (os.environ.get('DISPLAY') or os.environ.get('WAYLAND_DISPLAY')):
        raise ValueError(f'there is no display to show pictures on: {INSTEAD}')
    from matplotlib import pyplot  # it takes long, and most calls show nothing

    backend = pyplot.get_backend()
    if backend.lower() in WITHOUT_WINDOWS:
        raise ValueError(
            f'pictures cannot be shown: matplotlib uses its backend {backend}, which has no windows (no toolkit such '
            f'as PyQt or Tk is installed, or the display does not answer): {INSTEAD}'
        )
