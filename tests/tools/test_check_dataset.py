"""Tests of tools/analysis_tools/check_dataset.py: configs and data files, exit codes, JSON, faults of lists."""

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from inspection.photo_files import cut_off, save_mask, save_photo
from mmengine.registry import DATASETS

from projects.wsis.datasets import TagDataset, VOCTagDataset
from projects.wsis.inspection.config_listing import list_config
from projects.wsis.inspection.dataset_listing import entries_of_dataset, list_dataset
from projects.wsis.structures import write_json

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / 'tools/analysis_tools/check_dataset.py'
CLASSES = ['red fox', 'Café']


@pytest.fixture()
def photo_set(tmp_path) -> Path:
    """A clean set in VOC layout: ten photos a class, two without tags, and a val photo with a mask."""
    root = tmp_path / "Meine 'Füchse', 2024 [neu]"
    names = [f'Foto {index:02}' for index in range(23)]
    for index, name in enumerate(names):
        save_photo(root / 'JPEGImages' / f'{name}.jpg', seed=index)
    tags = {name: [CLASSES[index % 2]] if index < 20 else [] for index, name in enumerate(names)}
    write_json(root / 'tags.json', tags)
    save_mask(root / 'SegmentationClass' / f'{names[22]}.png', np.eye(40, 48))
    (root / 'train.txt').write_text('\n'.join(names[:22]), encoding='utf-8')
    (root / 'val.txt').write_text(names[22], encoding='utf-8')
    return root


def write_data_file(root: Path, classes=CLASSES, **settings) -> Path:
    """Write the file that describes the set."""
    common = dict(type='VOCTagDataset', data_root=str(root), metainfo=dict(classes=classes), tags_file='tags.json')
    lines = dict(
        metainfo=common['metainfo'],
        weak_dataset=dict(common, ann_file='train.txt'),
        label_dataset=dict(common, ann_file='train.txt'),
        val_dataset=dict(common, ann_file='val.txt'),
    )
    lines.update(settings)
    path = root.parent / 'my set.py'
    path.write_text('\n'.join(f'{name} = {value!r}' for name, value in lines.items()), encoding='utf-8')
    return path


def run_tool(monkeypatch, capsys, *arguments) -> tuple[int, str]:
    """Run the tool in this process and return its exit status and what it printed."""
    monkeypatch.setattr(sys, 'argv', [str(TOOL), *map(str, arguments)])
    monkeypatch.setattr(sys, 'path', sys.path.copy())
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(str(TOOL), run_name='__main__')
    output = capsys.readouterr()
    return stop.value.code, output.out or output.err


def check(monkeypatch, capsys, config: Path) -> tuple[int, dict]:
    """Run the tool with --json and return its exit status and {kind: examples}."""
    code, output = run_tool(monkeypatch, capsys, config, '--json', '--processes', 1)
    return code, {finding['kind']: finding['examples'] for finding in json.loads(output)['findings']}


def test_clean_set(photo_set):
    config = write_data_file(photo_set)
    # from another folder; libraries print on their first import, so only a new process shows that stdout is JSON alone
    done = subprocess.run(
        [sys.executable, TOOL, config.name, '--json', '--processes', '2'],
        cwd=config.parent,
        capture_output=True,
        text=True,
        env={**os.environ, 'OMP_NUM_THREADS': '1'},
    )
    assert done.returncode == 0, done.stderr
    content = json.loads(done.stdout)
    assert set(content) == {'photos', 'classes', 'findings'}
    assert (content['photos'], content['classes']) == (23, {'red fox': 10, 'Café': 10})
    assert [finding['kind'] for finding in content['findings']] == ['photo_without_tag']
    assert set(content['findings'][0]) == {'level', 'kind', 'count', 'examples', 'advice'}


def test_report_and_exit_status_of_a_set_with_faults(photo_set, monkeypatch, capsys):
    cut_off(str(photo_set / 'JPEGImages/Foto 03.jpg'))
    (photo_set / 'JPEGImages/Foto 04.jpg').unlink()
    code, report = run_tool(monkeypatch, capsys, write_data_file(photo_set))
    assert code == 1
    assert 'missing photos: 1 (Foto 04)' in report
    assert 'photos cut off before their end: 1 (Foto 03' in report
    assert 'fewer than 10 training photos: 2 (red fox (9), Café (9))' in report
    assert report.splitlines()[-1] == '2 errors, 2 warnings in 23 photos'


