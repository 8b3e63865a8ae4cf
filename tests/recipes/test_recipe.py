"""The pipeline runner: what is skipped, run anew, set aside, and told; stages are scripts that take no time."""

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from projects.wsis.recipes.processes import lock_folder
from projects.wsis.recipes.recipe import Recipe, RecipeError
from projects.wsis.recipes.stage import read_stages, spread_options
from projects.wsis.recipes.stage_record import StageRecord, describe_outputs, make_key
from projects.wsis.structures import read_json

STAGES = [
    dict(name='classifier', action='train', config='cam.py', number='mAP'),
    dict(name='cams', action='predict', config='cam.py', checkpoint='classifier', number='mIoU'),
    dict(name='irnet', action='train', config='irnet.py', options={'data.cams': '{cams}/cams'}),
    dict(
        name='pictures',
        action='tool',
        tool='draw.py',
        arguments=['--checkpoint', '{irnet.checkpoint}', '--out', '{work_dir}/pictures/sheet.png'],
    ),
]
# What a stage does here: train writes a checkpoint, predict a store, a tool a picture; all write what they were given.
SCRIPT = textwrap.dedent("""
    import json, pathlib, sys
    action, folder, behaviour, *given = sys.argv[1:]
    folder = pathlib.Path(folder)
    print('Epoch(train)  [1][1/2]  lr: 1e-3  eta: 0:00:01  time: 1')
    text = json.dumps(given)
    if behaviour == 'fail':
        print('Traceback (most recent call last):'); print('error: photo a.jpg is broken')
        sys.exit(1)
    if behaviour == 'crash':
        print('ZeroDivisionError: division by zero'); sys.exit(3)
    if action == 'train':
        resumed = (folder / 'epoch_1.pth').is_file()
        (folder / 'epoch_1.pth').write_text(text + behaviour)
        (folder / 'log.txt').open('a').write('resumed ' if resumed else 'started ')
    if action == 'predict':
        (folder / 'cams').mkdir(exist_ok=True)
        manifest = dict(artifact='cams', complete=True, lineage=text + behaviour)
        (folder / 'cams' / 'manifest.json').write_text(json.dumps(manifest))
    if action == 'tool':
        (folder / 'sheet.png').write_text(text)
    (folder / 'metrics.json').write_text(json.dumps(dict(mAP=60.5, mIoU=40.25)))
""")


