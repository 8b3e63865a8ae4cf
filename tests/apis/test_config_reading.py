"""Reading configs: another data set, options that reach what uses them."""

import pytest

from projects.wsis.apis.configs import load_config, read_options

CLASSES = ('red fox', 'traffic light', 'Café')
DATA = """
classes = {classes!r}
num_classes = len(classes)
metainfo = dict(classes=classes)
data_root = photo_folder = {root!r}
weak_dataset = dict(type='PhotoTagDataset', data_root=data_root, metainfo=metainfo, tags_file='tags.csv')
label_dataset = weak_dataset
val_dataset = {val}
"""


@pytest.fixture
def data_file(tmp_path):
    """Function: value of val_dataset -> a data file of three classes, in a folder with an odd name."""

    def write(val='dict()', classes=CLASSES, name='data.py'):
        folder = tmp_path / "My 'photos', (new)"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(DATA.format(classes=classes, root=str(folder), val=val), encoding='utf-8')
        return folder / name

    return write


def test_a_data_set_takes_the_place_of_the_configs_own(data_file):
    path = data_file('dict(weak_dataset, ann_file="val.txt")')
    cfg = load_config('configs/cam/cam_r18_36e_demo.py', data=path)
    assert cfg.model.head.num_classes == 3
    for loader, split in ((cfg.train_dataloader, None), (cfg.val_dataloader, 'val.txt'), (cfg.test_dataloader, None)):
        assert loader.dataset.type == 'PhotoTagDataset' and loader.dataset.data_root == str(path.parent)
        assert tuple(loader.dataset.metainfo.classes) == CLASSES and loader.dataset.get('ann_file') == split
    cfg = load_config('configs/cam/cam_r18_36e_demo.py')
    assert cfg.model.head.num_classes == 8, 'only while the config is read'


def test_without_val_nothing_is_validated(data_file):
    cfg = load_config('configs/mask_rcnn/mask-rcnn_r18_6e_demo.py', data=data_file())
    assert cfg.val_dataloader is None and cfg.val_cfg is None and cfg.val_evaluator is None
    assert cfg.test_dataloader is None, 'it would test on val'
    assert cfg.train_dataloader.dataset.data_prefix.img == str(data_file().parent)
    cfg = load_config('configs/cam/cam_r18_36e_demo.py', data=data_file())
    assert cfg.val_cfg is None and cfg.test_dataloader is not None, 'it makes labels of the training images'


@pytest.mark.parametrize(
    'classes, told',
    [(('cat',) * 2, 'twice'), ((), 'empty'), ('cat', 'not .cat.'), (tuple(map(str, range(255))), '254 are possible')],
)
def test_wrong_class_list(data_file, classes, told):
    with pytest.raises(ValueError, match=told) as caught:
        load_config('configs/cam/cam_r18_36e_demo.py', data=data_file(classes=classes))
    assert '\n' not in str(caught.value) and 'data.py' in str(caught.value)


def test_file_that_describes_no_data_set(tmp_path):
    (tmp_path / 'data.py').write_text("classes = ('cat', )\n")
    with pytest.raises(ValueError, match='does not define num_classes, metainfo, data_root'):
        load_config('configs/cam/cam_r18_36e_demo.py', data=tmp_path / 'data.py')
    with pytest.raises(FileNotFoundError, match='no.py not found'):
        load_config('configs/cam/cam_r18_36e_demo.py', data='no.py')


def test_config_without_data_set(data_file, tmp_path):
    (tmp_path / 'plain.py').write_text('model = dict(lr=1)\n')
    with pytest.raises(ValueError, match='has no data set that --data could replace'):
        load_config(tmp_path / 'plain.py', data=data_file())


def test_number_of_classes_that_does_not_fit():
    with pytest.raises(ValueError, match=r'model\.head\.num_classes is 20, but .* 8 \(bird, butterfly, cactus'):
        load_config('configs/cam/cam_r18_36e_demo.py', {'model.head.num_classes': 20})


def test_an_option_reaches_what_uses_it():
    cfg = load_config('configs/cam/cam_r18_36e_demo.py', {'train_pipeline.1.length_range': (64, 96)})
    assert cfg.train_dataloader.dataset.pipeline[1].length_range == (64, 96)
    cfg = load_config('configs/cam/cam_r18_36e_demo.py', {'vis_backends': [dict(type='TensorboardVisBackend')]})
    assert cfg.visualizer.vis_backends == [dict(type='TensorboardVisBackend')]


@pytest.mark.parametrize('key', ['tta_pipeline.2.transforms.0', 'train_pipeline.9.scale', 'model.head.num_classes.x'])
def test_an_option_that_does_not_fit_is_one_line(key):
    with pytest.raises(ValueError, match=f'--cfg-options: {key} does not fit into .*cam_r18') as caught:
        load_config('configs/cam/cam_r18_36e_demo.py', {key: dict(type='X')})
    assert '\n' not in str(caught.value)


def test_options_file(tmp_path):
    (tmp_path / 'options.json').write_text('{"work_dir": "My, [d]rive"}')
    assert read_options(tmp_path / 'options.json') == {'work_dir': 'My, [d]rive'}
    (tmp_path / 'options.json').write_text('[1]')
    with pytest.raises(ValueError, match='JSON object'):
        read_options(tmp_path / 'options.json')
    with pytest.raises(FileNotFoundError, match='does not exist'):
        read_options(tmp_path / 'none.json')
