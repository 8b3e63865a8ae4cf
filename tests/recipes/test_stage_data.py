"""Facts about data that are in the key of a stage."""

import time

import pytest

from projects.wsis.recipes.stage_data import describe_data

FILES = (
    'train.txt',
    'more.txt',
    'tags.json',
    'JPEGImages/a photo.jpg',
    'JPEGImages/b.jpg',
    'JPEGImages/unused.jpg',
    'Annotations/b.xml',
    'SegmentationClass/b.png',
    'maps/b.png',
    'maps/unused.png',
)


@pytest.fixture
def config(tmp_path):
    for name in FILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / 'train.txt').write_text('a photo\n')
    (tmp_path / 'more.txt').write_text('JPEGImages/b.jpg SegmentationClass/b.png\n')
    (tmp_path / 'weights.pth').write_text('weights')
    dataset = dict(type='VOCTagDataset', data_root=f'{tmp_path}', ann_file='train.txt, more.txt', tags_file='tags.json')
    weak = dict(dataset, data_prefix=dict(saliency='maps'))
    return dict(
        model=dict(backbone=dict(init_cfg=dict(type='Pretrained', checkpoint=f'{tmp_path}/weights.pth'))),
        train_dataloader=dict(dataset=dict(type='RepeatDataset', dataset=weak)),
        test_dataloader=dict(dataset=dict(dataset, ann_file=['more.txt'], with_masks=True)),
    )


@pytest.mark.parametrize(
    'name, train, predict',
    [
        ('train.txt', True, False),
        ('more.txt', True, True),
        ('tags.json', True, True),
        ('JPEGImages/a photo.jpg', True, False),
        ('JPEGImages/b.jpg', True, True),
        ('JPEGImages/unused.jpg', False, False),
        ('Annotations/b.xml', True, True),
        ('SegmentationClass/b.png', False, True),
        ('maps/b.png', True, False),
        ('maps/unused.png', False, False),
        ('weights.pth', True, True),
    ],
)
@pytest.mark.parametrize('change', ['write', 'remove'])
def test_change_of_a_file_counts_where_it_is_read(config, tmp_path, name, train, predict, change):
    before = [describe_data(config, action) for action in ('train', 'predict')]
    assert [describe_data(config, action) for action in ('train', 'predict')] == before
    if change == 'write':
        (tmp_path / name).write_text('some other content')
    else:
        (tmp_path / name).unlink()
    after = [describe_data(config, action) for action in ('train', 'predict')]
    assert [old != new for old, new in zip(before, after)] == [train, predict]


def test_missing_data_and_other_data_sets_are_no_error():
    coco = dict(type='CocoDataset', ann_file=None, data_prefix=dict(img='nowhere'))
    config = dict(model=dict(init_cfg=[dict(type='Normal')]), load_from='https://x.org/a.pth')
    assert describe_data(dict(config, train_dataloader=dict(dataset=coco), val_dataloader=None), 'train')
    assert describe_data(dict(config, test_dataloader=dict(dataset=dict(ann_file='none.json'))), 'predict')
    assert describe_data({}, 'train') == [[], []]


def test_twenty_thousand_photos_take_less_than_a_second(config, tmp_path):
    names = [f'photo_{number:06d}' for number in range(20000)]
    for name in names:
        (tmp_path / 'JPEGImages' / f'{name}.jpg').touch()
    (tmp_path / 'train.txt').write_text('\n'.join(names))
    began = time.process_time()
    describe_data(config, 'train')
    assert time.process_time() - began < 1
