"""From photos and tags to masks in one command, on the tiny demo set as anybody's photos."""

import csv
import json
import shutil
import xml.etree.ElementTree as ElementTree

import pytest
from PIL import Image
from tiny_chain.fixtures import CONFIGS, run_tool

RECIPE = CONFIGS / 'tiny_pipeline.py'


@pytest.fixture
def photos(demo_root, tmp_path):
    """The demo's training photos in folders with odd names, one too large and one without tags; their tags as CSV."""
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
    assert (out / 'model/model.pth').is_file() and (out / 'model/config.py').is_file()

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
