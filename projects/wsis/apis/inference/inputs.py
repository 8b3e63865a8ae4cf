"""The inputs of an inferencer as a stream of images: files, folders, arrays, URLs, videos and cameras."""

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from cv2 import VideoCapture
from mmengine.fileio import get as read_bytes
from mmengine.logging import print_log

from ...datasets.photos import list_photo_tree, name_stems
from ...structures import PhotoError, decode_photo
from ...structures.photo_file import decode_photo_bytes, probe_photo

VIDEO_ENDINGS = ('.mp4', '.avi', '.mov', '.mkv', '.webm', '.m4v')

#: A path, a folder, a URL, a video, the number of a camera, or an image ``(H, W, 3)`` uint8 BGR; or a list of them.
InputType = str | Path | int | np.ndarray
InputsType = InputType | Sequence[InputType]


@dataclass(frozen=True)
class NewImage:
    """An image to run a model on.

    Attributes:
        name: What its outputs are named by: the path below a folder, else the file name, without ending; of frames
            their number too.
        pixels: ``(H, W, 3)`` uint8 BGR, upright.
        path: Where it was read; None for arrays and frames.
        file_name: The path below a folder, else the file name, with ending; of arrays and frames the name.
    """

    name: str
    pixels: np.ndarray
    path: str | None = None
    file_name: str = ''


def check_inputs(inputs: InputsType) -> None:
    """Check that files, folders and videos are there, before a model is loaded or run.

    Of a list of several files some may be missing: :func:`iterate_images` leaves these out. URLs, cameras and arrays
    are not looked at.

    Raises:
        FileNotFoundError: If a folder holds no image, a video does not exist, or all files of a list are missing.
        PhotoError: If a single file is missing; one line.
    """
    several = inputs if isinstance(inputs, (list, tuple)) else [inputs]
    missing = [given for given in several if _is_missing(given)]
    if not missing or len(missing) < len(several):
        return
    if len(missing) == 1:
        probe_photo(missing[0])  # it says in which way
    raise FileNotFoundError(f'none of {len(missing)} images is there (first: {missing[0]}): check their paths')


def _is_missing(given: InputType) -> bool:
    """Return whether an input is the name of a file that is not there; raise FileNotFoundError for other inputs."""
    if isinstance(given, (int, np.ndarray)):
        return False
    if is_video(given):
        _check_video_exists(given)
        return False
    if os.path.isdir(given):
        _list_photos(str(given))
        return False
    return '://' not in str(given) and not os.path.isfile(given)


def iterate_images(inputs: InputsType) -> Iterator[NewImage]:
    """Yield the images of inputs, one at a time; names that would be equal get a number.

    In a folder or list of several files those that cannot be read are left out, with a warning each.

    Raises:
        FileNotFoundError: If a path does not exist, or a folder holds no image.
        PhotoError: If a single file is no image that can be read; one line.
        ValueError: If a camera or video cannot be opened, or an array is no image; one line.
    """
    several = isinstance(inputs, (list, tuple))
    used: dict[str, int] = {}
    for index, given in enumerate(inputs if several else [inputs]):
        for image in _iterate_one(given, index, several):
            count = used[image.name] = used.get(image.name, 0) + 1
            yield image if count == 1 else replace(image, name=f'{image.name}_{count}')


def count_images(inputs: InputsType) -> int | None:
    """Return how many images there are, for a progress bar; None where that is not known before."""
    if isinstance(inputs, (list, tuple)):
        counts = [count_images(given) for given in inputs]
        return None if None in counts else sum(counts)
    if isinstance(inputs, np.ndarray):
        return 1
    if isinstance(inputs, int) or is_video(inputs):
        return None
    return len(list_photo_tree(str(inputs))) if os.path.isdir(inputs) else 1


def is_video(given: object) -> bool:
    """Return whether an input is the name of a video."""
    return isinstance(given, (str, Path)) and str(given).lower().endswith(VIDEO_ENDINGS)


