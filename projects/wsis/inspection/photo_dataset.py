"""The photos and tags of a config."""

from collections.abc import Sequence

from mmengine.config import Config

from ..datasets import TagDataset, find_tag_dataset
from ..engine.dataset_settings import innermost_dataset


def build_photo_dataset(cfg: Config, with_masks: bool = False, keep: Sequence[str] = ()) -> TagDataset:
    """Build the photos and tags that a config's ``test_dataloader`` names, without what earlier stages made of them.

    Args:
        cfg: The config.
        with_masks: Whether true masks are named too.
        keep: Further settings of the data set that count, such as ``filter_cfg``.

    Returns:
        The data set, with photos and tags only.

    Raises:
        FileNotFoundError: If its split or annotations are missing.
        ValueError: If there is none, it is no data set of tags, a class name is unknown, or no photo is left.
    """
    if not cfg.get('test_dataloader'):
        raise ValueError(f'config {cfg.filename} has no data set to test on, or the data set has no val split')
    settings = dict(innermost_dataset(cfg.test_dataloader.dataset))
    if (kind := find_tag_dataset(settings)) is None:
        raise ValueError(
            f'the test dataset of {cfg.filename} is a {settings.get("type")}, which has no tags: name a config with a '
            'TagDataset (VOCTagDataset, PhotoTagDataset ...)'
        )
    kept = {name: settings[name] for name in keep if name in settings}
    return kind(with_masks=with_masks, **kept, **kind.keep_photo_settings(settings))
