"""From photos and tags to masks in one command, on the tiny demo set as anybody's photos."""

import csv
import json
import re
import shutil
import xml.etree.ElementTree as ElementTree
from functools import partial
from pathlib import Path

import pytest
from documented_commands import load_tool
from mmengine.config import Config
from PIL import Image
from report_page import read_page
from tiny_chain.fixtures import CONFIGS
from tiny_chain.processes import run_tool

from projects.wsis.apis import WSISInferencer
from projects.wsis.labelling.run import LabelPhotosOptions, make_plan
from projects.wsis.structures.masks import masks_to_instances, read_object_masks

RECIPE = CONFIGS / 'tiny_pipeline.py'


def save_true_masks(demo_root, names, folder):
    """Save the true masks of the demo as masks.json; those of the first photo are twice as large."""
    content = dict(images=[], annotations=[], categories=[])
    classes = Config.fromfile('configs/_base_/datasets/demo.py').metainfo['classes']
    for index, name in enumerate(names):
        paths = [demo_root / kind / f'{Path(name).stem}.png' for kind in ('SegmentationClass', 'SegmentationObject')]
        maps = [values.repeat(2 - bool(index), 0).repeat(2 - bool(index), 1) for values in read_object_masks(*paths)]
        content['images'].append(dict(id=index, file_name=name))
        content['annotations'] += [
            dict(image_id=index, category_id=entry['bbox_label'], segmentation=entry['mask'])
            for entry in masks_to_instances(*maps)
        ]
    used = {entry['category_id'] for entry in content['annotations']}
    content['categories'] = [dict(id=label, name=classes[label]) for label in sorted(used)]
    (folder / 'masks.json').write_text(json.dumps(content))


@pytest.fixture
def photos(demo_root, tmp_path):
    """The demo's training photos in folders with odd names, one too large and one without tags; their tags as CSV.

    Beside them their true masks.
    """
    rows = []
    names = (demo_root / 'ImageSets/Segmentation/train.txt').read_text().split()
    for index, name in enumerate(names):
        target = tmp_path / 'My photos, new' / ("it's" if index % 2 else 'ä [b]') / f'{name}.jpg'
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(demo_root / 'JPEGImages' / f'{name}.jpg', target)
        tree = ElementTree.parse(demo_root / 'Annotations' / f'{name}.xml')
        tags = {entry.findtext('name') for entry in tree.getroot().iter('object')}
        rows.append((target.relative_to(tmp_path / 'My photos, new').as_posix(), '|'.join(sorted(tags))))
    with Image.open(tmp_path / 'My photos, new' / rows[0][0]) as photo:
        photo.resize((photo.width * 2, photo.height * 2)).save(tmp_path / 'My photos, new' / rows[0][0])
    save_true_masks(demo_root, [name for name, _ in rows], tmp_path)
    with open(tmp_path / 'tags.csv', 'w', newline='', encoding='utf-8') as file:
        csv.writer(file).writerows([('file', 'tags'), *rows[:-1]])
    return tmp_path / 'My photos, new'


def call(photos, *arguments):
    folder = photos.parent
    return run_tool(
        folder, folder, 'label_photos.py', photos, '--tags', folder / 'tags.csv', '--recipe', RECIPE, *arguments
    )