def _iterate_one(given: InputType, index: int, several: bool) -> Iterator[NewImage]:
    if isinstance(given, np.ndarray):
        yield NewImage(f'{index:08d}', _check_array(given), None, f'{index:08d}')
    elif isinstance(given, int) or is_video(given):
        yield from iterate_frames(given)
    elif os.path.isdir(given):
        yield from _iterate_folder(str(given))
    elif '://' in str(given):
        name = str(given).split('?')[0].rstrip('/').rsplit('/', 1)[-1]
        yield NewImage(Path(name).stem, decode_photo_bytes(_download(str(given)), str(given)), str(given), name)
    else:
        yield from _read_files({str(given): (Path(given).stem, Path(given).name)}, skip=several)


def _iterate_folder(folder: str) -> Iterator[NewImage]:
    photos = _list_photos(folder)
    stems = name_stems(photos)
    yield from _read_files({os.path.join(folder, photo): (stems[photo], photo) for photo in photos}, skip=True)


def _list_photos(folder: str) -> list[str]:
    photos = list_photo_tree(folder)
    if not photos:
        raise FileNotFoundError(f'folder {folder} holds no image: name one that does, or a file')
    return photos


def _read_files(names: dict[str, tuple[str, str]], skip: bool) -> Iterator[NewImage]:
    for path, (name, file_name) in names.items():
        try:
            pixels = decode_photo(path)
        except PhotoError as error:
            if not skip:
                raise
            print_log(f'{error} (left out)', 'current', logging.WARNING)
            continue
        yield NewImage(name, pixels, path, file_name)


def _download(url: str) -> bytes:
    try:
        return read_bytes(url)
    except Exception as error:  # each of mmengine's backends has errors of its own
        reason = ' '.join(str(error).split()) or type(error).__name__
        raise ValueError(f'{url} cannot be fetched ({reason}): check it, or download the file and name that') from None


def _check_array(array: np.ndarray) -> np.ndarray:
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or 0 in array.shape:
        raise ValueError(
            f'an image is an array (height, width, 3) uint8 in the order blue, green, red, not {array.shape} '
            f'{array.dtype}'
        )
    return array


@dataclass(frozen=True)
class FrameFacts:
    """What a video file states about itself, which may be wrong.

    Attributes:
        count: Number of frames; None of a camera, or where it is not said.
        rate: Frames a second; 0 where it is not said.
    """

    count: int | None
    rate: float


def read_frame_facts(source: str | Path | int) -> FrameFacts:
    """Return what a video file or camera says of itself.

    Raises:
        FileNotFoundError, ValueError: As :func:`iterate_frames`.
    """
    with _opened_video(source) as capture:
        count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        return FrameFacts(count if count > 0 else None, float(capture.get(cv2.CAP_PROP_FPS)))


def iterate_frames(source: str | Path | int) -> Iterator[NewImage]:
    """Yield the frames of a video file, or of a camera until it stops, named ``VIDEO_000000`` and so on.

    Args:
        source: A file, or the number of a camera.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it cannot be opened.
    """
    stem, number = f'camera{source}' if isinstance(source, int) else Path(source).stem, 0
    with _opened_video(source) as capture:
        while (read := capture.read())[0]:
            name = f'{stem}_{number:06d}'
            yield NewImage(name, read[1], None, name)
            number += 1
        stated = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    if number < stated:
        print_log(f'video {source} ends after {number} of {stated} frames', 'current', logging.WARNING)


def _check_video_exists(source: str | Path) -> None:
    if not os.path.isfile(source):
        raise FileNotFoundError(f'video {source} does not exist')


@contextmanager
def _opened_video(source: str | Path | int) -> Iterator[VideoCapture]:
    camera = isinstance(source, int)
    if not camera:
        _check_video_exists(source)
    capture = VideoCapture(source if camera else str(source))
    try:
        if not capture.isOpened():
            what = f'camera {source}' if camera else f'video {source}'
            raise ValueError(
                f'{what} cannot be opened: it does not exist, is in use, or has a format that OpenCV cannot read'
            )
        yield capture
    finally:
        capture.release()
