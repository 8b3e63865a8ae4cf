"""A name of the zoo gives a model, from a folder of published ones or by an address; what is wrong gets one line."""

import hashlib
import importlib.util
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from random_models import save_random_model

from projects.wsis.apis import WSISInferencer
from projects.wsis.apis.inference.trained_model import TrainedModel
from projects.wsis.apis.publishing import publish_model
from projects.wsis.apis.zoo import find
from projects.wsis.apis.zoo.metafiles import ZooModel, find_project_root
from projects.wsis.apis.zoo.release import publish_recipe
from projects.wsis.engine import safe_checkpoint
from projects.wsis.structures import write_json

ROOT = Path(__file__).resolve().parents[3]
IMAGE = np.random.default_rng(0).integers(0, 256, (61, 94, 3), np.uint8)
STAGES = dict(classifier=('cam', []), irnet=('irnet', ['classifier']), mask_rcnn=('mask_rcnn', ['pseudo_labels']))


@pytest.fixture(scope='module')
def work_dir(tmp_path_factory):
    """What a finished recipe leaves, with random weights."""
    work = tmp_path_factory.mktemp('release') / 'work'
    for stage, (kind, inputs) in STAGES.items():
        config, checkpoint = save_random_model(kind, work / stage)
        digest = hashlib.sha256(Path(checkpoint).read_bytes()).hexdigest()
        record = dict(name=stage, action='train', config=kind, complete=True, inputs=inputs)
        metrics = {'multi_label/mAP': 85.5} if kind == 'cam' else {}
        write_json(work / stage / 'stage.json', dict(record, metrics=metrics, outputs={'file:epoch_1.pth': digest}))
    made = dict(
        pseudo_labels=('irnet', ['irnet'], {'voc/AP50': 62.7}), cams=('cam', ['classifier'], {'seed/mIoU': 46.8})
    )
    for stage, (kind, inputs, metrics) in made.items():
        record = dict(name=stage, action='predict', config=kind, complete=True, inputs=inputs, outputs={})
        write_json(work / stage / 'stage.json', dict(record, metrics=metrics))
    write_json(work / 'results.json', dict(stages=[dict(name=name) for name in (*STAGES, *made)]))
    return work


@pytest.fixture(scope='module')
def zoo(work_dir):
    """The folder that `publish_model.py WORK_DIR FOLDER --all` writes."""
    folder = work_dir.parent / 'zoo'
    tool = ROOT / 'tools' / 'model_converters' / 'publish_model.py'
    spec = importlib.util.spec_from_file_location('publish_model', tool)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr('sys.argv', ['publish_model.py', str(work_dir), str(folder), '--all'])
        module.main()
    return folder


@pytest.fixture
def named_zoo(zoo, tmp_path, monkeypatch):
    """A copy of that folder, named by the environment variable."""
    folder = tmp_path / 'zoo'
    shutil.copytree(zoo, folder)
    monkeypatch.setenv('WSIS_ZOO', str(folder))
    monkeypatch.chdir(tmp_path)
    return folder


def use(name, **options):
    return WSISInferencer(name, device='cpu', show_progress=False, **options)


def the(folder, pattern):
    (path,) = folder.glob(pattern)
    return path


def refuse(name, error, line):
    with pytest.raises(error, match=line) as caught:
        use(name)
    assert '\n' not in str(caught.value)


def test_release_holds_every_trained_stage_with_its_numbers(zoo):
    index = yaml.safe_load((zoo / 'model-index.yml').read_text())
    models = {model['Name']: model for model in index['Models']}
    assert list(models) == ['cam', 'irnet', 'mask_rcnn']
    assert models['cam']['Metrics'] == {'classifier/multi_label/mAP': 85.5, 'cams/seed/mIoU': 46.8}
    assert models['irnet']['Metrics'] == {'pseudo_labels/voc/AP50': 62.7}
    for model in models.values():
        content = (zoo / model['Weights']).read_bytes()
        assert model['Metadata']['SHA-256'] == hashlib.sha256(content).hexdigest()
        assert (zoo / model['Config']).is_file() and model['Metadata']['Classes'][0] == 'bird'
    names = {path.name for path in zoo.iterdir()}
    assert names == {'model-index.yml', *(model[key] for model in models.values() for key in ('Weights', 'Config'))}


@pytest.mark.parametrize('name, gives', [('mask_rcnn', 'masks'), ('cam', 'tag_scores'), ('irnet', 'sem_seg')])
def test_a_name_gives_what_the_training_gives(named_zoo, work_dir, name, gives):
    stage = next(stage for stage, (kind, _) in STAGES.items() if kind == name)
    options = dict(classifier=work_dir / 'classifier') if name == 'irnet' else {}
    expected = use(work_dir / stage, **options)(IMAGE)['predictions'][0]
    found = use(name)(IMAGE)['predictions'][0]  # IRNet finds its classifier
    assert gives in found and found.keys() == expected.keys()
    for key, value in expected.items():
        assert np.array_equal(found[key], value), key
    assert WSISInferencer.list_models(patterns='c') == ['cam']


