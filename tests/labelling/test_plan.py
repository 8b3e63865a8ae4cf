"""What a labelling will do."""

import itertools

import pytest
from mmengine.config import Config
from rich.console import Console
from shipped_configs import PHOTOS

from projects.wsis.apis.configs import load_config
from projects.wsis.labelling import plan
from projects.wsis.labelling.numbers import count_labels
from projects.wsis.labelling.plan import (
    choose_recipe,
    count_configured_iterations,
    count_iterations,
    plan_stages,
)
from projects.wsis.labelling.plan_report import describe_plan, print_plan
from projects.wsis.labelling.working_copy import WorkingCopy
from projects.wsis.recipes.recipe import Recipe
from projects.wsis.recipes.stage import Stage


def make(**train_cfg):
    return Config(dict(train_cfg=train_cfg, train_dataloader=dict(batch_size=16)))


@pytest.mark.parametrize(
    'photos, iterations',
    [(12, 125), (160, 94), (300, 94), (1600, 500), (10582, 3307), (100000, 3307)],
)
def test_iterations_follow_the_number_of_photos_within_limits(photos, iterations):
    # 5 epochs; with 12 photos the batch is 12
    assert count_iterations(make(max_epochs=5), photos) == iterations


def test_iterations_of_a_schedule_of_iterations():
    assert count_iterations(make(max_iters=20000), 10582) == 20000
    assert count_iterations(make(max_iters=20000), 5291) == 10000
    config = make(max_epochs=5)
    config.iterations = 7
    assert count_iterations(config, 500) == 7


@pytest.mark.parametrize('photos, iterations', [(160, 94), (1400, 438), (1401, 438), (100000, 438)])
def test_a_config_tells_from_which_size_on_a_set_does_not_train_longer(photos, iterations):
    config = make(max_epochs=5)
    config.most_counted_photos = 1400
    assert count_iterations(config, photos) == iterations


@pytest.mark.parametrize(
    'photos, drop_last, iterations', [(12, False, 5), (160, False, 50), (100000, False, 31250), (47, True, 10)]
)
def test_schedule_of_the_config_is_kept_where_it_is_asked_for(photos, drop_last, iterations):
    config = make(max_epochs=5)
    config.most_counted_photos = 100
    config.train_dataloader.drop_last = drop_last
    assert count_configured_iterations(config, photos) == iterations
    assert count_configured_iterations(make(max_iters=20000), photos) == 20000
    config.iterations = 7
    assert count_configured_iterations(config, photos) == 7


@pytest.mark.parametrize(
    'recipe, minutes', [('irnet_mobilenet-v2_photos', 60), ('irnet_deeplab_mobilenet-v2_photos', 65)]
)
def test_two_thousand_photos_are_labelled_in_about_an_hour_by_the_plan(recipe, minutes, monkeypatch, tmp_path):
    # 2,283 photos of 352 x 264 pixels, on a CPU where recipes train in bfloat16
    monkeypatch.setattr(plan.torch.cuda, 'is_available', lambda: False)
    monkeypatch.setattr('projects.wsis.recipes.recipe.prefers_mixed_precision', lambda: True)
    chosen = Recipe(load_config(f'configs/recipes/{recipe}.py', data=PHOTOS), tmp_path, data=str(PHOTOS))
    counts = dict(train=2283, tagged=2283, val=0)
    planned = plan_stages(chosen.stages, counts, 352 * 264 / 1e6, amp=chosen.prefers_amp)
    until_trained = itertools.takewhile(lambda stage: stage.name != 'wsss_maps', planned)
    assert 20 < sum(stage.seconds or 0 for stage in until_trained) / 60 < minutes


def test_recipe_follows_device_and_photos(monkeypatch):
    monkeypatch.setattr(plan, 'find_config', lambda path: path)
    for gpu, photos, chosen in ((False, 5000, 'mobilenet-v2'), (True, 50, 'mobilenet-v2'), (True, 500, 'r50')):
        monkeypatch.setattr(plan.torch.cuda, 'is_available', lambda gpu=gpu: gpu)
        path, why = choose_recipe(None, photos)
        assert chosen in str(path) and f'{photos} photos' in why


