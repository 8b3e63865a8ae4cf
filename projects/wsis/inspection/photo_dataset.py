"""The photos and tags of a config."""

from mmengine.config import Config

from ..datasets import TagDataset, find_tag_dataset


def build_photo_dataset(cfg: Config, with_masks: bool = False) -> TagDataset:
    """Build the photos and tags that a config's ``test_dataloader`` names, without what earlier stages made of them.

    Args:
        cfg: The config.
        with_masks: Whether true masks are named too.

    Returns:
        The data set, with photos and tags only.

    Raises:
        FileNotFoundError: If its split or annotations are missing.
        ValueError: If it is no data set of tags, a class name is unknown, or no photo is left.
    """
    settings = dict(cfg.test_dataloader.dataset)
    if (kind := find_tag_dataset(settings)) is None:
        raise ValueError(
            f'the test dataset of {cfg.filename} is a {settings.get("type")}, which has no tags: name a config with a '
            'TagDataset (VOCTagDataset, PhotoTagDataset ...)'
        )
    return kind(with_masks=with_masks, **kind.keep_photo_settings(settings))