def test_photos_and_tags_become_masks(photos, tmp_path):
    plan = call(photos, '--out', tmp_path / 'out', '--dry-run', '--json', '--long-side', 100)
    assert plan.status == 0, plan.tail
    plan = json.loads(plan.output[plan.output.index('{') :])
    assert plan['photos'] == 8 and not (tmp_path / 'out').exists()
    assert [stage['name'] for stage in plan['stages']] == [
        'classifier', 'cams', 'inter_pixel_labels', 'irnet', 'pseudo_labels'
    ]  # fmt: skip
    assert all(stage['iterations'] for stage in plan['stages'] if stage['action'] == 'train')

    run = ('--out', tmp_path / "My out, (a) 'b'", '--long-side', 100, '--cfg-options', 'iterations=2')
    run += ('--masks', tmp_path / 'masks.json', '--export', 'coco-polygons', 'yolo', 'png')
    result = call(photos, *run)
    assert result.status == 0, result.tail
    out = tmp_path / "My out, (a) 'b'"
    labels = json.loads((out / 'instances.json').read_text())
    assert len(labels['images']) == 7, 'the photo without tags is a negative: nothing is labelled in it'
    assert set(plan['classes']) == {category['name'] for category in labels['categories']}
    for image in labels['images']:
        with Image.open(photos / image['file_name']) as photo:
            assert (image['width'], image['height']) == photo.size
        with Image.open((out / 'semantic_masks' / image['file_name']).with_suffix('.png')) as mask:
            assert mask.size == (image['width'], image['height']) and mask.mode == 'P'
    numbers = json.loads((out / 'numbers.json').read_text())
    assert numbers['labels']['instances'] == len(labels['annotations'])
    assert numbers['labels']['photos'] == 7 and numbers['recipe']['stages'][-1]['complete']
    assert numbers['masks']['photos'] == 7, 'also the photo that was reduced'
    assert {'AP50', 'mIoU'} <= numbers['masks'].keys()
    assert 'Measured on the true masks of 7 photos' in result.output
    polygons = json.loads((out / 'exports/coco-polygons/instances_polygons.json').read_text())
    assert polygons['images'] == labels['images']
    for image in labels['images']:
        assert (out / 'exports/yolo/images' / image['file_name']).is_file()
        with Image.open((out / 'exports/png/SegmentationClass' / image['file_name']).with_suffix('.png')) as mask:
            assert mask.size == (image['width'], image['height'])
    assert f'Report: {out / "report.html"}' in result.output
    page = read_page(out / 'report.html')
    assert len(page.layers) == 7 and {'cam', 'boundary', 'label', 'truth'} <= {
        one['key'] for one in page.facts['layers']
    }
    assert (out / 'model/model.pth').is_file() and (out / 'model/config.py').is_file()
    inferencer = WSISInferencer(out, device='cpu', show_progress=False)
    found = inferencer(photos, out_dir=tmp_path / 'new')['predictions']
    assert len(found) == 8 and set(inferencer.classes) == set(plan['classes'])
    assert (tmp_path / 'new' / 'instances.json').is_file()

    before = (out / 'instances.json').read_bytes()
    again = call(photos, *run)
    assert again.status == 0, again.tail
    assert again.output.count('complete already') == 5
    assert (out / 'instances.json').read_bytes() == before


def test_output_folder_with_other_things_is_refused(photos, tmp_path):
    (tmp_path / 'full').mkdir()
    (tmp_path / 'full' / 'letter.txt').write_text('dear')
    result = call(photos, '--out', tmp_path / 'full')
    assert result.status == 1
    assert 'error: --out' in result.tail and 'is not empty and holds no earlier run' in result.tail
    assert [path.name for path in (tmp_path / 'full').iterdir()] == ['letter.txt']


def test_a_batch_to_keep_is_refused_before_the_work(photos, tmp_path):
    result = call(photos, '--out', tmp_path / 'out', '--gpus', 3, '--keep-batch')
    assert result.status == 1 and not (tmp_path / 'out/work').exists()
    assert 'error: Stage classifier: a batch of 4 photos cannot be divided among 3 processes' in result.tail
    planned = call(photos, '--out', tmp_path / 'out', '--gpus', 3, '--dry-run')
    assert planned.status == 0, planned.tail
    assert re.search(r'classifier +train +\d+ iterations, batch size 3\b', planned.output), planned.output


def test_a_batch_of_nothing_is_refused_before_the_work(photos, tmp_path):
    options = ('--cfg-options', 'classifier.train_dataloader.batch_size=0')
    result = call(photos, '--out', tmp_path / 'out', '--dry-run', *options)
    assert result.status == 1 and 'Traceback' not in result.output
    assert 'train_dataloader.batch_size is 0: set it to 1 or more' in result.output.splitlines()[-1]


@pytest.mark.parametrize(
    'arguments, line',
    [
        (('--out', 'out', '--export', 'voc'), "There is no export 'voc': choose among coco-polygons, yolo, png"),
        (('--out', 'My photos, new/out', '--export', 'yolo'), 'is inside the folder of the photos'),
    ],
)
def test_exports_are_checked_before_the_work(arguments, line, photos, tmp_path):
    arguments = [tmp_path / part if part.endswith('out') and part[0] != '-' else part for part in arguments]
    for more in ([], ['--dry-run']):
        result = call(photos, *arguments, *more)
        assert result.status == 1 and line in result.tail
        assert not (photos / 'out').exists() and not (tmp_path / 'out').exists()


