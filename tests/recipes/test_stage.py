"""Recipes whose stages are described wrongly."""

import pytest
from mmengine.config import Config

from projects.wsis.recipes.stage import RecipeError, read_stages

STAGES = [
    dict(name='cam', action='train', config='cam.py'),
    dict(name='sheet', action='tool', tool='draw.py', arguments=['--out', '{work_dir}']),
]


@pytest.mark.parametrize(
    'change, words',
    [
        (dict(stages=None), '`stages` is None'),
        (dict(stages=[None]), 'stage 0 is None'),
        (dict(stages=[dict(STAGES[0], name=None)]), '`name` of stage None is None'),
        (dict(stages=[dict(STAGES[0], name='a\nb')]), r"a stage is called 'a\\nb', which names no folder"),
        (
            dict(stages=[dict(STAGES[0], action=None)]),
            'action None is none of train, predict, tool; correct the recipe',
        ),
        (dict(stages=[dict(STAGES[0], config=None)]), "action 'train' needs config="),
        (dict(stages=[dict(STAGES[0], options=[])]), '`options` of stage .cam. is'),
        (dict(stages=[dict(STAGES[1], arguments=[None])]), '`arguments` of stage .sheet. is'),
        (dict(stages=[{**STAGES[0], 'a\rb': 1}]), 'unexpected keyword argument'),
        (dict(stages=[dict(STAGES[0], config='a\nb')], configs=dict(cow='c.py')), r"`configs` names 'cow', .*a\\nb"),
        (dict(configs=None), '`configs` is None'),
        (dict(configs=dict(cam=7)), '`configs` gives each short name'),
        (dict(expected=[]), '`expected` is'),
        (dict(skip='cam'), '`skip` is'),
    ],
)
def test_wrong_descriptions_are_one_line_that_names_the_recipe(tmp_path, change, words):
    path = tmp_path / 'recipe.py'
    path.write_text(f'stages = {STAGES!r}\n')
    assert [stage.name for stage in read_stages(Config.fromfile(path))] == ['cam', 'sheet']
    path.write_text('\n'.join(f'{name} = {value!r}' for name, value in {'stages': STAGES, **change}.items()))
    with pytest.raises(RecipeError, match=rf'recipe\.py: .*{words}') as caught:
        read_stages(Config.fromfile(path))
    assert not set('\r\n') & set(str(caught.value))
