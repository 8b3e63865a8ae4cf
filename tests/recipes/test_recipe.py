"""The pipeline runner: the order of stages, what reaches them, what is skipped, and what a call may choose."""

import json

import pytest
from mmengine.config import Config
from scripted_recipe import NAMES, STAGES, aside, ran

from projects.wsis.apis.devices import MOST_SHARING
from projects.wsis.recipes import recipe
from projects.wsis.recipes.recipe import Recipe, RecipeError
from projects.wsis.recipes.stage import read_stages, spread_options
from projects.wsis.recipes.stage_record import StageRecord
from projects.wsis.structures import read_json


def test_stages_run_in_order_and_a_second_call_skips_all(make, tmp_path, capsys):
    results = make(expected=dict(cams=41.0)).run()
    assert ran(tmp_path) == NAMES and aside(tmp_path) == []
    assert results == json.loads((tmp_path / 'work/results.json').read_text())
    assert [stage['value'] for stage in results['stages']] == [60.5, 40.25, None, None]
    seconds = json.loads((tmp_path / 'work/cams/stage.json').read_text())['seconds']
    assert results['stages'][1]['expected'] == 41.0
    assert seconds > 0 and results['stages'][1]['seconds'] == round(seconds, 1)
    assert all(stage['complete'] for stage in results['stages'])
    first = capsys.readouterr().out
    assert '[2/4] cams (predict) ...' in first and 'mIoU 40.25' in first and 'work/pictures/sheet.png' in first
    assert 'all stages' in first
    before = (tmp_path / 'work/irnet/epoch_1.pth').stat().st_mtime_ns
    again = make(expected=dict(cams=41.0)).run()
    assert ran(tmp_path) == []
    assert capsys.readouterr().out.count('complete already') == 4
    assert again == results and (tmp_path / 'work/irnet/epoch_1.pth').stat().st_mtime_ns == before


def test_placeholders_become_places(make, tmp_path):
    make().run()
    command = json.loads((tmp_path / 'work/irnet/epoch_1.pth').read_text().removesuffix('work'))
    assert 'WORK/irnet/options.json' in command and '--resume' in command
    assert read_json(tmp_path / 'work/irnet/options.json') == {'data.cams': str(tmp_path / 'work/cams/cams')}
    command = read_json(tmp_path / 'work/cams/cams/manifest.json')['lineage']
    assert 'WORK/classifier/epoch_1.pth' in command and '--resume' not in command
    assert json.loads((tmp_path / 'work/pictures/sheet.png').read_text()) == [
        '--checkpoint',
        'WORK/irnet/epoch_1.pth',
        '--out',
        'WORK/pictures/sheet.png',
    ]


def test_moved_work_dir_is_still_complete(make, tmp_path):
    make().run()
    ran(tmp_path)
    (tmp_path / 'work').rename(tmp_path / 'moved')
    make(work_dir='moved').run()
    assert not (tmp_path / 'moved/ran.txt').exists()


def test_only_and_from(make, tmp_path):
    make().run()
    ran(tmp_path)
    make().run(only='cams')
    assert ran(tmp_path) == ['cams'] and aside(tmp_path) == ['cams']
    make().run(start='irnet')
    assert ran(tmp_path) == ['irnet', 'pictures'] and aside(tmp_path) == ['cams', 'irnet', 'pictures']


@pytest.mark.parametrize('choice', [dict(only='irnet'), dict(start='irnet')])
def test_missing_input_is_told_before_anything_is_set_aside(make, tmp_path, choice):
    make().run()
    ran(tmp_path)
    (tmp_path / 'work/cams/cams/manifest.json').unlink()
    with pytest.raises(RecipeError, match="Stage 'cams' is needed, but not complete .*--from cams") as caught:
        make().run(**choice)
    assert '\n' not in str(caught.value) and aside(tmp_path) == [] and ran(tmp_path) == []


