"""BESTIE's instance branch on true semantic maps: what is measured, and bad input."""

import pytest
import torch
from mmengine.registry import MODELS, init_default_scope
from tiny_chain.fixtures import CONFIGS, read_tiny_config
from tiny_chain.processes import run_tool

import projects.wsis  # noqa: F401  registers BESTIE
from projects.wsis.structures import read_json

TOOL = 'analysis_tools/test_on_true_semantic_maps.py'


@pytest.fixture
def checkpoint(demo_environment, tmp_path):
    """A network that has learnt nothing, with many centres and offsets that lead away."""
    cfg = read_tiny_config('tiny_bestie.py', tmp_path / 'unused')
    init_default_scope(cfg.default_scope)
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    for branch in (model.head.center, model.head.offset):
        branch[-1].weight.data *= 300
    torch.save(dict(state_dict=model.state_dict(), meta={}), tmp_path / 'untrained.pth')
    return tmp_path / 'untrained.pth'


def test_only_the_instances_can_be_wrong(demo_root, checkpoint, tmp_path):
    metrics = []
    for options in ([], ['--no-centers']):
        command = [CONFIGS / 'tiny_bestie.py', checkpoint, '--work-dir', 'work', '--metrics', 'out.json', *options]
        result = run_tool(demo_root, tmp_path, TOOL, *command)
        assert result.status == 0, result.tail
        metrics.append(read_json(tmp_path / 'out.json'))
    assert [one['semantic/mIoU'] for one in metrics] == [100, 100]
    # most components are one object, and such centres split them
    assert 0 < metrics[0]['voc/AP50'] < metrics[1]['voc/AP50']


@pytest.mark.parametrize(
    'config, words',
    [
        ('tiny_cam.py', 'not BESTIE: give one of configs/bestie'),
        ('tiny_bestie_labels.py', 'this config makes labels, which must know nothing of true masks'),
    ],
)
def test_other_models_and_label_making_are_refused(demo_root, tmp_path, config, words):
    result = run_tool(demo_root, tmp_path, TOOL, CONFIGS / config, 'none.pth', '--work-dir', 'work')
    assert result.status == 1 and words in result.output.splitlines()[-1], result.tail
    assert 'Traceback' not in result.output
    assert not (tmp_path / 'work').exists()


def test_photos_without_masks_are_named(demo_root, demo_copy, checkpoint, tmp_path):
    for path in demo_copy.glob('Segmentation*/*.png'):
        path.unlink()
    result = run_tool(demo_copy, tmp_path, TOOL, CONFIGS / 'tiny_bestie.py', checkpoint, '--work-dir', 'work')
    assert result.status == 1 and 'has no mask in the data set' in result.output.splitlines()[-1], result.tail
    assert 'Traceback' not in result.output
