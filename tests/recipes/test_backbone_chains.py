"""The chains of other backbones: their configs are complete and their networks can be built."""

import pytest
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope

from projects.wsis.recipes.backbone_chains import (
    CLASSIFIER_SCHEDULES,
    LEFT_OUT,
    SMALL_BACKBONES,
    ChainResult,
    make_table,
    write_chain,
)
from projects.wsis.recipes.recipe import Recipe


@pytest.mark.parametrize('name', SMALL_BACKBONES)
def test_chain_of_a_backbone(name, tmp_path):
    recipe = Recipe(Config.fromfile(write_chain(name, tmp_path)), tmp_path)
    stages = {stage.name: stage for stage in recipe.stages}
    assert {'classifier', 'irnet', 'pseudo_labels'} <= set(stages) and not set(LEFT_OUT) & set(stages)
    init_default_scope('mmdet')
    kind = SMALL_BACKBONES[name]['type'].split('.')[-1]
    for stage in ('classifier', 'irnet'):
        config = stages[stage].load_config()
        config.model.backbone.init_cfg = None  # its checkpoint is what the classifier's stage makes
        model = MODELS.build(config.model)
        assert type(model.backbone).__name__ == kind
    assert stages['irnet'].options['model.backbone.init_cfg.checkpoint'] == '{classifier.checkpoint}'
    config = stages['classifier'].load_config()
    rate, epochs = CLASSIFIER_SCHEDULES.get(name, (4e-3, 36))
    assert (name in CLASSIFIER_SCHEDULES) == (name in ('Swin', 'PVTv2', 'ViT'))
    assert config.train_cfg.max_epochs == config.param_scheduler[0].total_steps == epochs
    assert config.param_scheduler[0].eta_max == rate


def test_table_says_what_is_missing():
    table = make_table([ChainResult('Swin', 1_234_000, 80.04, None, 12.3)])
    assert table.splitlines()[-1] == '| Swin | 1.23 M | 80.0 | - | 12.3 |'
