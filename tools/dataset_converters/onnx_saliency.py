"""Saliency maps of a network in ONNX form, such as U2-Net or IS-Net, by ONNX Runtime or by OpenCV.

The workers of make_saliency.py import this module, so it imports nothing heavy.
"""

import hashlib
import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from onnx_ports import Port, read_ports

# Of U2-Net (xuebinqin/U-2-Net, data_loader.py): side of the photo, and mean and standard deviation of ImageNet (RGB).
SIZE = 320
# IS-Net, the largest in use, takes 1024. At 4096 one layer of U2-Net (64 channels, float32) alone takes 4 GiB.
LARGEST_SIDE = 4096
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# Types of TensorProto.DataType that photos can be handed over in; 0 is not told.
PHOTO_TYPES = {0: np.float32, 1: np.float32, 10: np.float16}


@dataclass(frozen=True)
class OnnxSaliency:
    """A saliency model: photo in, map out. Workers get a copy, and open the file once each.

    Args:
        path: The ONNX file.
        sha256: Hash of the file, by which another model of the same name is told apart.
        size: Height and width that photos are resized to.
        mean: Mean of the channels (red, green, blue) of photos in [0, 1].
        std: Standard deviation of these channels.
        output: Name of the output that is the map.
        element_type: Type that the model takes photos in, a key of ``PHOTO_TYPES``.
    """

    path: Path
    sha256: str
    size: tuple[int, int]
    mean: Sequence[float]
    std: Sequence[float]
    output: str
    element_type: int = 1

    @property
    def name(self) -> str:
        """What the maps are made by, for messages."""
        return self.path.name

    @property
    def lineage(self) -> dict[str, Any]:
        """What decides how the maps look, for the manifest beside them."""
        settings = dict(size=list(self.size), mean=list(self.mean), std=list(self.std), output=self.output)
        return dict(model=self.name, sha256=self.sha256, **settings)

    def __call__(self, photo: np.ndarray) -> np.ndarray:
        """Return the saliency map of a photo (H, W, 3) uint8, BGR, as (H, W) uint8; 255 is salient.

        Raises:
            ValueError: If the model cannot be run, or gives no map.
        """
        saliency = self._run(prepare_photo(photo, self.size, self.mean, self.std))
        if not (saliency.ndim in (3, 4) and set(saliency.shape[:-2]) == {1} and min(saliency.shape[-2:]) > 1):
            shape = 'x'.join(map(str, saliency.shape))
            others = ', '.join(port.name for port in read_ports(self.path)[1])
            raise ValueError(
                f'output {self.output} of {self.name} is {shape}; a saliency map is 1x1xHxW: name the right output by '
                f'--output (there are: {others})'
            )
        return finish_map(saliency.reshape(saliency.shape[-2:]), photo.shape[:2])

    def check(self) -> None:
        """Run the model once on noise, before anything is written.

        Raises:
            ValueError: If it cannot be run, or gives no map.
        """
        self(np.random.default_rng(0).integers(0, 256, (*self.size, 3), np.uint8))

    def _run(self, photo: np.ndarray) -> np.ndarray:
        try:
            saliency = _open_model(self)(photo.astype(PHOTO_TYPES[self.element_type]))
        except Exception as error:  # both engines raise errors of many kinds, of several lines
            engine, advice = 'ONNX Runtime', 'export it again'
            if not has_onnx_runtime():
                engine, advice = 'OpenCV', 'pip install onnxruntime, which runs more models'
            reason = ' '.join(str(error).split())[-160:]
            size = 'x'.join(map(str, self.size))
            raise ValueError(f'{engine} cannot run {self.name} on {size} pixels ({reason}): {advice}') from None
        if not np.isfinite(saliency).all():
            raise ValueError(f'{self.name} gives values that are no numbers: check --mean and --std')
        return saliency


def load_saliency_model(
    path: Path, size: int | None = None, mean: Sequence[float] = MEAN, std: Sequence[float] = STD, output: str = '0'
) -> OnnxSaliency:
    """Check an ONNX file and the settings for it.

    Args:
        path: The file.
        size: Side of the square that photos are resized to; None for what the model takes, ``SIZE`` where it takes any.
        mean: Mean of the channels (red, green, blue).
        std: Standard deviation of these channels.
        output: Name or number (from 0) of the output that is the map.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no ONNX file, or no model that takes one photo of this size.
    """
    inputs, outputs = read_ports(path)
    if len(inputs) != 1:
        found = ', '.join(map(str, inputs)) or 'none'
        raise ValueError(f'{path} has {len(inputs)} inputs ({found}); a saliency model has one, the photo')
    size = _choose_size(path, inputs[0], size)
    if inputs[0].element_type not in PHOTO_TYPES:
        raise ValueError(f'{path} takes no photos of floating point numbers: export it with a float32 input')
    names = [port.name for port in outputs]
    if output not in names:
        if not output.isdecimal() or int(output) >= len(names):
            raise ValueError(f'{path} has no output {output}: --output is one of {", ".join(names)}, or its number')
        output = names[int(output)]
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return OnnxSaliency(path, sha256, size, tuple(mean), tuple(std), output, inputs[0].element_type)