@pytest.mark.parametrize('choice', [dict(only='cams'), dict(start='cams')])
def test_interrupted_stage_that_is_named_runs_anew(make, tmp_path, choice):
    make().run()
    ran(tmp_path)
    record = StageRecord(tmp_path / 'work/cams')
    record.path.write_text(json.dumps(dict(record.read(), complete=False)))
    (tmp_path / 'work/cams/cams/old.npz').touch()
    make().run(**choice)
    assert ran(tmp_path)[0] == 'cams' and 'cams' in aside(tmp_path)
    assert not (tmp_path / 'work/cams/cams/old.npz').exists()


def test_name_of_the_results(make, tmp_path):
    make(results_name='other').run()
    assert (tmp_path / 'work/other.json').is_file() and not (tmp_path / 'work/results.json').exists()


def test_options_of_all_stages_and_of_one(tmp_path, make):
    Recipe(Config({'stages': STAGES}), tmp_path / 'x', options={})  # none is fine
    stages = Recipe(
        Config({'stages': STAGES}), tmp_path / 'x', options={'model.lr': 4, 'irnet.model.lr': 5, 'cams.data.cams': 'y'}
    ).stages
    assert [stage.options for stage in stages] == [
        {'model.lr': 4},
        {'model.lr': 4, 'data.cams': 'y'},
        {'model.lr': 5, 'data.cams': '{cams}/cams'},
        {},
    ]


def test_data_of_a_recipe_gives_way_to_that_of_the_call(tmp_path, make):
    (tmp_path / 'own.py').write_text('')
    recipe = Config({'stages': STAGES, 'data': 'own.py'})
    assert {stage.data for stage in read_stages(recipe)} == {str(tmp_path / 'own.py')}
    assert {stage.data for stage in read_stages(recipe, 'given.py')} == {'given.py'}
    assert {stage.data for stage in read_stages(Config({'stages': STAGES}))} == {None}


@pytest.mark.parametrize('order', [1, -1])
def test_an_option_of_one_stage_counts_more_than_one_of_all(order):
    options = dict(list({'iterations': 14, 'deeplab.iterations': 70, 'model.depth': 3}.items())[::order])
    spread = spread_options(options, ['irnet', 'deeplab'])
    assert spread == dict(irnet={'iterations': 14, 'model.depth': 3}, deeplab={'iterations': 70, 'model.depth': 3})


def test_paths_with_blanks_quotes_and_brackets_reach_the_stages(make, tmp_path):
    make(work_dir="My Drive, [a] 'b' (c)").run()
    folder = tmp_path / "My Drive, [a] 'b' (c)"
    assert read_json(folder / 'irnet/options.json') == {'data.cams': str(folder / 'cams/cams')}
    assert read_json(folder / 'results.json')['stages'][-1]['complete']


def test_stages_that_test_on_val_are_left_out_without_a_val_split(make, tmp_path):
    (tmp_path / 'cam.py').write_text(
        "model = dict(lr=1)\ndata = dict(cams='x')\nval_dataset = dict()\n"
        "test_dataloader = dict(dataset=dict(type='VOCTagDataset'))\n"
    )
    stages = [*STAGES[:1], dict(name='evaluation', action='predict', config='cam.py', checkpoint='classifier')]
    make(stages=stages).run()
    assert ran(tmp_path) == ['classifier']


def test_unknown_stage_gets_one_line(make):
    for choice in (dict(only='cam'), dict(start='cam')):
        with pytest.raises(RecipeError, match="There is no stage 'cam'; the stages are classifier, cams, irnet"):
            make().run(**choice)


def test_several_processes_are_started_by_torchrun(make):
    pipeline = make()
    pipeline.processes = 3
    command = Recipe._command(pipeline, pipeline.stages[0])
    assert '--nproc_per_node=3' in command and command[-2:] == ['--launcher', 'pytorch']
    assert command.index('torch.distributed.run') < command.index(str(pipeline.work_dir / 'classifier'))