def test_masks_that_come_later_measure_the_labels_that_there_are(photos, tmp_path):
    run = ('--out', tmp_path / 'out', '--long-side', 100, '--no-report', '--cfg-options', 'iterations=2')
    first = call(photos, *run)
    assert first.status == 0, first.tail
    assert 'masks' not in json.loads((tmp_path / 'out/numbers.json').read_text())
    later = call(photos, *run, '--masks', tmp_path / 'masks.json')
    assert later.status == 0, later.tail
    assert later.output.count('complete already') == 5
    assert 'they measure the labels at the end, but none of its stages' in later.output
    assert json.loads((tmp_path / 'out/numbers.json').read_text())['masks']['photos'] == 7
    data = (tmp_path / 'out/data/data.py').read_bytes()
    refused = call(photos, *run, '--masks', tmp_path / 'masks.json', '--weights', 'nope.pth')
    assert refused.status == 1 and (tmp_path / 'out/data/data.py').read_bytes() == data


def test_masks_that_a_run_has_begun_with_stay(photos, tmp_path):
    data, options = tmp_path / 'out/data/data.py', dict(photos=str(photos), tags=str(photos.parent / 'tags.csv'))
    plan_of = partial(LabelPhotosOptions, out=str(tmp_path / 'out'), recipe=str(RECIPE), weights='none', **options)
    make_plan(plan_of(masks=str(tmp_path / 'masks.json')), tmp_path / 'out')
    assert 'mask_file' in data.read_text()
    make_plan(plan_of(), tmp_path / 'out')
    assert 'mask_file' not in data.read_text(), 'nothing has begun yet'
    for first in ('masks.json', None):
        first, other = (str(tmp_path / first), None) if first else (None, str(tmp_path / 'masks.json'))
        shutil.rmtree(tmp_path / 'out' / 'work', ignore_errors=True)
        make_plan(plan_of(masks=first), tmp_path / 'out')
        stage = tmp_path / 'out' / 'work' / 'classifier'
        stage.mkdir(parents=True)
        (stage / 'stage.json').write_text('{}')
        before = data.read_text()
        make_plan(plan_of(masks=other), tmp_path / 'out')
        assert data.read_text() == before


def plan_in_this_process(photos, monkeypatch, *arguments):
    """Run `label_photos.py --dry-run` where standard output and standard error can be told apart."""
    words = [photos, '--tags', photos.parent / 'tags.csv', '--out', photos.parent / 'out', '--dry-run', *arguments]
    monkeypatch.setattr('sys.argv', ['label_photos.py', *map(str, words)])
    load_tool('tools/label_photos.py').main()


def test_a_plan_as_json_is_all_of_standard_output(photos, monkeypatch, capsys):
    plan_in_this_process(photos, monkeypatch, '--recipe', RECIPE, '--json', '--masks', photos.parent / 'masks.json')
    output, errors = capsys.readouterr()
    assert json.loads(output)['photos'] == 8
    assert 'photos' in errors and 'OneDL' not in errors


@pytest.mark.parametrize(
    'arguments, line',
    [
        (('--weights', 'tags.csv'), 'tags.csv is damaged or not a checkpoint'),
        (('--long-side', '0'), '--long-side is a number of pixels from 1, not 0'),
        (('--masks', 'empty'), 'holds no mask of any photo, such as of '),
        (('--out', 'tags.csv'), 'cannot be written (Not a directory): name another folder'),
        (('--classes', 'classes.txt'), 'classes.txt does not exist'),
        (('--classes', 'whale'), 'is among --classes (whale)'),
        (('--recipe', 'bestie_from_points_mobilenet-v2_photos'), 'needs `points_file` of a data set, more than photos'),
    ],
)
def test_what_would_stop_the_run_stops_its_plan(arguments, line, photos, monkeypatch, capsys):
    (photos.parent / 'empty').mkdir()
    monkeypatch.chdir(photos.parent)
    with pytest.raises(SystemExit) as caught:
        plan_in_this_process(photos, monkeypatch, '--recipe', RECIPE, *arguments)
    assert caught.value.code == 1
    assert line in capsys.readouterr().err.splitlines()[-1]


def test_json_is_of_the_plan(photos, monkeypatch, capsys):
    monkeypatch.setattr('sys.argv', ['label_photos.py', 'photos', '--tags', 'tags', '--out', 'out', '--json'])
    with pytest.raises(SystemExit):
        load_tool('tools/label_photos.py').main()
    assert '--json goes with --dry-run' in capsys.readouterr().err
