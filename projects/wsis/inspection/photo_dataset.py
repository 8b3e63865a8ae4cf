"""The photos and tags that a config speaks of."""

from mmengine.config import Config

from ..datasets import VOCTagDataset
from ..datasets.voc import DEFAULT_FOLDERS


def build_photo_dataset(cfg: Config, with_masks: bool = False) -> VOCTagDataset:
    """Build the photos and tags that a config's ``test_dataloader`` names, without what earlier stages made of them.

    Args:
        cfg: The config.
        with_masks: Whether true masks are named too.

    Returns:
        The data set, with photos and tags only.

    Raises:
        FileNotFoundError: If its split or annotations are missing.
        ValueError: If a class name is unknown, or no photo is left.
    """
    settings = dict(cfg.test_dataloader.dataset)
    names = ('ann_file', 'data_root', 'metainfo', 'tags_file', 'ignore_unknown_classes', 'on_bad_photo')
    folders = {name: folder for name, folder in settings.get('data_prefix', {}).items() if name in DEFAULT_FOLDERS}
    return VOCTagDataset(
        data_prefix=folders, with_masks=with_masks, **{name: settings[name] for name in names if name in settings}
    )
