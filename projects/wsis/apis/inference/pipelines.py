"""The steps of a config's test pipeline that a new image goes through."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from mmengine.config import Config
from mmengine.dataset import Compose

from .inputs import NewImage

# what only images of a data set have: they are read otherwise here, or not needed
DATA_STEPS = ('LoadPhoto', 'LoadImageFromFile', 'LoadEvaluationMasks', 'LoadCAMs', 'LoadPoints')


def read_pipeline(cfg: Config, tta: bool) -> list[dict[str, Any]]:
    """Return the whole test pipeline of a config, with test-time augmentation or without.

    Raises:
        ValueError: If the config has none.
    """
    if tta:
        return list(cfg.tta_pipeline)
    pipeline = cfg.get('test_pipeline')
    if pipeline is None and cfg.get('test_dataloader'):
        pipeline = cfg.test_dataloader.dataset.get('pipeline')
    if not pipeline:
        raise ValueError(f'config {cfg.filename} has no test_pipeline: it cannot be used on new images')
    return list(pipeline)


def reads_cams(cfg: Config) -> bool:
    """Return whether the model of a config makes its labels from the CAMs of another model."""
    return any(_name(step) == 'LoadCAMs' for step in cfg.get('test_pipeline') or ())


def resizes(steps: Sequence[dict[str, Any]]) -> bool:
    """Return whether a pipeline brings images to a size of its own."""
    return any('Resize' in _name(step) and ('scale' in step or 'long_side' in step) for step in steps)


def build_pipeline(steps: Sequence[dict[str, Any]]) -> Compose:
    """Build the steps for images that are loaded already (see :func:`describe_image`)."""
    kept = [deepcopy(dict(step)) for step in steps if _name(step) not in DATA_STEPS]
    return Compose(kept)


def describe_image(image: NewImage, tags: Sequence[int] | None, num_classes: int) -> dict[str, Any]:
    """Return what a pipeline begins with.

    Args:
        image: The image.
        tags: 0-based ids of the classes that are in it; None where that is not known.
        num_classes: Length of the class list.
    """
    size = image.pixels.shape[:2]
    known = {} if tags is None else dict(tags=sorted(tags))
    return dict(
        img=image.pixels,
        img_id=image.name,
        img_path=image.path or image.name,
        img_shape=size,
        ori_shape=size,
        num_classes=num_classes,
        **known,
    )


def _name(step: dict[str, Any]) -> str:
    kind = step['type']
    return kind.rsplit('.', 1)[-1] if isinstance(kind, str) else kind.__name__