def test_faults_of_lists_do_not_hide_each_other(photo_set, monkeypatch, capsys):
    cut_off(str(photo_set / 'JPEGImages/Foto 03.jpg'))
    (photo_set / 'val.txt').unlink()
    with open(photo_set / 'train.txt', 'a', encoding='utf-8') as file:
        file.write('\nFoto 01\n')
    tags = json.loads((photo_set / 'tags.json').read_text(encoding='utf-8'))
    tags.update({'Foto 05': ['red fux'], 'gone': ['Café']})
    write_json(photo_set / 'tags.json', tags)
    code, found = check(monkeypatch, capsys, write_data_file(photo_set, num_classes=20))
    assert code == 1
    assert 'val.txt does not exist' in found['unreadable_list'][0]
    assert 'num_classes is 20' in found['bad_class_list'][0]
    assert found['unknown_tag'] == ["'red fux' (first: Foto 05; 'red fox'?)"]
    assert found['tag_without_photo'] == ['gone']
    assert found['tag_in_no_split'] == ['Foto 22.jpg']
    assert found['doubled_split_line'] == ['Foto 01']
    assert found['few_photos'] == ['Café (8)']
    assert 'truncated_photo' in found


def test_missing_split_is_told_in_full(photo_set, monkeypatch, capsys):
    for name in ('train.txt', 'val.txt'):
        (photo_set / name).unlink()
    code, report = run_tool(monkeypatch, capsys, write_data_file(photo_set))
    assert code == 1
    assert f'Split file {photo_set / "train.txt"} does not exist' in report
    assert report.splitlines()[-1] == '2 errors, 0 warnings in 0 photos'


def test_tags_that_cannot_be_read(photo_set, monkeypatch, capsys):
    (photo_set / 'tags.json').write_text('{', encoding='utf-8')
    code, found = check(monkeypatch, capsys, write_data_file(photo_set))
    assert code == 1
    assert 'tags.json' in found['unreadable_list'][0]
    assert 'no_tag' not in found


def test_class_list_that_is_a_text(photo_set, monkeypatch, capsys):
    code, found = check(monkeypatch, capsys, write_data_file(photo_set, classes='red fox'))
    assert code == 1
    assert found['bad_class_list'] == ["classes is the text 'red fox'"]


@pytest.mark.parametrize(
    ('settings', 'kind', 'words'),
    [
        (dict(type='NoSuchDataset'), 'unreadable_list', "'NoSuchDataset' is not a data set of photos with tags"),
        (dict(type='CocoDataset'), 'unreadable_list', "'CocoDataset' is not a data set of photos with tags"),
        (dict(type=None), 'unreadable_list', 'None is not a data set of photos with tags'),
        (dict(no_such_setting=1), 'unreadable_list', 'no_such_setting'),
        (dict(data_prefix='photos'), 'unreadable_list', "'str' object"),
        (dict(metainfo=dict(classes=[])), 'bad_class_list', 'no class is named'),
        (dict(metainfo=dict(classes=[1, 2])), 'bad_class_list', '1 is not a name'),
        (dict(metainfo=dict(classes=None)), 'bad_class_list', 'classes is None'),
        (dict(data_root='nowhere'), 'unreadable_list', 'nowhere'),
    ],
)
def test_wrong_settings_are_findings(photo_set, monkeypatch, capsys, settings, kind, words):
    weak = dict(type='VOCTagDataset', data_root=str(photo_set), metainfo=dict(classes=CLASSES))
    weak.update(ann_file='train.txt', tags_file='tags.json')
    config = write_data_file(photo_set, weak_dataset={**weak, **settings}, label_dataset=None)
    code, found = check(monkeypatch, capsys, config)
    assert code == 1
    assert words in found[kind][0]


def test_no_val_split(photo_set, monkeypatch, capsys):
    code, found = check(monkeypatch, capsys, write_data_file(photo_set, val_dataset=None))
    assert (code, set(found)) == (0, {'photo_without_tag', 'tag_in_no_split'})


