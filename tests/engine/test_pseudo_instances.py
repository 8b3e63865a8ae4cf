"""A json without instances to train on, or of another class list, is one line before training."""

import json

import pytest

from projects.wsis.engine.pseudo_instances import check_pseudo_instances


def write(path, sizes=((64, 64),), owners=(1,), categories=('cat', 'dog'), **entry):
    images = [dict(id=i, file_name=f'{i}.jpg', width=w, height=h) for i, (w, h) in enumerate(sizes, 1)]
    entry = dict(area=16.0, bbox=[0, 0, 4, 4], category_id=1, **entry)
    annotations = [dict(entry, id=number, image_id=owner) for number, owner in enumerate(owners, 1)]
    names = [dict(id=number, name=name) for number, name in enumerate(categories, 1)]
    path.write_text(json.dumps(dict(images=images, annotations=annotations, categories=names)))


def check(path, classes=('cat', 'dog'), filter_cfg=None, **settings):
    filter_cfg = filter_cfg or dict(filter_empty_gt=True, min_size=32)
    dataset = dict(type='CocoDataset', data_root=str(path.parent), ann_file=path.name, filter_cfg=filter_cfg)
    dataset.update(metainfo=dict(classes=classes), **settings)
    check_pseudo_instances(dict(type='RepeatDataset', dataset=dataset))


@pytest.fixture
def path(tmp_path):
    return tmp_path / 'instances.json'


def test_instances_that_are_left_pass(path):
    write(path, sizes=((8, 99), (32, 40)), owners=(1, 2))
    check(path)
    write(path, owners=())
    check(path, filter_cfg=dict(filter_empty_gt=False))
    check_pseudo_instances(dict(type='VOCTagDataset'))


@pytest.mark.parametrize(
    'content, words',
    [
        (dict(owners=()), r'no pseudo instance is left to train on in 1 photos: lower the threshold'),
        (dict(sizes=((31, 64), (64, 64))), r'all 1 photos with pseudo instances are less than 32 px '),
        (
            dict(categories=('cat',)),
            r"made for 1 classes, the data set has 2; .* class 1, is none there and 'dog' here",
        ),
        (dict(categories=('dog', 'cow')), r"class 0, is 'dog' there and 'cat' here; make the pseudo instances again"),
    ],
)
def test_nothing_to_train_on_is_one_line(path, content, words):
    write(path, **content)
    with pytest.raises(ValueError, match=rf'instances\.json.*{words}') as caught:
        check(path)
    assert '\n' not in str(caught.value)


def test_files_that_are_no_coco_json(path):
    with pytest.raises(FileNotFoundError, match='does not exist: make the pseudo instances first'):
        check(path)
    path.write_text('[]')
    with pytest.raises(ValueError, match='a COCO json with images, annotations and categories is needed'):
        check(path)


@pytest.mark.parametrize(
    'change',
    [dict(annotations=[None]), dict(annotations=[{}]), dict(annotations=[dict(area=1, bbox=[1, 1], image_id=1)])],
)
def test_damaged_entries_are_one_line(path, change):
    write(path)
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(ValueError, match=r'instances\.json is damaged .*; make the pseudo instances again') as caught:
        check(path)
    assert '\n' not in str(caught.value)
