"""Writing a video with the predictions of a model."""

import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rich.progress import track

from .inferencer import WSISInferencer
from .inputs import FrameFacts, read_frame_facts

CAMERA_RATE = 25.0  # where a camera does not say how many frames a second it gives


def check_video(source: str | int, out: str | Path | None) -> FrameFacts:
    """Check that a video can be read, and that another can be written without harm to it; return its facts.

    Args:
        source: A file, or the number of a camera.
        out: The video to write; None for none.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the video cannot be opened, or ``out`` is no name of a video, or the source itself; one line.
    """
    if out is not None and not str(out).lower().endswith('.mp4'):
        raise ValueError(f'{out} is not the name of a video that can be written: use a name that ends in .mp4')
    facts = read_frame_facts(source)
    # samefile follows links, and sees other names of one file
    if out is not None and not isinstance(source, int) and os.path.exists(out) and os.path.samefile(source, out):
        raise ValueError(f'{out} is the video that is read, which would be overwritten: use another name')
    return facts


def draw_video(inferencer: WSISInferencer, source: str | int, out: str | None, **options: Any) -> int:
    """Draw what a model finds in each frame, and write a video of it; nothing half-written is left.

    Args:
        inferencer: The model.
        source: A file, or the number of a camera (until it stops, or Ctrl-C).
        out: The video to write, ``.mp4``; None for none.
        options: Of :meth:`WSISInferencer.iterate`.

    Returns:
        How many frames there were.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the video cannot be opened or written, or would overwrite the one that is read; one line.
    """
    facts = check_video(source, out)
    frames = inferencer.iterate(source, draw=True, **options)
    writer = None if out is None else VideoFile(Path(out), facts.rate or CAMERA_RATE)
    count = 0
    try:
        for _, _, picture in track(frames, 'Frames', total=facts.count):
            count += 1
            if writer is not None:
                writer.add(picture)
    except KeyboardInterrupt:  # how a camera is stopped; what there is so far is kept
        pass
    except BaseException:
        if writer is not None:
            writer.discard()
        raise
    if writer is not None:
        writer.finish()
    return count


class VideoFile:
    """A video that is written frame by frame under a temporary name.

    Args:
        path: Its file.
        rate: Frames a second.
    """

    def __init__(self, path: Path, rate: float) -> None:
        self.path, self.rate = path, rate
        self.temporary = path.with_name(f'.{os.getpid()}.{path.name}')
        self._writer: cv2.VideoWriter | None = None

    def add(self, picture: np.ndarray) -> None:
        """Append a frame ``(H, W, 3)`` uint8 RGB.

        Raises:
            ValueError: If the file cannot be written.
        """
        if self._writer is None:
            height, width = picture.shape[:2]
            self.path.parent.mkdir(parents=True, exist_ok=True)
            code = cv2.VideoWriter.fourcc(*'mp4v')
            self._writer = cv2.VideoWriter(str(self.temporary), code, self.rate, (width, height))
            if not self._writer.isOpened():
                raise ValueError(f'{self.path} cannot be written: name another folder')
        self._writer.write(np.ascontiguousarray(picture[..., ::-1]))

    def finish(self) -> None:
        """Give the file its name, if there was any frame."""
        if self._writer is not None:
            self._writer.release()
            os.replace(self.temporary, self.path)

    def discard(self) -> None:
        """Remove what was written."""
        if self._writer is not None:
            self._writer.release()
        self.temporary.unlink(missing_ok=True)