def test_masks_of_val_are_looked_at(photo_set, monkeypatch, capsys):
    save_mask(photo_set / 'SegmentationClass/Foto 22.png', np.full((40, 48), 7))
    code, found = check(monkeypatch, capsys, write_data_file(photo_set))
    assert code == 1
    assert 'Foto 22.png (7)' in found['mask_value_of_no_class'][0]


def test_stage_config_names_its_loaders(photo_set):
    data = dict(type='VOCTagDataset', data_root=str(photo_set), tags_file='tags.json', metainfo=dict(classes=CLASSES))
    train = dict(type='RepeatDataset', times=2, dataset=dict(data, ann_file='train.txt', pipeline=[dict(type='Any')]))
    path = write_data_file(
        photo_set,
        train_dataloader=dict(batch_size=2, dataset=train),
        val_dataloader=None,
        test_dataloader=dict(dataset=dict(data, ann_file='val.txt', data_prefix=dict(cams='no such store'))),
    )
    entries = list_config(path).entries
    assert [entry.split for entry in entries] == ['train'] * 22 + ['test']
    assert entries[0].path == str(photo_set / 'JPEGImages/Foto 00.jpg')
    assert entries[0].tags == ('red fox',)


def test_labels_are_made_of_photos_for_training(photo_set):
    data = dict(type='VOCTagDataset', data_root=str(photo_set), tags_file='tags.json', metainfo=dict(classes=CLASSES))
    labelled = dict(data, ann_file='val.txt', mode='pseudo_label')
    path = write_data_file(photo_set, test_dataloader=dict(dataset=labelled))
    assert [entry.split for entry in list_config(path).entries] == ['train']


def test_entries_of_a_loaded_data_set_are_those_of_its_config(photo_set):
    dataset = VOCTagDataset(
        data_root=str(photo_set),
        tags_file='tags.json',
        metainfo=dict(classes=CLASSES),
        ann_file='val.txt',
        with_masks=True,
    )
    entries = entries_of_dataset(dataset, 'val')
    assert entries == [entry for entry in list_config(write_data_file(photo_set)).entries if entry.split == 'val']
    assert entries[0].semantic_mask.endswith('Foto 22.png')


@pytest.fixture()
def photo_tree(tmp_path) -> dict:
    """Settings of photos in folders that are their classes, twelve in each."""
    root = tmp_path / 'tree'
    for index in range(24):
        save_photo(root / CLASSES[index % 2] / 'a b' / f'{index}.JPG', seed=index, format='JPEG')
    return dict(type='PhotoTagDataset', data_root=str(root), metainfo=dict(classes=CLASSES), tags_file='.')


def test_photos_in_folders(photo_tree, tmp_path, monkeypatch, capsys):
    root = Path(photo_tree['data_root'])
    save_photo(root / 'dog/1.png', seed=99)
    (root / 'train.txt').write_text(
        '\n'.join(f'red fox/a b/{index}' for index in range(0, 24, 2)) + '\ndog/1\ndog/none'
    )
    weak = dict(photo_tree, ann_file='train.txt')
    code, found = check(
        monkeypatch, capsys, write_data_file(tmp_path / 'x', weak_dataset=weak, label_dataset=None, val_dataset=None)
    )
    assert code == 1
    assert found['unknown_tag'] == ["'dog' (first: dog/1.png)"]
    assert found['missing_photo'] == ['dog/none']
    assert len(found['tag_in_no_split']) == 5 and 'Café/a b/1.JPG' in found['tag_in_no_split']


