"""What a labelling will do."""

import pytest
from mmengine.config import Config

from projects.wsis.labelling import plan
from projects.wsis.labelling.numbers import count_labels
from projects.wsis.labelling.plan import choose_recipe, count_iterations


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


def test_recipe_follows_device_and_photos(monkeypatch):
    monkeypatch.setattr(plan, 'find_config', lambda path: path)
    for gpu, photos, chosen in ((False, 5000, 'mobilenet-v2'), (True, 50, 'mobilenet-v2'), (True, 500, 'r50')):
        monkeypatch.setattr(plan.torch.cuda, 'is_available', lambda gpu=gpu: gpu)
        path, why = choose_recipe(None, photos)
        assert chosen in str(path) and f'{photos} photos' in why


def test_unknown_recipe_lists_those_that_there_are():
    with pytest.raises(FileNotFoundError, match="no recipe 'fast': choose one of .*irnet"):
        choose_recipe('fast', 10)


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