def test_the_newest_of_two_versions_counts_and_the_full_name_chooses(named_zoo, monkeypatch):
    said = []
    monkeypatch.setattr('projects.wsis.apis.zoo.folder.print_log', lambda text, *_: said.append(text))
    first = the(named_zoo, 'cam-*.pth')
    model = TrainedModel(str(first.with_suffix('.py')), str(first))
    second = publish_model(model, named_zoo, 'cam', metrics=dict(AP50=1.0)).checkpoint
    for path, seconds in ((first, 2000), (second, 1000)):
        os.utime(path, (seconds, seconds))
    assert Path(find.find_zoo_model('cam').checkpoint) == first
    assert said == [
        f'cam is in {named_zoo} in 2 versions: the newest file, {first.stem}, is taken; '
        f'name another one in full: {second.stem}'
    ]
    assert Path(find.find_zoo_model(second.stem).checkpoint) == second
    assert len(said) == 1


def test_unknown_names_get_the_nearest(named_zoo, monkeypatch):
    refuse('mask-rcn', FileNotFoundError, f'model index or in {named_zoo} \\(WSIS_ZOO\\); nearest names: mask_rcnn')
    refuse('cam_r18_36_demo', FileNotFoundError, 'no model of the model index.*nearest names: cam_r18_36e_demo')
    refuse('cam_r18_36e_demo', ValueError, f'has no published checkpoint and is not in {named_zoo}')
    monkeypatch.delenv('WSIS_ZOO')
    refuse('mask_rcnn', FileNotFoundError, r'model of the model index \(WSIS_ZOO is not set\)')
    monkeypatch.setenv('WSIS_ZOO', str(named_zoo / 'nowhere'))
    refuse('mask_rcnn', FileNotFoundError, 'WSIS_ZOO names .*nowhere, which is no folder')


def test_files_that_do_not_belong_together_get_one_line(named_zoo):
    checkpoint = the(named_zoo, 'cam-*.pth')
    config = checkpoint.with_suffix('.py')
    text = config.read_text()
    config.write_text(text.replace("'bird'", "'wren'"))
    refuse('cam', ValueError, "was trained for .*class 0, is 'bird' there and 'wren' here")
    config.write_text(the(named_zoo, 'mask_rcnn-*.py').read_text())
    refuse('cam', ValueError, 'is not of this model \\(MaskRCNN\\)')
    config.unlink()
    refuse('cam', FileNotFoundError, f'{checkpoint.name} has no {config.name} beside it')
    config.write_text(text)
    content = bytearray(checkpoint.read_bytes())
    content[-1] ^= 1
    checkpoint.write_bytes(content)
    refuse('cam', ValueError, f'{checkpoint.name} is damaged or not what its name says')
    checkpoint.unlink()
    refuse('cam', FileNotFoundError, f'{config.name} has no {checkpoint.name} beside it')


def test_an_address_is_fetched_into_the_cache_and_checked(zoo, tmp_path, monkeypatch):
    published, fetched = the(zoo, 'mask_rcnn-*.pth'), []

    def download(url, target, progress):
        fetched.append(url)
        shutil.copyfile(published, target)

    config = 'configs/mask_rcnn/mask-rcnn_r18_6e_demo.py'
    model = ZooModel('online', 'M', config, '', f'https://nowhere.invalid/{published.name}?raw=1', {}, ())
    monkeypatch.setattr(find, 'read_model_index', lambda: (model,))
    monkeypatch.setattr(safe_checkpoint, 'get_dir', lambda: str(tmp_path))
    monkeypatch.setattr(safe_checkpoint, 'download_url_to_file', download)
    monkeypatch.delenv('WSIS_ZOO', raising=False)
    assert WSISInferencer.list_models() == ['online'] and not fetched
    for _ in range(2):
        found = find.find_zoo_model('online')
        assert Path(found.config) == find_project_root() / config
        assert Path(found.checkpoint) == tmp_path / 'checkpoints' / published.name
    assert fetched == [model.weights]
    assert use('online').classes[0] == 'bird'
    Path(found.checkpoint).write_bytes(b'half')
    refuse('online', ValueError, 'is damaged or not what its name says.*delete it, and it is fetched again')


def test_what_cannot_be_released_gets_one_line(work_dir, tmp_path):
    with pytest.raises(FileNotFoundError, match='holds no trained stage of a recipe'):
        publish_recipe(tmp_path, tmp_path / 'zoo')
    copy = tmp_path / 'work'
    shutil.copytree(work_dir, copy)
    (copy / 'results.json').unlink()
    with pytest.raises(ValueError, match='work has not finished: run it again, it goes on'):
        publish_recipe(copy, tmp_path / 'zoo')
    record = dict(name='cams', action='predict', complete=False)
    write_json(copy / 'cams' / 'stage.json', record)
    with pytest.raises(ValueError, match=r'has not finished \(not complete: cams\)'):
        publish_recipe(copy, tmp_path / 'zoo')
    assert not (tmp_path / 'zoo').exists()


def test_paths_are_no_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'here').touch()
    assert find.is_zoo_name('cam_r18_36e_demo') and find.is_zoo_name('cam-0123abcd')
    assert not any(find.is_zoo_name(text) for text in ('here', 'work_dirs/demo', 'cam.py', '', '..'))
