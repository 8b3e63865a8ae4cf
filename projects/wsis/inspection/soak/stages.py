"""Making labels of tiny photos by the demo's stages, with networks so narrow that the rest of the work shows."""

import os
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ...apis.configs import load_config
from ...apis.launch import apply_tta, build_runner
from ...engine.safe_loading import safe_loading
from .memory import Curve, MemoryHook
from .photos import CLASSES, TAGS_NAME

NARROW = {'model.backbone.base_channels': 8, 'model.backbone.init_cfg': None}
#: By name: config, settings, and the stage whose store it reads.
STAGES: dict[str, tuple[str, dict[str, Any], str | None]] = {
    'cams': ('configs/cam/cam_r18_36e_demo.py', {}, None),
    'pseudo_labels': (
        'configs/irnet/irnet_r18_20e_demo.py',
        {
            'model.neck.boundary_channels': 4,
            'model.neck.displacement_channels': (8, 8, 8, 8, 8),
            'model.neck.fusion_channels': 8,
            'model.head.displacement_channels': 8,
            'model.test_cfg.cluster_iterations': 20,
        },
        'cams',
    ),
}


FEWEST_PHOTOS = 20


@dataclass(frozen=True)
class Soak:
    """What came of one stage.

    Attributes:
        stage: Its name in :data:`STAGES`.
        photos: How many photos it made labels of now; an interrupted soak goes on.
        curve: Memory and time over them.
        closing_seconds: From the last photo to the end: joining, manifests and metrics.
        files: Of all stores.
        most_files: Of one folder.
    """

    stage: str
    photos: int
    curve: Curve
    closing_seconds: float
    files: int
    most_files: int


def read_stage(stage: str, photos: str | Path, work_dir: Path) -> Config:
    """Return the config of a stage for the photos of a folder; each view of the TTA but the first size is left out."""
    name, settings, source = STAGES[stage]
    options = {**NARROW, **settings, 'log_level': 'ERROR'}
    cfg = load_config(name, options, work_dir / stage, data=write_data_file(photos, work_dir / 'data.py'))
    for step in cfg.get('tta_pipeline', []):
        if step.type.endswith('TestTimeAug'):
            step.transforms[0] = step.transforms[0][:1]
    cfg.test_dataloader.update(num_workers=0, persistent_workers=False)
    if source:
        cfg.test_dataloader.dataset.data_prefix = {source: str(work_dir / source / source)}
    cfg.load_from, cfg.visualizer.vis_backends = None, []
    if cfg.get('tta'):
        apply_tta(cfg)
    return cfg


def name_run(cfg: Config) -> Config:
    """Give a run and its visualizer names of their own, in place: mmengine keeps both for the whole process."""
    cfg.experiment_name = cfg.visualizer.name = f'soak_{time.monotonic_ns()}'
    return cfg


def write_data_file(photos: str | Path, path: Path) -> Path:
    """Write the file that describes the photos to the configs, as ``--data`` takes it, and return its path."""
    metainfo = dict(classes=CLASSES)
    dataset = dict(type='PhotoTagDataset', data_root=str(photos), metainfo=metainfo, tags_file=TAGS_NAME)
    content = dict(classes=CLASSES, num_classes=len(CLASSES), metainfo=metainfo, data_root=str(photos))
    content.update(photo_folder=str(photos), label_dataset=dataset, weak_dataset=dataset, val_dataset=None)
    path.parent.mkdir(parents=True, exist_ok=True)
    Config(content).dump(str(path))
    return path


@safe_loading()
def soak_stage(stage: str, photos: str | Path, work_dir: str | Path) -> Soak:
    """Make the labels of one stage, watching memory and pace.

    Args:
        stage: Of :data:`STAGES`.
        photos: Folder that :func:`~projects.wsis.inspection.soak.photos.make_photos` has filled.
        work_dir: Folder of all stages. What an interrupted soak has made is kept.

    Raises:
        ValueError: If all labels are made already.
    """
    work_dir, began = Path(work_dir), time.perf_counter()
    runner = build_runner(name_run(read_stage(stage, photos, work_dir)))
    hook = MemoryHook(began)
    runner.register_hook(hook, priority='LOWEST')
    runner.test()
    if hook.done < FEWEST_PHOTOS:
        raise ValueError(
            f'{work_dir / stage}: {hook.done} photos had no labels yet, and {FEWEST_PHOTOS} at least are needed to '
            'see a change: ask for more --photos, or name another --work-dir'
        )
    closing = time.perf_counter() - began - hook.curve.seconds[-1]
    counts = count_files(work_dir / stage)
    return Soak(stage, hook.done, hook.curve, closing, sum(counts.values()), max(counts.values()))


def count_files(folder: Path) -> Counter:
    """Return how many files each folder below one holds itself."""
    return Counter({parent: len(files) for parent, _, files in os.walk(folder)})