def test_unknown_recipe_lists_those_that_there_are():
    with pytest.raises(FileNotFoundError, match="no recipe 'fast': choose one of .*irnet"):
        choose_recipe('fast', 10)
    with pytest.raises(
        FileNotFoundError, match=r"no recipe 'irnet_mobilenet' \(did you mean irnet_mobilenet-v2_photos"
    ):
        choose_recipe('irnet_mobilenet', 10)


class ConfiguredStage(Stage):
    """A stage whose config is given."""

    def __init__(self, content, **kwargs):
        super().__init__(config='given', **kwargs)
        self.content = content

    def load_config(self):
        return Config(self.content)


def test_time_follows_from_what_configs_say_they_cost(monkeypatch):
    tagged = dict(type='CocoDataset')
    training = dict(train_cfg=dict(max_epochs=5), train_dataloader=dict(batch_size=16, dataset=tagged))
    costs = dict(cpu_seconds=dict(iteration=2.0, megapixel=10.0))
    test = dict(test_dataloader=dict(dataset=dict(ann_file=None)))
    stages = [
        ConfiguredStage({**training, **costs}, name='irnet', action='train'),
        ConfiguredStage({**test, **costs}, name='cams', action='predict'),
        ConfiguredStage(training, name='other', action='train'),
        Stage('pictures', 'tool', tool='draw.py'),
    ]
    monkeypatch.setattr(plan.torch.cuda, 'is_available', lambda: False)
    planned = plan_stages(stages, dict(train=200, tagged=160, val=0), 0.5)
    assert [stage.seconds for stage in planned] == [188, 160 * 0.5 * 10, None, None]
    mixed = plan_stages(stages, dict(train=200, tagged=160, val=0), 0.5, amp=lambda _: True)
    assert [stage.seconds for stage in mixed] == [188 * plan.MIXED_PRECISION_SHARE, 800, None, None]
    described = describe_plan(160, dict(cat=160), 'recipe', planned)
    assert described['seconds'] == 988 and described['stages'][1]['seconds'] == 800
    told = Console(record=True, width=200)
    print_plan(described, 'because', told)
    text = told.export_text()
    assert 'Time: about 16 minutes on two CPU cores, without other, pictures.' in text
    assert '160 photos, about 13 minutes' in text
    monkeypatch.setattr(plan.torch.cuda, 'is_available', lambda: True)
    planned = plan_stages(stages, dict(train=200, tagged=160, val=0), 0.5)
    assert describe_plan(160, {}, 'recipe', planned)['seconds'] is None


def test_pixels_of_a_working_copy():
    assert WorkingCopy(4000, 3000, True, ('a', 1, 1)).pixels(1024) == pytest.approx(1024 * 768)
    assert WorkingCopy(40, 30, False, ('a', 1, 1)).pixels(1024) == 1200


def test_counts():
    content = dict(
        images=[dict(id=1, file_name='a.jpg'), dict(id=2, file_name='b.jpg')],
        categories=[dict(id=1, name='dog'), dict(id=2, name='cat')],
        annotations=[dict(image_id=1, category_id=1), dict(image_id=1, category_id=1), dict(image_id=1, category_id=2)],
    )
    counts = count_labels(content, {'a.jpg': ['dog', 'cat'], 'b.jpg': ['dog'], 'c.jpg': []}, ('dog', 'cat'))
    assert counts == dict(
        photos=2,
        photos_without_instance=1,
        instances=3,
        classes=dict(
            dog=dict(photos=2, instances=2, tags_without_instance=1),
            cat=dict(photos=1, instances=1, tags_without_instance=0),
        ),
    )
    assert count_labels({}, {'a.jpg': ['dog']}, ('dog',))['classes']['dog']['tags_without_instance'] == 1
