"""The demo's chain from tags to pseudo masks, with other backbones of like size, trained from scratch."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope

from ..apis.configs import find_config
from ..structures import write_atomically
from .recipe import Recipe

RECIPE = 'configs/recipes/irnet_r18_demo.py'
CLASSIFIER = 'configs/cam/cam_r18_36e_demo.py'
IRNET = 'configs/irnet/irnet_r18_20e_demo.py'
LEFT_OUT = ('mask_rcnn', 'evaluation', 'pictures')

#: Backbones of about the demo's size, with levels of stride 4 and 8, as its objects are small. MobileNetV2 ends at
#: stride 16; all levels of the plain ViT have stride 8.
SMALL_BACKBONES = {
    'ResNet-18 (half width)': dict(
        type='mmdet.ResNet',
        depth=18,
        base_channels=32,
        num_stages=3,
        strides=(1, 2, 1),
        dilations=(1, 1, 1),
        out_indices=(0, 1, 2),
        norm_eval=False,
    ),
    'MobileNetV2': dict(type='mmdet.MobileNetV2', out_indices=(1, 2, 4)),
    'Swin': dict(
        type='mmdet.SwinTransformer',
        embed_dims=32,
        depths=(2, 2, 2),
        num_heads=(2, 4, 8),
        strides=(4, 2, 1),
        out_indices=(0, 1, 2),
    ),
    'PVTv2': dict(
        type='mmdet.PyramidVisionTransformerV2',
        embed_dims=16,
        num_layers=[2, 2, 2, 2],
        strides=[4, 2, 1, 1],
    ),
    'ViT': dict(
        type='mmseg.VisionTransformer',
        img_size=(160, 160),
        patch_size=8,
        embed_dims=128,
        num_layers=6,
        num_heads=4,
        out_indices=(1, 3, 5),
    ),
}
#: Largest learning rate and epochs of the classifier, for backbones that learn nothing by the demo's 4e-3 in 36 epochs.
CLASSIFIER_SCHEDULES = {'Swin': (1e-3, 108), 'PVTv2': (5e-4, 72), 'ViT': (5e-4, 72)}


class ChainResult(NamedTuple):
    """What a chain gives: parameters of the backbone, and its numbers in percent (None if a stage has none)."""

    backbone: str
    parameters: int
    classifier: float | None
    cams: float | None
    pseudo_labels: float | None


def train_chain(
    name: str, work_dir: str | Path, data: str | None, options: Mapping[str, Any], amp: bool = False
) -> ChainResult:
    """Train the demo's classifier and IRNet with a backbone, and measure its CAMs and pseudo masks.

    What is complete in the folder is skipped, as in any recipe.

    Args:
        name: One of :data:`SMALL_BACKBONES`.
        work_dir: Folder of this chain.
        data: File that describes a data set, in the place of the demo's.
        options: Settings to override, as ``--cfg-options`` of ``tools/pipeline.py``.
        amp: Whether trainings use mixed precision.
    """
    folder = Path(work_dir)
    recipe = write_chain(name, folder)
    results = Recipe(Config.fromfile(recipe), folder, data=data, options=dict(options), amp=amp).run()
    numbers = {stage['name']: stage.get('value') for stage in results['stages']}
    init_default_scope('mmdet')
    parameters = sum(parameter.numel() for parameter in MODELS.build(SMALL_BACKBONES[name]).parameters())
    return ChainResult(name, parameters, *(numbers.get(stage) for stage in ('classifier', 'cams', 'pseudo_labels')))


def write_chain(name: str, folder: Path) -> Path:
    """Write the three configs of a chain into a folder, and return that of the recipe."""
    backbone = SMALL_BACKBONES[name]
    folder.mkdir(parents=True, exist_ok=True)
    classifier = Config(dict(model=dict(backbone=dict(_delete_=True, **backbone))))
    weights = dict(type='Pretrained', checkpoint='', prefix='backbone.')  # the recipe names the classifier's
    irnet = Config(dict(model=dict(backbone=dict(_delete_=True, init_cfg=weights, **backbone))))
    paths = {}
    for key, config, base in (('cam', classifier, CLASSIFIER), ('irnet', irnet, IRNET)):
        paths[key] = folder / f'{key}.py'
        _write(paths[key], base, config.dump())
    settings = dict(configs={key: str(path.resolve()) for key, path in paths.items()}, skip=list(LEFT_OUT))
    if name in CLASSIFIER_SCHEDULES:
        rate, epochs = CLASSIFIER_SCHEDULES[name]
        schedule = {'eta_max': rate, 'total_steps': epochs}
        options = {f'param_scheduler.0.{key}': value for key, value in schedule.items()}
        settings['options'] = dict(classifier={**options, 'train_cfg.max_epochs': epochs})
    recipe = folder / 'recipe.py'
    _write(recipe, RECIPE, f'expected = dict(_delete_=True)\n{Config(settings).dump()}')
    return recipe


def _write(path: Path, base: str, settings: str) -> None:
    """Write a config that inherits another one."""
    text = f'_base_ = {str(find_config(base).resolve())!r}\n{settings}'
    write_atomically(path, lambda file: file.write(text.encode()))


def make_table(results: Sequence[ChainResult]) -> str:
    """Return the Markdown table of chains."""
    lines = [
        '| backbone | parameters | classifier, mAP on val | CAMs, mIoU on train | IRNet, AP50 on train |',
        '| --- | --- | --- | --- | --- |',
    ]
    for result in results:
        numbers = ' | '.join('-' if value is None else f'{value:.1f}' for value in result[2:])
        lines.append(f'| {result.backbone} | {result.parameters / 1e6:.2f} M | {numbers} |')
    return '\n'.join(lines) + '\n'