class ScriptedRecipe(Recipe):
    """A pipeline whose commands are replaced by a short script; all else is real."""

    behaviours: dict[str, str] = {}

    def _forks_stages(self):
        return False  # a process that has imported everything takes seconds to start

    def _command(self, stage):
        command = super()._command(stage)
        given = [part.replace(str(self.work_dir), 'WORK') for part in command[2:]]
        (self.work_dir / 'ran.txt').open('a').write(f'{stage.name} ')
        folder = str(self.work_dir / stage.name)
        return [sys.executable, '-c', SCRIPT, stage.action, folder, self.behaviours.get(stage.name, 'work'), *given]


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Function: behaviours and changes of the pipeline config -> a pipeline in tmp_path/work."""
    monkeypatch.chdir(tmp_path)
    for name in ('cam', 'irnet'):
        (tmp_path / f'{name}.py').write_text("model = dict(lr=1)\ndata = dict(cams='x')\n")

    def build(behaviours=None, work_dir='work', **changes):
        pipeline = ScriptedRecipe(Config({'stages': STAGES, **changes}), work_dir)
        pipeline.behaviours = behaviours or {}
        return pipeline

    return build


def ran(folder: Path) -> list[str]:
    """Return the stages that ran since the last question."""
    note = folder / 'work' / 'ran.txt'
    names = note.read_text().split() if note.exists() else []
    note.unlink(missing_ok=True)
    return names


def aside(folder: Path) -> list[str]:
    """Return the stages that were set aside."""
    return sorted(path.name.split('-')[0] for path in (folder / 'work' / '.previous').glob('*'))


NAMES = [stage['name'] for stage in STAGES]


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


def test_tool_runs_anew_when_what_it_reads_has_changed(make, tmp_path):
    photos = tmp_path / 'photos'
    photos.mkdir()
    (photos / 'a.jpg').write_text('a')
    stages = [*STAGES[:-1], dict(STAGES[-1], reads=[str(photos)])]
    make(stages=stages).run()
    assert ran(tmp_path) == NAMES
    make(stages=stages).run()
    assert ran(tmp_path) == []
    (photos / 'b.jpg').write_text('b')
    make(stages=stages).run()
    assert ran(tmp_path) == ['pictures'] and aside(tmp_path) == ['pictures']


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


def test_changed_config_runs_its_stages_and_the_later_ones_anew(make, tmp_path):
    make().run()
    ran(tmp_path)
    (tmp_path / 'irnet.py').write_text("model = dict(lr=2)\ndata = dict(cams='x')\n")
    make(behaviours=dict(irnet='otherwise')).run()
    assert ran(tmp_path) == ['irnet', 'pictures']
    assert aside(tmp_path) == ['irnet', 'pictures']
    assert (tmp_path / 'work/irnet/log.txt').read_text() == 'started '  # not resumed from the old weights


def test_changed_options_count_but_comments_do_not(make, tmp_path):
    make().run()
    ran(tmp_path)
    (tmp_path / 'cam.py').write_text("# a comment\nmodel = dict(lr=1)\ndata = dict(cams='x')\n")
    make(expected=dict(cams=3.0)).run()
    assert ran(tmp_path) == []
    make(options=dict(cams={'model.lr': 5})).run()
    assert ran(tmp_path)[0] == 'cams' and 'cams' in aside(tmp_path)


def test_scaling_of_the_rate_counts_where_it_is_on(make, tmp_path):
    make().run()
    ran(tmp_path)
    text = (tmp_path / 'irnet.py').read_text()
    for settings, expected in (
        ('dict(enable=False, base_batch_size=8)', []),
        ('dict(enable=True, base_batch_size=8)', ['irnet']),
    ):
        (tmp_path / 'irnet.py').write_text(f'{text}auto_scale_lr = {settings}\n')
        make().run()
        assert ran(tmp_path) == expected


def test_backends_reach_the_trainings_and_decide_nothing(make, tmp_path):
    make().run()
    ran(tmp_path)
    recipe = make()
    recipe.vis_backends = ['tensorboard', 'wandb']
    recipe.run()
    assert ran(tmp_path) == []
    recipe.run(start='irnet')
    assert ran(tmp_path) == ['irnet', 'pictures']
    assert '"--vis-backends", "tensorboard", "wandb"' in (tmp_path / 'work/irnet/epoch_1.pth').read_text()
    assert '--vis-backends' not in (tmp_path / 'work/pictures/sheet.png').read_text()


def test_changed_checkpoint_runs_its_stage_and_the_later_ones_anew(make, tmp_path):
    make().run()
    ran(tmp_path)
    torch.save(dict(state_dict={}), tmp_path / 'work/classifier/epoch_1.pth')  # whole, but another
    make(behaviours=dict(classifier='otherwise', cams='otherwise', irnet='otherwise')).run()
    assert ran(tmp_path) == ['classifier', 'cams', 'irnet', 'pictures']
    assert aside(tmp_path) == sorted(NAMES)
    assert (tmp_path / 'work/classifier/log.txt').read_text() == 'started '


def test_same_outputs_spare_the_later_stages(make, tmp_path):
    make().run()
    ran(tmp_path)
    (tmp_path / 'work/classifier/epoch_1.pth').unlink()  # made again, with the same content
    make().run()
    assert ran(tmp_path) == ['classifier']


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


def test_outputs_without_a_record_are_set_aside(make, tmp_path):
    (tmp_path / 'work/classifier').mkdir(parents=True)
    (tmp_path / 'work/classifier/epoch_1.pth').write_text('made by hand')
    make().run()
    assert aside(tmp_path) == ['classifier']
    assert (tmp_path / 'work/classifier/log.txt').read_text() == 'started '


def test_changed_photos_run_their_stages_anew(make, tmp_path):
    for path in ('a.txt', 'JPEGImages/1.jpg', 'Annotations/1.xml'):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text('1')
    dataset = "dict(type='VOCTagDataset', data_root='.', ann_file='a.txt')"
    (tmp_path / 'irnet.py').write_text(f"train_dataloader = dict(dataset={dataset})\ndata = dict(cams='x')\n")
    make().run()
    ran(tmp_path)
    make().run()
    assert ran(tmp_path) == []
    (tmp_path / 'Annotations/1.xml').write_text('other tags')
    make().run()
    assert ran(tmp_path)[0] == 'irnet' and 'classifier' not in aside(tmp_path)


def test_name_of_the_results(make, tmp_path):
    make(results_name='other').run()
    assert (tmp_path / 'work/other.json').is_file() and not (tmp_path / 'work/results.json').exists()


def test_mixed_precision_is_for_trainings_and_gives_other_weights(make, tmp_path):
    make().run()
    assert ran(tmp_path) == NAMES
    pipeline = make()
    pipeline.amp = True
    commands = {stage.name: Recipe._command(pipeline, stage) for stage in pipeline.stages}
    assert [name for name, command in commands.items() if '--amp' in command] == ['classifier', 'irnet']
    pipeline.run()
    assert ran(tmp_path) == NAMES, 'the trainings, and what is made of them'


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


def test_another_batch_is_another_training(make, tmp_path):
    """How a batch is split decides nothing; what is taken where it cannot be split does."""
    (tmp_path / 'cam.py').write_text("train_dataloader = dict(batch_size=6)\ndata = dict(cams='x')\n")
    for processes, expected in ((1, ['classifier']), (3, []), (4, ['classifier']), (4, []), (2, ['classifier'])):
        pipeline = make()
        pipeline.processes = processes
        pipeline.run()
        assert ran(tmp_path)[:1] == expected, processes


@pytest.mark.parametrize('processes', [0, -2])
def test_no_process_at_all_is_refused(tmp_path, processes):
    with pytest.raises(RecipeError, match=f'--gpus {processes}: name at least 1'):
        Recipe(Config({'stages': STAGES}), tmp_path, processes)


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


@pytest.mark.parametrize(
    'behaviour, told',
    [
        ('fail', 'Stage cams failed: error: photo a.jpg is broken'),
        ('crash', 'Stage cams failed: ZeroDivisionError: division by zero'),
    ],
)
def test_failing_stage_gets_one_line_and_goes_on_later(make, tmp_path, behaviour, told):
    with pytest.raises(RecipeError) as caught:
        make(dict(cams=behaviour)).run()
    assert str(caught.value).startswith(told) and '\n' not in str(caught.value)
    assert str(tmp_path / 'work/cams/output.log') in str(caught.value)
    assert 'Epoch(train)' in (tmp_path / 'work/cams/output.log').read_text()
    assert ran(tmp_path) == ['classifier', 'cams']
    results = read_json(tmp_path / 'work/results.json')['stages']
    assert [(stage['name'], stage['complete']) for stage in results] == [(name, name == NAMES[0]) for name in NAMES]
    assert not StageRecord(tmp_path / 'work/cams').is_complete()
    make().run()
    assert ran(tmp_path) == ['cams', 'irnet', 'pictures'] and aside(tmp_path) == []
    assert StageRecord(tmp_path / 'work/cams').read()['seconds'] > 0


def test_several_processes_are_started_by_torchrun(make):
    pipeline = make()
    pipeline.processes = 3
    command = Recipe._command(pipeline, pipeline.stages[0])
    assert '--nproc_per_node=3' in command and command[-2:] == ['--launcher', 'pytorch']
    assert command.index('torch.distributed.run') < command.index(str(pipeline.work_dir / 'classifier'))


def test_two_runs_in_one_folder_are_refused(make, tmp_path):
    (tmp_path / 'work').mkdir()
    with lock_folder(tmp_path / 'work'), pytest.raises(ValueError, match='is in use by another run') as caught:
        make().run()
    assert '\n' not in str(caught.value) and ran(tmp_path) == []
    make().run()
    assert ran(tmp_path) == NAMES


@pytest.mark.skipif(sys.platform != 'linux', reason='only Linux tells a process that its parent has died')
def test_stage_ends_with_a_pipeline_that_is_killed(tmp_path):
    """Else the stage of a killed pipeline would write into the folder of the next call."""
    processes = Path(__file__).resolve().parents[2] / 'projects/wsis/engine/parent_process.py'
    code = (
        'import runpy, subprocess, sys, time\n'
        'end_with_parent = runpy.run_path(sys.argv[1])["end_with_parent"]\n'
        'child = subprocess.Popen(["sleep", "60"], preexec_fn=end_with_parent)\n'
        'print(child.pid, flush=True)\n'
        'time.sleep(60)\n'
    )
    parent = subprocess.Popen([sys.executable, '-c', code, str(processes)], stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 20
    while is_running(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(child)


def is_running(process: int) -> bool:
    """Whether a process is there and no zombie that nobody has waited for."""
    try:
        return Path(f'/proc/{process}/stat').read_text().rsplit(')', 1)[1].split()[0] != 'Z'
    except FileNotFoundError:
        return False


def test_record_describes_what_a_stage_has_made(tmp_path):
    assert describe_outputs(tmp_path) == {}
    for name in ('epoch_2.pth', 'instances.json', 'peaks.json', 'sheet.png', 'notes.txt'):
        (tmp_path / name).write_text(name)
    made = describe_outputs(tmp_path)
    assert set(made) == {'file:epoch_2.pth', 'file:instances.json', 'file:peaks.json', 'file:sheet.png'}
    (tmp_path / 'peaks.json').write_text('corrected by hand')
    assert describe_outputs(tmp_path) != made
    assert make_key([1], dict(a=dict(x='1'))) != make_key([1], dict(a=dict(x='2')))
    assert make_key([1], {}) != make_key([2], {})


def test_record_of_a_killed_run_is_not_complete(tmp_path):
    record = StageRecord(tmp_path / 'cams')
    record.begin('key', name='cams')
    assert not record.is_complete() and not record.is_complete('key')
    record.add_time(2.0)
    record.begin('key', name='cams')
    assert record.read()['seconds'] == 2.0
    record.finish(dict(mIoU=1.0))
    assert record.is_complete() and record.is_complete('key') and not record.is_complete('other')
    assert record.finish({}, batch=dict(batch_size=6))['batch'] == record.read()['batch'] == dict(batch_size=6)


@pytest.mark.parametrize('order', [1, -1])
def test_an_option_of_one_stage_counts_more_than_one_of_all(order):
    options = dict(list({'iterations': 14, 'deeplab.iterations': 70, 'model.depth': 3}.items())[::order])
    spread = spread_options(options, ['irnet', 'deeplab'])
    assert spread == dict(irnet={'iterations': 14, 'model.depth': 3}, deeplab={'iterations': 70, 'model.depth': 3})


def act_in_a_stage(monkeypatch, name, act):
    """Do something once, right after a stage has run."""
    execute, waiting = Recipe._execute, [act]

    def execute_and_act(self, stage, report):
        execute(self, stage, report)
        if stage.name == name and waiting:
            waiting.pop()()

    monkeypatch.setattr(Recipe, '_execute', execute_and_act)


def test_work_dir_that_is_removed_ends_the_run(make, tmp_path, monkeypatch):
    act_in_a_stage(monkeypatch, 'cams', lambda: shutil.rmtree(tmp_path / 'work'))
    with pytest.raises(RecipeError, match='Stage cams: .*/cams was removed or taken by another run .* same command'):
        make().run()
    assert not (tmp_path / 'work/cams').exists()
    make().run()
    assert ran(tmp_path) == NAMES


def test_stage_that_writes_into_a_removed_folder_is_ended_at_once(make, tmp_path):
    folder = tmp_path / 'work/classifier'
    make().run(only='classifier')
    script = f"import shutil, time; shutil.rmtree({str(folder)!r}); print('x', flush=True); time.sleep(60)"
    recipe = make()
    recipe._command = lambda stage: [sys.executable, '-c', script]
    began = time.monotonic()
    with pytest.raises(RecipeError, match='was removed or taken by another run'):
        recipe.run(only='classifier')
    assert time.monotonic() - began < 20 and not folder.exists()


def test_data_that_change_while_a_stage_runs_end_it_and_nothing_of_it_is_kept(make, tmp_path, monkeypatch):
    photos = tmp_path / 'photos'
    photos.mkdir()
    (photos / 'a.jpg').write_text('a')
    stages = [*STAGES[:-1], dict(STAGES[-1], reads=[str(photos)])]
    act_in_a_stage(monkeypatch, 'pictures', lambda: (photos / 'a.jpg').rename(tmp_path / 'a.jpg'))
    with pytest.raises(RecipeError, match='Stage pictures: photos, tags or other data .* taken away while it ran'):
        make(stages=stages).run()
    (tmp_path / 'a.jpg').rename(photos / 'a.jpg')  # the same key again
    ran(tmp_path)
    make(stages=stages).run()
    assert ran(tmp_path) == ['pictures'] and aside(tmp_path) == ['pictures']


def test_damage_is_told_in_one_line(make, tmp_path, capsys):
    make().run()
    (tmp_path / 'work/irnet/stage.json').write_text('{')
    capsys.readouterr()
    make().run()
    assert '    irnet: stage.json is missing or damaged; made again (the old folder is now ' in capsys.readouterr().out
