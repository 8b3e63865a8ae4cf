"""The file that describes a data set to every stage."""

from labelling_photos import make_photos
from mmengine.registry import DATASETS

from projects.wsis.apis.configs import load_config
from projects.wsis.labelling.data_file import write_data_file


def test_a_stage_reads_what_was_written(tmp_path):
    folder = tmp_path / "My 'photos', [new]"
    make_photos(folder / 'photos', ['a/1.jpg', 'b c/1.jpg', '2.jpg'])
    tags = {'a/1.jpg': ['Café'], 'b c/1.jpg': ['red fox', 'Café'], '2.jpg': []}
    data = write_data_file(folder, folder / 'photos', ('red fox', 'Café'), tags, val=['b c/1.jpg'])
    cfg = load_config('configs/cam/cam_r18_36e_demo.py', data=data)
    assert cfg.model.head.num_classes == 2
    train = DATASETS.build({**cfg.train_dataloader.dataset, 'pipeline': []})
    assert [(info['img_id'], info['tags']) for info in map(train.get_data_info, range(len(train)))] == [
        ('a/1.jpg', [1]),
        ('2.jpg', []),
    ]
    val = DATASETS.build({**cfg.val_dataloader.dataset, 'pipeline': []})
    assert [val.get_data_info(index)['img_id'] for index in range(len(val))] == ['b c/1.jpg']
    labels = DATASETS.build({**cfg.test_dataloader.dataset, 'pipeline': []})
    assert [labels.get_data_info(index)['img_id'] for index in range(len(labels))] == ['a/1.jpg']


def test_without_val_split(tmp_path):
    make_photos(tmp_path / 'photos', ['1.jpg'])
    data = write_data_file(tmp_path, tmp_path / 'photos', ('dog',), {'1.jpg': ['dog']})
    assert load_config('configs/cam/cam_r18_36e_demo.py', data=data).val_dataloader is None
