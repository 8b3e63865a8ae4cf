"""One inferencer for all kinds of models: its results are those of the stages and of mmdet, whatever it is given."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from matplotlib import pyplot
from mmdet.apis import DetInferencer
from mmengine.config import Config
from PIL import Image
from pycocotools import mask as coco_mask
from random_models import save_random_model

from projects.wsis.apis import WSISInferencer
from projects.wsis.structures import PseudoLabelStore, read_json
from projects.wsis.structures.masks import decode_masks

KINDS = ('mask_rcnn', 'bestie', 'deeplab', 'cam')


@pytest.fixture(scope='module')
def inferencers(tmp_path_factory):
    """A model of each kind that needs no other one, with random weights."""
    folder = tmp_path_factory.mktemp('models')
    return {
        kind: WSISInferencer(*save_random_model(kind, folder / kind), device='cpu', show_progress=False)
        for kind in KINDS
    }


@pytest.fixture(scope='module')
def irnet(chain):
    """The IRNet of the tiny chain, with its classifier."""
    return WSISInferencer(chain / 'irnet', device='cpu', show_progress=False)


@pytest.mark.parametrize('kind', ['mask_rcnn', 'bestie'])
def test_detectors_find_what_mmdet_says(kind, inferencers, new_images, tmp_path):
    path = str(new_images / 'one.png')
    theirs = DetInferencer(*save_random_model(kind, tmp_path), device='cpu', show_progress=False)(path)
    ours = inferencers[kind](path)['predictions'][0]
    for key, value in theirs['predictions'][0].items():
        assert ours[key] == value or np.allclose(ours[key], value), key
    assert len(ours['masks']) == len(ours['labels']) > 0
    assert (ours['name'], ours['size']) == ('one', (61, 94))


def test_classifier_and_irnet_make_what_their_stages_made(chain, irnet, demo_root):
    classes = irnet.classes
    instances = read_json(chain / 'pseudo_labels' / 'instances.json')
    tags = read_json(demo_root / 'tags.json') if (demo_root / 'tags.json').is_file() else None
    for image in instances['images'][:3]:
        stored = PseudoLabelStore(chain / 'cams' / 'cams', 'cams', '.npz').read_arrays(image['file_name'][:-4])
        names = [classes[label] for label in stored['labels']]
        assert tags is None or set(names) == set(tags[image['file_name']])
        found = irnet(str(demo_root / 'JPEGImages' / image['file_name']), tags=names)['predictions'][0]
        assert found['cam_labels'] == stored['labels'].tolist()
        np.testing.assert_allclose(found['cams'], stored['cams'], atol=2e-3)
        mask = np.array(Image.open(chain / 'pseudo_labels' / 'semantic_masks' / f'{image["file_name"][:-4]}.png'))
        assert (found['sem_seg'] == mask).mean() > 0.98
        assert found['boundary'].shape == found['displacement'].shape[1:]


def test_without_tags_the_classifier_says_which_classes_there_are(irnet, new_images):
    found = irnet(str(new_images / 'one.png'))['predictions'][0]
    expected = [label for label, score in enumerate(found['tag_scores']) if score > 0.5]
    assert found['cam_labels'] == expected and set(found['labels']) <= set(expected)
    irnet.classifier.model.module.score_threshold, old = 2.0, irnet.classifier.model.module.score_threshold
    nothing = irnet(str(new_images / 'one.png'))['predictions'][0]
    irnet.classifier.model.module.score_threshold = old
    assert nothing['masks'] == [] and nothing['cams'].shape[0] == 0 and not nothing['sem_seg'].any()


@pytest.mark.parametrize('kind', KINDS)
def test_all_forms_of_an_image_give_the_same(kind, inferencers, new_images, image_url):
    pixels = cv2.imread(str(new_images / 'one.png'))
    forms = [str(new_images / 'one.png'), new_images / 'one.png', pixels, image_url]
    alone = inferencers[kind](forms[0])['predictions'][0]
    results = inferencers[kind](forms, batch_size=3)['predictions']
    assert [result['name'] for result in results] == ['one', 'one_2', '00000002', 'one_3']
    for result in results:
        for key, value in alone.items():
            if key not in ('name', 'masks'):
                np.testing.assert_allclose(result[key], value, atol=1e-4, err_msg=key)


def test_folder_is_read_whole_and_results_are_written(inferencers, new_images, tmp_path):
    out = tmp_path / 'out'
    inferencer = inferencers['bestie']
    results = inferencer(new_images, batch_size=2, out_dir=out, return_vis=True)
    names = ['large', 'one', 'sub/two']  # text.jpg is left out
    assert [result['name'] for result in results['predictions']] == names
    for result, picture in zip(results['predictions'], results['visualization']):
        assert picture.shape == (*result['size'], 3)
        assert (np.array(Image.open(out / 'vis' / f'{result["name"]}.png')) == picture).all()
        mask = Image.open(out / 'semantic_masks' / f'{result["name"]}.png')
        assert mask.mode == 'P' and (np.array(mask) == result['sem_seg']).all()
    content = read_json(out / 'instances.json')
    assert [image['file_name'] for image in content['images']] == ['large.png', 'one.png', 'sub/two.jpg']
    assert [category['name'] for category in content['categories']] == list(inferencer.classes)
    assert len(content['annotations']) == sum(len(result['masks']) for result in results['predictions'])
    first = content['annotations'][0]
    assert first['area'] == coco_mask.area(first['segmentation']) and json.dumps(content)


def test_score_threshold_holds_for_files_only(inferencers, new_images, tmp_path):
    found = inferencers['mask_rcnn'](
        str(new_images / 'one.png'), out_dir=tmp_path, pred_score_thr=0.2, no_save_vis=True
    )
    kept = [score for score in found['predictions'][0]['scores'] if score >= 0.2]
    written = read_json(tmp_path / 'instances.json')['annotations']
    assert [entry['score'] for entry in written] == kept and not (tmp_path / 'vis').exists()


def test_large_images_are_worked_on_smaller_and_brought_back(inferencers, new_images):
    path = str(new_images / 'large.png')
    for kind in ('bestie', 'deeplab'):
        whole, reduced = (inferencers[kind](path, long_side=side)['predictions'][0] for side in (None, 150))
        assert whole['size'] == reduced['size'] == reduced['sem_seg'].shape == (200, 300)
        half = cv2.resize(cv2.imread(path), (150, 100), interpolation=cv2.INTER_AREA)
        small = inferencers[kind](half)['predictions'][0]
        again = cv2.resize(small['sem_seg'], (300, 200), interpolation=cv2.INTER_NEAREST)
        assert (again == reduced['sem_seg']).mean() > 0.9
        if kind == 'bestie':
            np.testing.assert_allclose(np.array(reduced['bboxes']), 2 * np.array(small['bboxes']))
            assert decode_masks(reduced['masks'], (200, 300)).any((1, 2)).all()


@pytest.mark.parametrize('kind', ['mask_rcnn', 'deeplab', 'bestie'])
def test_tags_restrict_what_is_found(kind, inferencers, new_images):
    inferencer, path = inferencers[kind], str(new_images / 'one.png')
    free = inferencer(path)['predictions'][0]
    labels = free['labels'] if 'labels' in free else [value - 1 for value in np.unique(free['sem_seg']) if value]
    tag = int(labels[0])
    found = inferencer(path, tags=[inferencer.classes[tag]])['predictions'][0]
    if 'labels' in found:
        assert set(found['labels']) == {tag}
    if 'sem_seg' in found:
        assert set(np.unique(found['sem_seg'])) <= {0, tag + 1}
    again = inferencer(path)['predictions'][0]  # the next call is free again
    assert all(np.array_equal(again[key], free[key]) for key in free)
    with pytest.raises(ValueError, match="'wolf' is not a class of this model; its classes are bird"):
        inferencer(path, tags=['wolf'])


def test_a_config_is_as_good_as_its_file(new_images, tmp_path):
    config, checkpoint = save_random_model('deeplab', tmp_path)
    read = Config.fromfile(config)
    for given in (read, read.to_dict()):
        inferencer = WSISInferencer(given, checkpoint, device='cpu', show_progress=False)
        assert inferencer(str(new_images / 'one.png'))['predictions'][0]['sem_seg'].shape == (61, 94)
    assert read.model.type == 'EncoderDecoder', 'the config given stays as it is'


def test_samples_instead_of_dicts(inferencers, new_images):
    (sample,) = inferencers['deeplab'](str(new_images / 'one.png'), return_datasamples=True)['predictions']
    assert tuple(sample.pred_sem_seg.data.shape) == (1, 61, 94)


def test_wrong_models_get_one_line(tmp_path, chain, new_images):
    config, checkpoint = save_random_model('mask_rcnn', tmp_path / 'detector')
    other = save_random_model('deeplab', tmp_path / 'segmentor')[1]
    empty = tmp_path / 'empty'
    empty.mkdir()
    cases = [
        ((config,), 'no weights for .*mask_rcnn.py: name its checkpoint'),
        ((config, other), 'epoch_1.pth is not of this model \\(MaskRCNN\\): .* no weights for'),
        ((empty,), 'empty holds no config of a training'),
        (
            (chain / 'irnet' / 'tiny_irnet.py', str(next((chain / 'irnet').glob('epoch_*.pth')))),
            'IRNet makes its masks',
        ),
    ]
    for arguments, line in cases:
        with pytest.raises((ValueError, FileNotFoundError), match=line) as error:
            WSISInferencer(*arguments, device='cpu')
        assert '\n' not in str(error.value)


def test_unfinished_recipe_says_what_is_there(chain, tmp_path):
    work = tmp_path / 'work'
    shutil.copytree(chain, work, ignore=shutil.ignore_patterns('cams', 'results.json'))
    record = read_json(work / 'irnet' / 'stage.json')
    (work / 'irnet' / 'stage.json').write_text(json.dumps(dict(record, complete=False)))
    with pytest.raises(FileNotFoundError, match='has not finished \\(trained so far: classifier\\)'):
        WSISInferencer(work, device='cpu')


def test_checkpoint_of_another_class_list_is_refused(tmp_path):
    config, checkpoint = save_random_model('cam', tmp_path)
    text = (tmp_path / 'cam.py').read_text()
    (tmp_path / 'cam.py').write_text(text.replace("'bird'", "'wren'"))
    with pytest.raises(ValueError, match="class 0, is 'bird' there and 'wren' here"):
        WSISInferencer(config, checkpoint, device='cpu')


@pytest.mark.parametrize(
    'given, line',
    [
        ('text.jpg', 'cannot be decoded: no picture of a known kind'),
        ('nothing.jpg', 'cannot be read \\(missing\\)'),
        ('nothing.mp4', 'does not exist'),
        (np.zeros((5, 5)), 'an image is an array \\(height, width, 3\\) uint8'),
        ('https://localhost:1/a.jpg', 'cannot be fetched'),
    ],
)
def test_inputs_that_are_no_images_get_one_line(given, line, inferencers, new_images):
    given = str(new_images / given) if isinstance(given, str) and '://' not in given else given
    with pytest.raises((ValueError, FileNotFoundError), match=line) as error:
        inferencers['mask_rcnn'](given)
    assert '\n' not in str(error.value)


@pytest.mark.parametrize('display, line', [(None, 'there is no display'), (':77', 'its backend agg, which has no win')])
def test_no_display_is_said_before_anything_runs(display, line, inferencers, new_images, monkeypatch, tmp_path):
    pyplot.switch_backend('agg')  # what matplotlib takes where a display does not answer
    monkeypatch.delenv('WAYLAND_DISPLAY', raising=False)
    monkeypatch.delenv('DISPLAY', raising=False)
    if display:
        monkeypatch.setenv('DISPLAY', display)
    monkeypatch.setattr('sys.platform', 'linux')
    monkeypatch.setattr(inferencers['mask_rcnn'], 'forward', None)
    with pytest.raises(ValueError, match=line) as error:
        inferencers['mask_rcnn'](str(new_images / 'one.png'), show=True, out_dir=tmp_path / 'out')
    assert '\n' not in str(error.value) and not (tmp_path / 'out').exists()


@pytest.mark.parametrize('setting', ['batch_size', 'long_side'])
def test_numbers_that_make_no_sense_get_one_line(setting, inferencers, new_images):
    with pytest.raises(ValueError, match=f'{setting} is a number from 1, not 0'):
        inferencers['mask_rcnn'](str(new_images / 'one.png'), **{setting: 0})


@pytest.mark.parametrize('device', ['gpu', 'cuda:99'])
def test_missing_device_gets_one_line(device, inferencers):
    with pytest.raises(ValueError, match=f'device {device} cannot be used .* name another, such as cpu') as error:
        WSISInferencer(inferencers['deeplab'].cfg, 'weights.pth', device=device)
    assert '\n' not in str(error.value)


def test_training_without_a_checkpoint_is_told(tmp_path):
    _, checkpoint = save_random_model('cam', tmp_path)
    Path(checkpoint).write_bytes(Path(checkpoint).read_bytes()[:5000])
    with pytest.raises(ValueError, match='epoch_1.pth is damaged or not a checkpoint'):
        WSISInferencer(tmp_path, device='cpu')
    Path(checkpoint).unlink()
    with pytest.raises(FileNotFoundError, match='holds no checkpoint of a training'):
        WSISInferencer(tmp_path, device='cpu')
