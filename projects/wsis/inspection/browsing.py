"""Going through a data set of a config and drawing its items."""

from itertools import islice
from pathlib import Path

from mmengine.config import Config
from mmengine.registry import DATASETS, init_default_scope
from mmengine.runner import set_random_seed
from mmengine.visualization import Visualizer
from tqdm import tqdm

from ..apis.display import check_display
from ..engine.dataset_settings import innermost_dataset
from ..structures import report_unwritable, write_png
from .targets import TargetSettings, draw_item, name_sample

PHASES = ('train', 'val', 'test')


def browse_dataset(
    cfg: Config,
    phase: str = 'train',
    folder: str | Path | None = None,
    number: int | None = None,
    interval: float = 0,
    seed: int = 0,
) -> int:
    """Draw the items of a data set as a model gets them, and return how many.

    Args:
        cfg: Config of any stage.
        phase: ``'train'``, ``'val'`` or ``'test'``.
        folder: Where to write ``IMAGE.png``, by the id of the image; None shows them in a window.
        number: So many only.
        interval: Seconds that a window stays; 0 is until a key is hit.
        seed: Of what the pipeline does at random.

    Raises:
        ValueError: If the config has no such data set, the folder cannot be written or there is no display; one line.
    """
    loader = cfg.get(f'{phase}_dataloader')
    if not loader:
        has = ', '.join(name for name in PHASES if cfg.get(f'{name}_dataloader')) or 'none'
        raise ValueError(f'config {cfg.filename} has no data set for {phase}; it has: {has}')
    if folder is None:
        check_display()
    init_default_scope(cfg.get('default_scope', 'mmdet'))
    set_random_seed(seed)
    dataset = DATASETS.build(innermost_dataset(loader.dataset))
    classes, settings = dataset.metainfo['classes'], TargetSettings.from_config(cfg, phase == 'train')
    window = Visualizer(name='browse') if folder is None else None
    count = len(dataset) if number is None else min(number, len(dataset))
    for item in tqdm(islice(dataset, count), total=count, unit='image', disable=None):
        picture = draw_item(item, classes, settings)
        samples = item['data_samples']
        name = name_sample(samples[0] if isinstance(samples, (list, tuple)) else samples)
        if window is not None:
            window.show(picture, win_name=name, wait_time=interval)
        else:
            with report_unwritable(folder):
                write_png(Path(folder) / f'{name}.png', picture)
    return count
