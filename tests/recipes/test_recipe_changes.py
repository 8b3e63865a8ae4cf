"""What a second call of a recipe runs anew: stages whose config, options, data or inputs have changed, and no other."""

import torch
from scripted_recipe import NAMES, STAGES, aside, ran

from projects.wsis.recipes import recipe
from projects.wsis.recipes.recipe import Recipe
from projects.wsis.structures import read_json


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


def test_mixed_precision_is_for_trainings_and_gives_other_weights(make, tmp_path):
    make().run()
    assert ran(tmp_path) == NAMES
    pipeline = make()
    pipeline.amp = True
    commands = {stage.name: Recipe._command(pipeline, stage) for stage in pipeline.stages}
    assert [name for name, command in commands.items() if '--amp' in command] == ['classifier', 'irnet']
    pipeline.run()
    assert ran(tmp_path) == NAMES, 'the trainings, and what is made of them'


def test_a_training_keeps_the_precision_that_it_was_begun_in(make, tmp_path, monkeypatch, capsys):
    """A folder may come from another machine, whose CPU is slower or quicker with bfloat16."""
    commands = {}

    def run_on_a_machine(mixed, **choice):
        monkeypatch.setattr(recipe, 'prefers_mixed_precision', lambda: mixed)
        pipeline = make()
        pipeline.amp = choice.pop('amp', None)
        pipeline.run(**choice)
        commands.update({stage.name: Recipe._command(pipeline, stage) for stage in pipeline.stages})
        return ran(tmp_path)

    assert run_on_a_machine(False) == NAMES and '--amp' not in commands['classifier']
    assert run_on_a_machine(True) == [] and '--amp' not in commands['classifier']
    assert run_on_a_machine(True, amp=True) == NAMES and '--amp' in commands['classifier']
    told = capsys.readouterr().out
    assert 'classifier (train, mixed precision) ...' in told and 'cams (predict) ...' in told
    assert read_json(tmp_path / 'work/classifier/stage.json')['amp'] is True
    assert run_on_a_machine(False) == [] and '--amp' in commands['classifier']
    assert run_on_a_machine(False, start='irnet') == ['irnet', 'pictures'], 'as this machine would begin it'
    assert '--amp' in commands['classifier'] and '--amp' not in commands['irnet']
    assert run_on_a_machine(True, amp=False)[:1] == ['classifier'] and '--amp' not in commands['classifier']


def test_a_config_may_prefer_float32(make, tmp_path, monkeypatch):
    monkeypatch.setattr(recipe, 'prefers_mixed_precision', lambda: True)
    with (tmp_path / 'irnet.py').open('a') as config:
        config.write('mixed_precision_by_default = False\n')
    for amp, expected in ((None, ['classifier']), (True, ['classifier', 'irnet']), (False, [])):
        pipeline = make()
        pipeline.amp = amp
        assert [stage.name for stage in pipeline.stages if pipeline.prefers_amp(stage)] == expected
    make().run()
    assert ran(tmp_path) == NAMES
    (tmp_path / 'irnet.py').write_text((tmp_path / 'irnet.py').read_text().replace('False', 'True'))
    make().run()
    assert ran(tmp_path) == [], 'the training was made in float32'


def test_what_only_checks_or_quickens_a_run_is_no_other_stage(make, tmp_path):
    hooks = "default_hooks = dict(timer=dict(type='IterTimerHook'){more})\n"
    text = (tmp_path / 'cam.py').read_text()
    (tmp_path / 'cam.py').write_text(text + hooks.format(more=''))
    make().run()
    assert ran(tmp_path) == NAMES
    more = ", warm_up_length=dict(type='WarmUpLengthHook'), fold_norms=dict(type='FoldNormsHook')"
    costs = 'most_counted_photos = 3\ncpu_seconds = dict(iteration=1.0)\n'
    (tmp_path / 'cam.py').write_text(text + hooks.format(more=more) + costs)
    make().run()
    assert ran(tmp_path) == []
    (tmp_path / 'cam.py').write_text(text + hooks.format(more=", other=dict(type='OtherHook')"))
    make().run()
    assert 'classifier' in ran(tmp_path)


def test_another_batch_is_another_training(make, tmp_path):
    """How a batch is split decides nothing; what is taken where it cannot be split does."""
    (tmp_path / 'cam.py').write_text("train_dataloader = dict(batch_size=6)\ndata = dict(cams='x')\n")
    for processes, expected in ((1, ['classifier']), (3, []), (4, ['classifier']), (4, []), (2, ['classifier'])):
        pipeline = make()
        pipeline.processes = processes
        pipeline.run()
        assert ran(tmp_path)[:1] == expected, processes
