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
