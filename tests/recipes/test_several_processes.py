"""A recipe in two real processes: what is told and recorded of a batch that they cannot share."""

import pytest
from mmengine.config import Config
from tiny_chain.processes import ROOT, TESTS, run_tool

from projects.wsis.inspection.report.run_folder import read_run
from projects.wsis.recipes.stage import read_stages
from projects.wsis.structures import read_json

TOLD = 'A batch of 5 photos cannot be divided among 2 processes: the batch size is 6, with a learning rate of 0.06 '


@pytest.mark.parametrize(
    'processes, expected',
    [(3, dict(classifier=9, peak_classifier=9, deeplab=9)), (4, dict(peak_classifier=12, deeplab=12))],
)
def test_a_shipped_recipe_whose_batches_cannot_all_be_divided(processes, expected):
    stages = read_stages(Config.fromfile(ROOT / 'configs/recipes/bestie_from_tags_hrnet48_voc2012.py'))
    others = {stage.name: stage.find_other_batch(processes) for stage in stages}
    assert expected.items() <= others.items()
    assert all(batch % processes == 0 for batch in others.values() if batch)


@pytest.fixture
def run(tmp_path):
    """Function: arguments -> what tools/pipeline.py says of a recipe of one training with a batch of 5."""
    (tmp_path / 'odd.py').write_text(
        f'_base_ = {str(TESTS / "tools" / "tiny_config.py")!r}\ntrain_dataloader = dict(batch_size=5)\n'
    )
    stage = dict(name='classifier', action='train', config=str(tmp_path / 'odd.py'))
    (tmp_path / 'recipe.py').write_text(f'stages = [{stage!r}]\n')

    def call(*arguments):
        return run_tool(None, tmp_path, 'pipeline.py', 'recipe.py', '--work-dir', 'work', '--no-report', *arguments)

    return call


def test_the_other_batch_is_told_and_recorded(run, tmp_path):
    refused = run('--gpus', 2, '--keep-batch')
    assert refused.status == 1 and not (tmp_path / 'work/classifier').exists()
    assert 'error: Stage classifier: a batch of 5 photos cannot be divided among 2 processes' in refused.tail

    result = run('--gpus', 2)
    assert result.status == 0, result.tail
    assert TOLD + 'instead of 0.05' in result.output
    record = read_json(tmp_path / 'work/classifier/stage.json')['batch']
    assert record['batch_size'] == 6 and record['batch_size_before'] == 5 and record['processes'] == 2
    assert record['learning_rate'] == pytest.approx(0.06) and record['learning_rate_before'] == pytest.approx(0.05)
    assert read_json(tmp_path / 'work/results.json')['stages'][0]['batch'] == record
    assert 'batch size 6, batch size before 5' in read_run(tmp_path / 'work').stages[0].lineage['batch']
    assert 'complete already' in run('--gpus', 2).output
