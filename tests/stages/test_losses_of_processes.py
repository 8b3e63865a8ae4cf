"""Every method has the same losses in one process and in two that share its batch, to the noise of single precision.

Weights follow plain SGD, and the same photos come in each iteration: from the second on, losses show the gradients.
"""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from mmengine.registry import DefaultScope
from PIL import Image
from tiny_chain.fixtures import CONFIGS, CROP, make_labels, make_once, write_points
from tiny_chain.processes import TESTS, link_demo, run_script_in_ranks

from projects.wsis.structures import read_json, write_json
from projects.wsis.structures.masks import read_index_png

DATA = 'train_dataloader.dataset'
PHOTOS = 8
STEPS = {
    'classifier': ['LoadPhoto', CROP, 'PackTagInputs'],
    'saliency': ['LoadPhoto', 'LoadSaliency', CROP, 'PackTagInputs'],
    'labels': ['LoadPhoto', 'LoadInterPixelLabels', CROP, 'PackTagInputs'],
    'masks': ['LoadPhoto', 'LoadSemanticMasks', CROP, 'PackSegInputs'],
    'points': ['LoadPhoto', 'LoadSemanticMasks', 'LoadPoints', CROP, 'GenerateInstancePseudoLabels', 'PackTagInputs'],
}
#: Config, steps of the pipeline, learning rate, and what is left to chance in training: dropout, and for PPC the pixels
#: that are drawn by their place in the batch, where the photos of two processes come in another order.
METHODS = {
    'CAM': ('tiny_cam', 'classifier', 0.1, {}),
    'PAM': ('tiny_pam', 'classifier', 0.1, {'model.head.dropout': 0.0, 'model.backbone.norm_eval': True}),
    'SEAM': ('tiny_seam', 'classifier', 0.01, {'model.head.dropout': 0.0}),
    'PPC on SEAM': (
        'tiny_ppc',
        'classifier',
        0.01,
        {'model.head.dropout': 0.0, 'model.contrast_head.loss_contrast.intra_view_weight': 0},
    ),
    'EPS': ('tiny_eps', 'saliency', 0.1, {'model.head.dropout': 0.0}),
    'PPC on EPS': ('tiny_ppc_eps', 'saliency', 0.1, {'model.contrast_head.loss_contrast.intra_view_weight': 0}),
    'AffinityNet': ('tiny_affinitynet', 'labels', 0.1, {}),
    'IRNet': ('tiny_irnet', 'labels', 0.1, {}),
    'BESTIE': (
        'tiny_bestie',
        'points',
        1e-4,  # the gradient's norm is in the thousands
        {
            'model.head.norm_cfg.type': 'GN',
            'model.head.norm_cfg.num_groups': 4,
            'model.head.dropout': 0.0,
            'custom_hooks.0.begin': 0,
        },
    ),
    'DeepLab': (
        'tiny_deeplab',
        'masks',
        0.1,
        {'model.backbone.norm_eval': True, 'model.decode_head.dropout_ratio': 0, 'model.backbone.init_cfg': None},
    ),
}
NOISE = 2e-5


def write_config(folder: Path, name: str, steps: list[str], rate: float) -> Path:
    """Write a config without chance: photos in order, cropped in the middle, and plain SGD for three iterations."""
    pipeline = [dict(type=step, **(dict(crop_size=64, random=False) if step == CROP else {})) for step in steps]
    path = folder / f'{name}_fixed.py'
    path.write_text(
        f'_base_ = [{str(CONFIGS / f"{name}.py")!r}]\n'
        f'train_dataloader = dict(sampler=dict(shuffle=False), dataset=dict(pipeline={pipeline!r}))\n'
        f"optim_wrapper = dict(optimizer=dict(_delete_=True, type='SGD', lr={rate}))\n"
        'param_scheduler = []\nval_cfg = val_dataloader = val_evaluator = None\n'
        'train_cfg = dict(max_epochs=3, val_interval=3)\nrandomness = dict(seed=0)\n'
    )
    return path


