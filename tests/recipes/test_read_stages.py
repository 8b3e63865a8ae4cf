"""Reading the stages of a recipe: what reaches them, and one line where something does not fit."""

import numpy as np
import pytest
from mmengine.config import Config
from PIL import Image
from shipped_configs import PHOTOS
from tiny_chain.processes import run_tool

from projects.wsis.apis.configs import load_config
from projects.wsis.recipes.recipe import Recipe
from projects.wsis.recipes.stage import RecipeError, Stage, read_stages


@pytest.mark.parametrize(
    'stages, message',
    [
        ([dict(name='a', action='fly', config='x')], "Stage a: action 'fly' is none of train, predict, tool"),
        ([dict(name='a', action='train')], "Stage a: action 'train' needs config="),
        ([dict(name='a', action='train', config='x', speed=3)], "stage 'a': .*speed"),
        ([dict(name='a', action='train', config='x')] * 2, "Two stages are named 'a'"),
        (
            [dict(name='a', action='predict', config='x', checkpoint='b')],
            "Stage a needs 'b', which is no earlier stage",
        ),
        ([dict(name='a', action='train', config='x', options=dict(k='{b}/cams'))], "Stage a needs 'b'"),
        ([], 'is no pipeline: it has no `stages`'),
    ],
)
def test_bad_pipeline_gets_one_line(stages, message, tmp_path):
    with pytest.raises(RecipeError, match=message) as caught:
        Recipe(Config(dict(stages=stages)), tmp_path)
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize('key', ['options', 'expected', 'skip', 'configs'])
def test_names_that_no_stage_uses_get_one_line(key, tmp_path):
    config = Config(dict(stages=[dict(name='a', action='train', config='cam')], configs=dict(cam='x.py')))
    read_stages(config)
    config[key] = ['b'] if key == 'skip' else {'cam': 'x.py', 'b': 'y.py'} if key == 'configs' else dict(b=dict(k=1))
    with pytest.raises(RecipeError, match=f"{key}.*'b'") as caught:
        read_stages(config)
    assert '\n' not in str(caught.value)


def test_expected_numbers_and_options_reach_their_stage():
    stages = read_stages(
        Config(
            dict(
                stages=[
                    dict(name='a', action='train', config='cam', options=dict(x=1, y=2)),
                    dict(name='b', action='tool', tool='t.py', arguments=['@cam', '{a.checkpoint}', '{work_dir}/x']),
                ],
                configs=dict(cam='x.py'),
                options=dict(a=dict(y=3)),
                expected=dict(a=42.0),
            )
        )
    )
    assert isinstance(stages[0], Stage) and stages[0].config == 'x.py'
    assert stages[0].options == dict(x=1, y=3) and stages[0].expected == 42.0
    assert stages[1].arguments[0] == 'x.py' and stages[1].inputs == ['a']


def test_options_of_a_tool_are_words_of_its_command_line():
    stages = [
        dict(name='a', action='train', config='cam'),
        dict(name='maps', action='tool', tool='maps.py', config='cam', arguments=['photos']),
    ]
    recipe = Config(dict(stages=stages, configs=dict(cam='x.py'), options=dict(maps={'batch_size': 2, 'size': 320})))
    given = {'iterations': 5, 'maps.size': 1024, 'maps.mean': [0.5, 1], 'maps.quick': True, 'maps.method': None}
    trained, maps = read_stages(recipe, options=given | {'maps.of': '@cam', 'maps.cams': '{a}/cams'})
    assert maps.arguments[:5] == ['photos', '--batch-size=2', '--size=1024', '--mean', '0.5']
    assert maps.arguments[5:] == ['1', '--quick', '--of=@cam', '--cams={a}/cams']
    assert maps.options == {} and maps.inputs == ['a'] and trained.options == {'iterations': 5}


def test_a_tool_runs_again_when_a_file_that_an_option_names_has_changed(tmp_path):
    stages = [dict(name='maps', action='tool', tool='maps.py', file_options=['model'], reads=[str(tmp_path)])]
    model, facts = tmp_path.parent / f'{tmp_path.name}.onnx', []
    for content in (b'one', b'two', None):
        model.write_bytes(content) if content else model.unlink()
        (maps,) = read_stages(Config(dict(stages=stages)), options={'maps.model': str(model), 'maps.out': 'maps'})
        facts.append(maps.describe())
    assert facts[0] != facts[1] != facts[2] != facts[0]
    assert maps.reads == [str(tmp_path), str(model)]  # what it writes does not count


def test_option_of_a_stage_that_is_not_there_gets_one_line(tmp_path):
    recipe = load_config('configs/recipes/irnet_r18_demo.py')
    with pytest.raises(RecipeError, match="saliency.model: there is no stage 'saliency'.* classifier, cams") as caught:
        Recipe(recipe, tmp_path, options={'irnet.iterations': 3, 'saliency.model': 'u2netp.onnx'})
    assert '\n' not in str(caught.value)
    with pytest.raises(RecipeError, match='cams.iterations: stage cams trains nothing; the trainings are classifier, '):
        Recipe(recipe, tmp_path, options={'cams.iterations': 3})
    Recipe(
        recipe,
        tmp_path,
        options={'randomness.seed': 1, 'custom_hooks.0.begin': 3, 'train_pipeline.0.type': 'LoadPhoto'},
    )


def test_saliency_is_made_of_the_photos_of_the_data_set(tmp_path, monkeypatch):
    (tmp_path / 'my photos' / 'sub').mkdir(parents=True)
    Image.fromarray(np.full((8, 10, 3), 90, np.uint8)).save(tmp_path / 'my photos' / 'sub' / 'a.jpg')
    monkeypatch.chdir(tmp_path)
    recipe = load_config('configs/recipes/ppc_eps_irnet_deeplab_mobilenet-v2_photos.py', data=PHOTOS)
    stage = next(stage for stage in read_stages(recipe, str(PHOTOS)) if stage.name == 'saliency')
    arguments = [argument.format(work_dir='work') for argument in stage.arguments]
    result = run_tool(None, tmp_path, stage.tool, *arguments, '--workers', 1)
    assert result.status == 0, result.tail
    assert (tmp_path / 'work' / 'saliency' / 'maps' / 'sub' / 'a.jpg.png').is_file()


def test_photo_folder_is_that_of_the_data_set():
    stage = dict(
        name='maps', action='tool', tool='maps.py', arguments=['--in={photo_folder}'], reads=['{photo_folder}']
    )
    maps = read_stages(Config(dict(stages=[stage], photo_folder='my photos/')))[0]
    assert (maps.arguments, maps.reads) == (['--in=my photos/'], ['my photos/'])
    with pytest.raises(RecipeError, match='of a stage needs `photo_folder`, which the recipe does not define'):
        read_stages(Config(dict(stages=[stage])))
    for recipe, given in (
        (dict(data='configs/_base_/datasets/coco2014.py'), None),
        ({}, 'configs/_base_/datasets/coco2014.py'),
    ):
        recipe = Config(dict(stages=[stage], photo_folder='my photos/', **recipe))
        assert read_stages(recipe, given)[0].reads == ['data/coco/train2014/']