def test_masks_in_a_coco_json(photo_tree):
    root = Path(photo_tree['data_root'])
    square = dict(id=1, image_id=1, category_id=1, segmentation=[[0, 0, 9, 0, 9, 9]], iscrowd=0)
    content = dict(
        images=[dict(id=1, file_name='red fox/a b/0.JPG', width=48, height=40)],
        categories=[dict(id=1, name='red fox')],
        annotations=[square],
    )
    write_json(root / 'masks.json', content)
    listing = list_dataset(dict(photo_tree, mask_file='masks.json'), 'val')
    assert (len(listing.entries), listing.findings) == (24, [])
    masked = next(entry for entry in listing.entries if entry.photo == 'red fox/a b/0.JPG')
    assert (masked.mask_sizes, masked.polygon_extent) == ((), (9, 9))
    content['annotations'].append(dict(square, id=2, segmentation=dict(size=[40, 48], counts='')))
    write_json(root / 'masks.json', content)
    listing = list_dataset(dict(photo_tree, mask_file='masks.json'), 'val')
    masked = next(entry for entry in listing.entries if entry.photo == 'red fox/a b/0.JPG')
    assert masked.mask_sizes == ((48, 40),)
    content['categories'][0]['name'] = 'dog'
    write_json(root / 'masks.json', content)
    listing = list_dataset(dict(photo_tree, mask_file='masks.json'), 'val')
    assert len(listing.entries) == 24
    assert "category 'dog' is not in the class list" in listing.findings[0].examples[0]


def test_one_split_file_of_two_is_missing(photo_set):
    data = dict(type='VOCTagDataset', data_root=str(photo_set), tags_file='tags.json', metainfo=dict(classes=CLASSES))
    listing = list_dataset(dict(data, ann_file='train.txt,none.txt'), 'train')
    assert len(listing.entries) == 22
    assert 'none.txt does not exist' in listing.findings[0].examples[0]


def test_one_xml_file_of_many_is_missing(photo_set):
    for index in range(21):
        path = photo_set / 'Annotations' / f'Foto {index:02}.xml'
        path.parent.mkdir(exist_ok=True)
        path.write_text('<annotation><object><name>Red  Fox</name></object></annotation>')
    data = dict(type='VOCTagDataset', data_root=str(photo_set), ann_file='train.txt', metainfo=dict(classes=CLASSES))
    listing = list_dataset(data, 'train')
    assert [entry.tags for entry in listing.entries] == [('red fox',)] * 21 + [()]
    assert (listing.findings[0].count, listing.tags_read) == (1, True)
    assert 'Foto 21.xml does not exist' in listing.findings[0].examples[0]


def test_wrong_class_list_hides_no_photo(photo_set):
    classes = [*CLASSES, 'red fox', 'RED FOX', '']
    data = dict(type='VOCTagDataset', data_root=str(photo_set), tags_file='tags.json', metainfo=dict(classes=classes))
    listing = list_dataset(dict(data, ann_file='train.txt'), 'train')
    assert (listing.classes, listing.findings) == (tuple(classes), [])
    assert listing.entries[0].tags == ('red fox',)


def test_any_format_of_tagged_photos_is_checked(photo_set):
    class OwnFormat(TagDataset):
        METAINFO = dict(classes=CLASSES)

        def list_photos(self):
            return {f'photo {index}': str(photo_set / f'JPEGImages/Foto {index:02}.jpg') for index in range(3)}

        def read_photo_tags(self, photos):
            if 'photo 1' in photos:
                raise RuntimeError('no tags\nfor photo 1')
            return dict.fromkeys(photos, ['red fox'])

        def name_masks(self, photo):
            return dict(seg_map_path='a.png') if photo != 'photo 2' else {}[photo]

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(DATASETS._module_dict, 'OwnFormat', OwnFormat)
        listing = list_dataset(dict(type='OwnFormat', data_root=str(photo_set)), 'train')
    assert [entry.tags for entry in listing.entries] == [('red fox',), (), ('red fox',)]
    assert [entry.semantic_mask for entry in listing.entries] == ['a.png', 'a.png', None]
    assert listing.findings[0].examples == ['RuntimeError: no tags for photo 1', "KeyError: 'photo 2'"]


@pytest.mark.parametrize(
    ('content', 'words'),
    [
        (None, 'not found'),
        ('a = 1', 'names no data set'),
        ('a = (', 'cannot be read'),
        ('a = b', "'b' is not defined"),
        ('a = 1 / 0', 'by zero'),
    ],
)
def test_config_that_is_none(tmp_path, monkeypatch, capsys, content, words):
    path = tmp_path / 'config.py'
    if content is not None:
        path.write_text(content)
    code, output = run_tool(monkeypatch, capsys, path)
    assert code == 1
    assert output.startswith('error: ')
    assert words in output
    assert len(output.splitlines()) == 1
