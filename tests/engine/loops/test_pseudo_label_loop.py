"""Parts of PseudoLabelLoop; whole runs are in tests/stages."""

import shutil
from contextlib import nullcontext

import pytest
import torch
from mmengine.config import ConfigDict
from mmengine.evaluator import Evaluator
from mmengine.runner import TestLoop
from tiny_chain.fixtures import make_labels

from projects.wsis.engine import load_checkpoint_safely
from projects.wsis.engine.loops import PseudoLabelLoop, pseudo_label_loop
from projects.wsis.engine.loops.pseudo_label_loop import _describe_writers, count_pixels, identify_checkpoint
from projects.wsis.evaluation import MultiLabelMetric


def test_loop_without_writer_gets_one_line():
    with pytest.raises(ValueError, match='PseudoLabelLoop needs a writer') as caught:
        PseudoLabelLoop(None, {}, Evaluator(MultiLabelMetric()))
    assert '\n' not in str(caught.value)


def test_metrics_and_places_do_not_make_the_lineage():
    writer = dict(type='InstanceWriter', out_dir='here', min_score=0.1)
    evaluators = ConfigDict(writers=[writer, dict(type='VOCInstanceMetric', classwise=True)]).writers
    assert _describe_writers(evaluators) == [dict(type='InstanceWriter', min_score=0.1)]
    assert _describe_writers(evaluators[0]) == [dict(type='InstanceWriter', min_score=0.1)]


def test_checkpoints_differ_by_content_or_url(tmp_path, monkeypatch):
    monkeypatch.setenv('HOME', str(tmp_path))
    for name, content in dict(a=b'1', b=b'1', c=b'2').items():
        (tmp_path / f'{name}.pth').write_bytes(content)
    a, b, c = (identify_checkpoint(str(tmp_path / f'{name}.pth')) for name in 'abc')
    assert a == b == identify_checkpoint('~/a.pth') and a != c
    assert identify_checkpoint('https://x.org/a.pth') != identify_checkpoint('https://y.org/a.pth')
    assert identify_checkpoint(None) is None


def test_wrong_checkpoint_leaves_a_finished_store_untouched(chain, demo_environment, tmp_path):
    shutil.copytree(chain / 'cams', tmp_path / 'work')
    files = {path: path.read_bytes() for path in (tmp_path / 'work/cams').iterdir()}
    with pytest.raises(ValueError, match='checkpoint'):
        make_labels('tiny_cam.py', chain / 'irnet/epoch_1.pth', tmp_path / 'work')
    assert {path: path.read_bytes() for path in (tmp_path / 'work/cams').iterdir()} == files


def test_diverged_network_gets_one_line(chain, demo_environment, tmp_path):
    content = load_checkpoint_safely(chain / 'classifier/epoch_1.pth')
    content['state_dict']['head.classifier.weight'][:] = float('nan')
    torch.save(content, tmp_path / 'diverged.pth')
    with pytest.raises(ValueError, match=r'photo demo_000000.*not finite') as caught:
        make_labels('tiny_cam.py', tmp_path / 'diverged.pth', tmp_path / 'work')
    assert '\n' not in str(caught.value)
    assert not list((tmp_path / 'work').rglob('*.npz'))


def test_pixels_of_the_largest_photo_of_a_batch():
    photos = [torch.zeros(3, 4, 5), torch.zeros(3, 6, 7)]
    assert count_pixels(photos) == count_pixels([photos[:1], photos]) == 42
    assert count_pixels(torch.zeros(2, 3, 6, 7)) == 42
    assert count_pixels([]) == 0


def test_large_blocks_go_back_while_a_large_photo_is_worked_on(monkeypatch):
    seen = []
    monkeypatch.setattr(
        pseudo_label_loop, 'give_back_large_blocks', lambda pixels: seen.append(pixels) or nullcontext()
    )
    monkeypatch.setattr(TestLoop, 'run_iter', lambda self, index, batch: seen.append((index, batch)))
    batch = dict(inputs=[torch.zeros(3, 4, 5)])
    PseudoLabelLoop.run_iter(object.__new__(PseudoLabelLoop), 7, batch)
    assert seen == [20, (7, batch)]