def write_inputs(chain: Path, demo_root: Path, folder: Path) -> dict[str, dict]:
    """Write what trainings read, and return the options that name it."""
    photos = (demo_root / 'ImageSets/Segmentation/train.txt').read_text().split()
    (folder / 'saliency').mkdir()
    for photo in photos:
        salient = read_index_png(demo_root / f'SegmentationClass/{photo}.png') > 0
        Image.fromarray(np.uint8(255) * salient).save(folder / f'saliency/{photo}.png')
    cams = {'test_dataloader.dataset.data_prefix.cams': str(chain / 'cams/cams')}
    make_labels('tiny_affinity_labels.py', None, folder / 'affinity_labels', **cams)
    weights = {'model.backbone.init_cfg.checkpoint': str(chain / 'classifier/epoch_1.pth')}
    labels, masks = f'{DATA}.data_prefix.inter_pixel_labels', f'{DATA}.data_prefix.semantic_masks'
    semantic = {masks: str(chain / 'pseudo_labels/semantic_masks')}
    return {
        'EPS': {f'{DATA}.data_prefix.saliency': str(folder / 'saliency')},
        'PPC on EPS': {f'{DATA}.data_prefix.saliency': str(folder / 'saliency')},
        'AffinityNet': {labels: str(folder / 'affinity_labels/inter_pixel_labels'), **weights},
        'IRNet': {labels: str(chain / 'inter_pixel_labels/inter_pixel_labels'), **weights},
        'BESTIE': {**semantic, f'{DATA}.points_file': str(write_points(folder / 'points.json'))},
        'DeepLab': semantic,
    }


@pytest.fixture(scope='module')
def losses(chain, demo_root, tmp_path_factory):
    """The losses of each method by iteration: those of one process, and of two the mean of both and those of each."""

    def describe(folder):
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(link_demo(folder, demo_root))
            patch.setattr(DefaultScope, '_instance_dict', DefaultScope._instance_dict.copy())
            inputs = write_inputs(chain, demo_root, folder)
        methods = [
            dict(
                name=name,
                config=str(write_config(folder, config, STEPS[steps], rate)),
                options={**inputs.get(name, {}), **options},
                batch=PHOTOS,
            )
            for name, (config, steps, rate, options) in METHODS.items()
        ]
        write_json(folder / 'methods.json', methods)

    methods = make_once(tmp_path_factory, 'methods_of_losses', describe) / 'methods.json'

    def run(folder, processes):
        script = [TESTS / 'tiny_chain/train_all_methods.py', methods, 'made']
        result = run_script_in_ranks(link_demo(folder, demo_root), processes, 1, *script)
        assert result.status == 0, result.tail

    one, two = (
        make_once(tmp_path_factory, f'losses_of_{processes}', partial(run, processes=processes)) for processes in (1, 2)
    )
    files = (one, 'losses0'), (two, 'losses0'), (two, 'losses1')
    return {name: [read_json(folder / f'made/{name}/{file}.json') for folder, file in files] for name in METHODS}


def mean_losses(first: dict, second: dict) -> dict:
    return {name: (value + second[name]) / 2 for name, value in first.items()}


@pytest.mark.parametrize('name', METHODS)
def test_two_processes_have_the_losses_of_one(losses, name):
    alone, first, second = losses[name]
    assert len(alone) == len(first) == len(second) == 3 and alone[0].keys() == first[0].keys()
    assert first[0] != second[0], 'the processes should have other photos, or this test shows nothing'
    for iteration, expected in enumerate(alone):
        together = mean_losses(first[iteration], second[iteration])
        assert together == pytest.approx(expected, rel=NOISE, abs=1e-7), f'iteration {iteration}'
    # a gradient half as large would show
    assert abs(alone[1]['loss'] - alone[0]['loss']) > 5 * NOISE * alone[0]['loss']
