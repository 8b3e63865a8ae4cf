"""Measuring predictions that lie in files: metrics, and the confusion matrix."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
from mmengine.registry import DefaultScope
from PIL import Image
from tiny_chain.fixtures import CONFIGS

from projects.wsis.apis.configs import load_config
from projects.wsis.evaluation.functional.confusion import count_confusion
from projects.wsis.exports.true_masks import masks_to_coco
from projects.wsis.inspection.confusion_matrix import measure_confusion, write_confusion
from projects.wsis.inspection.offline_evaluation import evaluate_predictions
from projects.wsis.structures import read_json, write_json
from projects.wsis.structures.index_png import write_index_png
from projects.wsis.structures.masks import read_index_png


@pytest.fixture(autouse=True)
def demo(demo_environment, monkeypatch):
    """The tiny demo set; the default scope is left as it was."""
    monkeypatch.setattr(DefaultScope, '_instance_dict', DefaultScope._instance_dict.copy())
    return demo_environment


def read(name):
    return load_config(CONFIGS / name)


@pytest.mark.parametrize('config, stage', [('tiny_irnet.py', 'pseudo_labels'), ('tiny_cam.py', 'cams')])
def test_metrics_are_those_of_the_run(chain, config, stage):
    expected = {
        name: value for name, value in read_json(chain / stage / 'metrics.json').items() if not name.endswith('/photos')
    }
    assert expected and evaluate_predictions(read(config), chain / stage) == pytest.approx(expected, abs=1e-4)


def test_files_without_a_store_are_taken(chain, tmp_path):
    shutil.copy(chain / 'pseudo_labels' / 'instances.json', tmp_path)
    shutil.copytree(chain / 'pseudo_labels' / 'semantic_masks', tmp_path / 'semantic_masks')
    (tmp_path / 'semantic_masks' / 'manifest.json').unlink()
    cfg = read('tiny_irnet.py')
    found = evaluate_predictions(cfg, tmp_path)
    assert {name.split('/')[0] for name in found} == {'semantic', 'voc'}
    assert set(evaluate_predictions(cfg, tmp_path / 'instances.json')) == {name for name in found if 'voc' in name}
    assert set(evaluate_predictions(cfg, tmp_path / 'semantic_masks')) == {'semantic/mIoU'}
    assert evaluate_predictions(cfg, tmp_path / 'semantic_masks') == pytest.approx(
        {'semantic/mIoU': found['semantic/mIoU']}
    )


@pytest.fixture
def truth(tmp_path):
    """The true instances as predictions, and a folder of the true class maps."""
    cfg = read('tiny_irnet.py')
    cfg.test_dataloader.dataset.data_prefix.pop('cams', None)
    settings = {
        key: value for key, value in cfg.test_dataloader.dataset.items() if key not in ('pipeline', 'with_masks')
    }
    content = masks_to_coco(settings)
    for entry in content['annotations']:
        entry['score'] = 1.0
    write_json(tmp_path / 'instances.json', content)
    for image in content['images']:
        name = f'{Path(image["file_name"]).stem}.png'
        labels = read_index_png(Path('data/demo/SegmentationClass') / name)
        write_index_png(tmp_path / 'maps' / name, np.where(labels == 255, 0, labels).astype(np.uint8))
    return tmp_path


def test_the_truth_is_perfect(truth):
    cfg = read('tiny_irnet.py')
    found = evaluate_predictions(cfg, truth / 'instances.json')
    assert found['voc/AP50'] == found['voc/AP75'] == 100
    assert evaluate_predictions(cfg, truth / 'maps') == {'semantic/mIoU': 100}


def test_confusion_matrix_of_the_truth_with_one_class_for_another(truth):
    cfg = read('tiny_irnet.py')
    for path in (truth / 'maps').iterdir():
        labels = read_index_png(path)
        labels[labels == 2], labels[0, 0] = 1, 255
        write_index_png(path, labels)
    counts, names = measure_confusion(cfg, truth / 'maps')
    assert names == ['background', *cfg.classes] and counts.shape == (len(names), len(names) + 1)
    assert counts[2, 1] > 0 and counts[2, 2] == 0 and counts[1, 1] > 0 and counts[:, -1].sum() > 0
    rest = counts.copy()
    np.fill_diagonal(rest, 0)
    assert rest[:, :-1].sum() == counts[2, 1]
    table, picture = write_confusion(counts, names, truth / 'new', 'Title')
    rows = list(csv.reader(table.read_text().splitlines()))
    assert rows[0][1:] == [*names, 'no label'] and [int(value) for value in rows[3][1:]] == counts[2].tolist()
    assert Image.open(picture).width > 400


def test_confusion_by_hand():
    true, predicted = np.array([[0, 1, 2, 255]], np.uint8), np.array([[0, 2, 255, 1]], np.uint8)
    assert count_confusion(predicted, true, 3).tolist() == [[1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    for labels, message in ((true + 3, 'true label map holds the label 5'), (true[:, :2], 'has the size')):
        with pytest.raises(ValueError, match=message):
            count_confusion(predicted, labels, 3)


def spoil(truth, **changes):
    write_json(truth / 'instances.json', {**read_json(truth / 'instances.json'), **changes})
    return truth / 'instances.json'


BAD = {
    'nothing': (lambda truth: truth / 'none', 'holds no predictions'),
    'other photos': (lambda truth: spoil(truth, images=[], annotations=[]), 'does not name'),
    'other classes': (
        lambda truth: spoil(truth, categories=[dict(id=1, name='dragon')]),
        "category 'dragon' is not in",
    ),
    'no categories': (lambda truth: spoil(truth, categories=[{}]), 'is no whole COCO json'),
    'missing map': (lambda truth: next((truth / 'maps').iterdir()).unlink() or truth / 'maps', 'has no class map'),
}


@pytest.mark.parametrize('name', BAD)
def test_bad_predictions_get_one_line(truth, name):
    make, message = BAD[name]
    with pytest.raises((ValueError, FileNotFoundError), match=message) as caught:
        evaluate_predictions(read('tiny_irnet.py'), make(truth))
    assert '\n' not in str(caught.value)


def test_metrics_of_something_else_are_named(truth):
    with pytest.raises(ValueError, match=r'no metric of .*tiny_cam\.py measures .*pred_sem_seg.*SeedIoUMetric'):
        evaluate_predictions(read('tiny_cam.py'), truth / 'maps')
    with pytest.raises(ValueError, match='holds no class maps'):
        measure_confusion(read('tiny_irnet.py'), truth / 'instances.json')
