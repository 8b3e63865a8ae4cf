"""One file takes the place of a config's data set, whatever derives from it, and bad files get one line."""

import sys
from pathlib import Path

import pytest
from mmengine.config import Config

from projects.wsis.apis.data_choice import check_data_file, drop_missing_validation, read_config
from projects.wsis.recipes.stage import read_stages

ROOT = Path(__file__).resolve().parents[2]
LEAF = ROOT / 'configs/cam/cam_r18_36e_demo.py'
PHOTOS = (ROOT / 'tests/data/photos.py').read_text(encoding='utf-8')
CLASSES = ('red fox', 'traffic light', 'Café')


def write(folder: Path, text: str = PHOTOS, name: str = 'mine.py') -> Path:
    path = folder / name
    path.write_text(text, encoding='utf-8')
    return path


def test_all_that_derives_from_the_data_set_follows(tmp_path):
    cfg = read_config(LEAF, write(tmp_path))
    assert cfg.model.head.num_classes == cfg.num_classes == 3
    for loader, split in ((cfg.train_dataloader, 'train.txt'), (cfg.val_dataloader, 'val.txt')):
        assert loader.dataset.metainfo.classes == CLASSES and loader.dataset.ann_file == split
    assert cfg.test_dataloader.dataset.data_prefix.sem_seg == 'masks'
    assert Config.fromfile(str(LEAF)).num_classes == read_config(LEAF).num_classes == 8  # nothing of it stays


def test_stores_do_not_take_the_place_of_mask_folders(tmp_path):
    cfg = read_config(ROOT / 'configs/irnet/irnet_r18_20e_demo.py', write(tmp_path))
    assert set(cfg.test_dataloader.dataset.data_prefix) == {'sem_seg', 'cams'}
    assert set(cfg.train_dataloader.dataset.data_prefix) == {'sem_seg', 'inter_pixel_labels'}


def test_a_data_file_may_have_bases_of_its_own_in_a_folder_of_that_name(tmp_path):
    (tmp_path / 'datasets').mkdir()
    write(tmp_path / 'datasets', name='classes.py')
    write(tmp_path / 'datasets', "_base_ = './classes.py'\n", name='all.py')
    data = write(tmp_path / 'datasets', "_base_ = './all.py'\nval_dataset = dict(ann_file='other.txt')\n")
    cfg = read_config(LEAF, data)
    assert cfg.num_classes == 3 and cfg.val_dataloader.dataset.ann_file == 'other.txt'


def test_the_data_set_of_a_base_of_a_base_is_replaced_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path, f'_base_ = {str(ROOT / "configs/bestie/bestie-points_r18_18e_demo-labels.py")!r}\n', 'leaf.py')
    cfg = read_config('leaf.py', write(tmp_path).name)
    assert cfg.test_dataloader.dataset.points_file == 'my photos/points.json'


@pytest.mark.parametrize('named', ["['my_reader', 'projects.wsis']", "'my_reader'"])
def test_a_data_file_imports_its_own_reader(tmp_path, monkeypatch, named):
    (tmp_path / 'my_reader.py').write_text('count = 0\n')
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, 'my_reader', raising=False)
    cfg = read_config(LEAF, write(tmp_path, PHOTOS + f'custom_imports = dict(imports={named})\n'))
    assert 'my_reader' in sys.modules
    # what the run writes of its config can be read alone
    assert cfg.custom_imports.imports == [*read_config(LEAF).custom_imports.imports, 'my_reader']
    recipe = read_config(ROOT / 'configs/recipes/irnet_r18_demo.py', tmp_path / 'mine.py')
    assert recipe.stages and 'imports' not in recipe.get('custom_imports', {})


def test_a_recipe_reads_it_where_it_names_photos(tmp_path):
    recipe = read_config(ROOT / 'configs/recipes/ppc_eps_irnet_deeplab_r18_demo.py', write(tmp_path))
    saliency = read_stages(recipe)[0]
    assert saliency.reads == ['my photos/'] and saliency.arguments[0] == 'my photos/'


@pytest.mark.parametrize(
    'old, new, message',
    [
        ('photo_folder = data_root\n', '', 'does not define photo_folder'),
        ("ann_file='val.txt')", "ann_file='val.txt')\nweak_dataset = None", 'weak_dataset is None'),
        ("type='PhotoTagDataset', ", '', 'weak_dataset lacks type'),
        ("('red fox', 'traffic light', 'Café')", "('cat')", "not 'cat'"),
        ("'red fox'", "'Café'", "'Café' twice"),
        ('len(classes)', '20', 'num_classes is 20, but there are 3 classes'),
        ('dict(classes=classes)', "dict(classes=('a', 'b', 'c'))", 'metainfo.classes are not the classes'),
        ('dict(classes=classes)', 'None', 'metainfo.classes are not the classes'),
        ('dict(classes=classes)', 'dict(classes=-1)', 'metainfo.classes are not the classes'),
        ('dict(classes=classes)', 'dict(classes=None)', 'metainfo.classes are not the classes'),
        ('num_classes =', "untagged_photos = 'negatives'\nnum_classes =", "untagged_photos is 'negatives'"),
        ('num_classes =', "num_classes = 'a' +", 'cannot be read: can only concatenate'),
        ('num_classes =', 'num_classes = (', 'cannot be read'),
    ],
)
def test_a_bad_data_file_gets_one_line(old, new, message, tmp_path):
    assert old in PHOTOS
    data = write(tmp_path, PHOTOS.replace(old, new))
    with pytest.raises(ValueError, match='mine.py') as caught:
        read_config(LEAF, data)
    assert message in str(caught.value) and '\n' not in str(caught.value)


def test_what_only_some_stages_read_is_missed_by_them_alone(tmp_path):
    data = write(tmp_path, PHOTOS.replace("points_file = data_root + 'points.json'\n", ''))
    assert read_config(LEAF, data).num_classes == 3
    leaf = ROOT / 'configs/bestie/bestie-points_r18_18e_demo.py'
    with pytest.raises(ValueError, match=rf'mine.py does not define points_file, which config .*{leaf.name} reads'):
        read_config(leaf, data)


def test_a_config_without_a_data_set_gets_one_line(tmp_path):
    leaf = write(tmp_path, 'model = dict()\n', 'leaf.py')
    with pytest.raises(ValueError, match='leaf.py has no data set that --data could replace'):
        read_config(leaf, write(tmp_path))
    assert read_config(leaf).model == {}


@pytest.mark.parametrize('val', ['None', 'dict()'])
def test_without_a_val_split_nothing_is_validated(val, tmp_path):
    data = write(tmp_path, PHOTOS.replace("dict(label_dataset, ann_file='val.txt')", val))
    assert not check_data_file(data).val_dataset
    for name, tested in (('deeplab/deeplab-v2_r18_20e_demo', False), ('deeplab/deeplab-v2_r18_20e_demo-maps', True)):
        cfg = read_config(ROOT / 'configs' / f'{name}.py', data)
        drop_missing_validation(cfg)
        assert cfg.val_dataloader is None and cfg.val_cfg is None and cfg.val_evaluator is None
        assert (cfg.test_dataloader is not None) == tested