def _choose_size(path: Path, port: Port, size: int | None) -> tuple[int, int]:
    """Return height and width of the photos that a model takes.

    Raises:
        ValueError: If it takes no RGB photos, others than of the wanted size, or larger ones than make sense.
    """
    batch, channels, height, width = port.shape if port.shape and len(port.shape) == 4 else (None,) * 4
    if (port.shape and len(port.shape) != 4) or batch not in (None, 1) or channels not in (None, 3):
        raise ValueError(f'input {port} of {path} is no RGB photo: a saliency model takes 1x3xHxW')
    if size and {height, width} - {None, size}:
        raise ValueError(f'input {port} of {path} has a fixed size, which is not {size}: leave --size out')
    chosen = (height or size or width or SIZE, width or size or height or SIZE)
    if max(chosen) > LARGEST_SIDE:
        advice = f'give a smaller --size ({SIZE} is that of U2-Net)' if size else 'export it with a smaller input'
        pixels = 'x'.join(map(str, chosen))
        raise ValueError(
            f'{path} would look at photos of {pixels} pixels, which needs more memory than there is: at most '
            f'{LARGEST_SIDE} a side are taken; {advice}'
        )
    return chosen


def prepare_photo(photo: np.ndarray, size: Sequence[int], mean: Sequence[float], std: Sequence[float]) -> np.ndarray:
    """Return a photo as U2-Net takes it: resized without regard to its shape, over its maximum, normalised.

    Args:
        photo: (H, W, 3) uint8, BGR.
        size: Height and width of the result.
        mean: Mean of the channels (red, green, blue) of photos in [0, 1].
        std: Standard deviation of these channels.

    Returns:
        (1, 3, height, width) float32, RGB.
    """
    resized = cv2.resize(photo, tuple(size)[::-1], interpolation=cv2.INTER_AREA)[..., ::-1].astype(np.float32)
    resized /= max(float(resized.max()), 1e-6)
    normalised = (resized - np.float32(mean)) / np.float32(std)
    return np.ascontiguousarray(normalised.transpose(2, 0, 1)[None])


def finish_map(saliency: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return a map (h, w) of a network scaled from its minimum to its maximum, as (H, W) uint8; a flat map is all 0."""
    saliency = saliency.astype(np.float32)
    least, most = float(saliency.min()), float(saliency.max())
    scaled = (saliency - least) / max(most - least, 1e-6)
    return (255 * cv2.resize(scaled, size[::-1], interpolation=cv2.INTER_LINEAR)).round().astype(np.uint8)


def has_onnx_runtime() -> bool:
    """Return whether ONNX Runtime is installed; it is faster than OpenCV (configs/eps/README.md)."""
    return importlib.util.find_spec('onnxruntime') is not None


@cache
def _open_model(model: OnnxSaliency) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function of a photo; it uses one thread, as there are several processes."""
    return _open_in_onnx_runtime(model) if has_onnx_runtime() else _open_in_opencv(model)


def _open_in_onnx_runtime(model: OnnxSaliency) -> Callable[[np.ndarray], np.ndarray]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what goes wrong is told by an exception too
    session = onnxruntime.InferenceSession(str(model.path), options, providers=['CPUExecutionProvider'])
    name = session.get_inputs()[0].name
    return lambda photo: session.run([model.output], {name: photo})[0]


def _open_in_opencv(model: OnnxSaliency) -> Callable[[np.ndarray], np.ndarray]:
    # silent: what goes wrong is told by an exception too; OpenCV 5 has moved the function
    (cv2.setLogLevel if hasattr(cv2, 'setLogLevel') else cv2.utils.logging.setLogLevel)(0)
    network = cv2.dnn.readNetFromONNX(str(model.path))

    def run(photo: np.ndarray) -> np.ndarray:
        network.setInput(photo.astype(np.float32))
        return network.forward(model.output)

    return run
