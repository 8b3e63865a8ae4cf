"""Photos labelled on several nodes: node 0 alone looks at them and writes, all run the same recipe."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from labelling_photos import make_photos
from tiny_chain.fixtures import CONFIGS

from projects.wsis.labelling import run
from projects.wsis.labelling.run import LabelPhotosOptions, label_photos
from projects.wsis.recipes.node_group import NodeGroup
from projects.wsis.recipes.node_place import NodePlace
from projects.wsis.recipes.process_group import find_free_port
from projects.wsis.recipes.recipe import Recipe
from projects.wsis.structures import write_json


@pytest.fixture
def label(tmp_path, monkeypatch):
    """Function: tags by photo -> what the two nodes return or raise; the recipe does nothing."""
    make_photos(tmp_path / 'photos', [f'{name}.png' for name in 'abcd'])
    planned, recipes = [], {}
    make_plan = run.make_plan
    monkeypatch.setattr(run, 'make_plan', lambda options, *rest: planned.append(options) or make_plan(options, *rest))
    monkeypatch.setattr(Recipe, 'run', lambda recipe, group: recipes.update({recipe.place.rank: recipe}) or {})

    def run_node(rank, port, out):
        place = NodePlace(2, rank, '127.0.0.1', port)
        options = LabelPhotosOptions(
            str(tmp_path / 'photos'),
            str(tmp_path / 'tags.json'),
            str(out),
            recipe=str(CONFIGS / 'tiny_pipeline.py'),
            weights='none',
            report=False,
            gpus=2,
            place=place,
        )
        try:
            with NodeGroup(place, patience=20) as group:
                return label_photos(options, group=group)
        except ValueError as error:
            return error

    def call(tags):
        write_json(tmp_path / 'tags.json', tags)
        port = min(find_free_port(), 65500)
        with ThreadPoolExecutor(2) as pool:
            results = list(pool.map(run_node, (0, 1), (port, port), 2 * [tmp_path / 'out']))
        return results, [options.place.rank for options in planned], recipes

    return call


def test_the_other_node_runs_the_recipe_that_node_0_has_planned(label, tmp_path):
    (first, second), planned, recipes = label({f'{name}.png': ['cat' if name < 'c' else 'dog'] for name in 'abcd'})
    assert first['labels']['photos'] == 4 and second == {}
    assert planned == [0], 'only node 0 looks at the photos and makes working copies'
    assert recipes[0].work_dir == recipes[1].work_dir == tmp_path / 'out/work'
    described = [[(stage.name, stage.describe()) for stage in recipes[rank].stages] for rank in (0, 1)]
    assert described[0] == described[1] and len(described[0]) >= 5
    assert recipes[0].processes == recipes[1].processes == 4


def test_what_node_0_refuses_ends_both(label, tmp_path):
    (first, second), planned, recipes = label({'nowhere.png': ['cat']})
    assert isinstance(first, ValueError) and str(second) == f'node 0 has stopped: {first}'
    assert planned == [0] and not recipes and not (tmp_path / 'out/work').exists()