@pytest.mark.parametrize('cores, expected', [(1, 1), (3, 3), (64, MOST_SHARING)])
def test_forks_share_the_images_of_predictions(make, monkeypatch, cores, expected):
    pipeline = make()
    monkeypatch.setattr(recipe, 'available_cores', lambda: cores)
    monkeypatch.delenv('OMP_NUM_THREADS', raising=False)
    assert {pipeline._count_sharing(stage) for stage in pipeline.stages} == {1}, 'this one forks nothing'
    pipeline._forks_stages = lambda: True
    counts = {stage.name: pipeline._count_sharing(stage) for stage in pipeline.stages}
    predictions = {stage.name for stage in pipeline.stages if stage.action == 'predict'}
    assert predictions and all(counts[name] == expected for name in predictions)
    assert all(counts[name] == 1 for name in counts.keys() - predictions)
    for stage in pipeline.stages:
        assert ('--launcher' in Recipe._command(pipeline, stage)) == (counts[stage.name] > 1)
    monkeypatch.setenv('OMP_NUM_THREADS', '2')
    assert {pipeline._count_sharing(stage) for stage in pipeline.stages} == {1}, 'who chooses threads chooses cores'


def test_processes_share_each_gpu_in_predictions(make, monkeypatch):
    pipeline = make()
    monkeypatch.delenv('OMP_NUM_THREADS', raising=False)
    monkeypatch.delenv('CUDA_VISIBLE_DEVICES', raising=False)
    monkeypatch.setattr(recipe, 'get_device', lambda: 'cuda')
    asked = []
    monkeypatch.setattr(recipe, 'count_sharing_gpu', lambda gpus: asked.append(gpus) or 3)
    pipeline.processes = 2
    commands = {stage.name: Recipe._command(pipeline, stage) for stage in pipeline.stages if stage.action != 'tool'}
    actions = {stage.name: stage.action for stage in pipeline.stages}
    for name, command in commands.items():
        assert f'--nproc_per_node={6 if actions[name] == "predict" else 2}' in command
    assert set(asked) == {2} and 'predict' in actions.values()
    started = {}
    pipeline.work_dir.mkdir()
    monkeypatch.setattr(recipe.subprocess, 'Popen', lambda command, env, **_: started.update(env=env))
    for stage in pipeline.stages:
        Recipe._start(pipeline, stage)
        seen = '0,1' if stage.action == 'predict' else None
        assert started['env'].get('CUDA_VISIBLE_DEVICES') == seen, 'no GPU more than was asked for'


@pytest.mark.parametrize('processes', [0, -2])
def test_no_process_at_all_is_refused(tmp_path, processes):
    with pytest.raises(RecipeError, match=f'--gpus {processes}: name at least 1'):
        Recipe(Config({'stages': STAGES}), tmp_path, processes)


def test_processes_share_the_batch(make, tmp_path):
    (tmp_path / 'cam.py').write_text("train_dataloader = dict(batch_size=6)\ndata = dict(cams='x')\n")
    pipeline = make()
    for processes, expected in ((1, None), (3, None), (4, 8), (5, 5)):
        assert pipeline.stages[0].find_other_batch(processes) == expected
    pipeline.processes = 4
    assert '--share-batch' in Recipe._command(pipeline, pipeline.stages[0])
    assert '--share-batch' not in pipeline._options(pipeline.stages[0])
    pipeline.keep_batch = True
    assert '--keep-batch' in Recipe._command(pipeline, pipeline.stages[0])
    with pytest.raises(RecipeError, match='Stage classifier: a batch of 6 photos cannot be divided among 4') as told:
        pipeline.run()
    assert '\n' not in str(told.value) and ran(tmp_path) == []
    pipeline.processes = 3
    pipeline.run()
    assert ran(tmp_path) == NAMES
