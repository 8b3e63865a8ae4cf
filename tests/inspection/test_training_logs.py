"""Curves and times from the logs of trainings."""

import json
import re
import runpy
import sys

import numpy as np
import pytest
from PIL import Image
from tiny_chain.processes import TOOLS

from projects.wsis.inspection.report.curves import read_losses
from projects.wsis.inspection.training_logs import measure_time, read_training_log


def write_log(work_dir, run, lines):
    path = work_dir / run / 'vis_data' / 'scalars.json'
    path.parent.mkdir(parents=True)
    path.write_text(''.join(json.dumps(line) + '\n' for line in lines))
    return path


def step(iteration, loss, time=1.0, **others):
    return dict(lr=0.1, loss=loss, time=time, iter=iteration, step=iteration, **others)


@pytest.fixture
def epochs(tmp_path):
    """Three epochs of two iterations, interrupted after the second and resumed from the first."""
    validation = {'multi_label/mAP': 40.0, 'time': 9.0, 'data_time': 9.0}
    write_log(
        tmp_path / 'work',
        '20260101_000000',
        [
            step(1, 8.0, 30.0, epoch=1),
            step(2, 7.0, 2.0, epoch=1),
            dict(validation, step=1),
            step(4, 99.0, 4.0, epoch=2),
        ],
    )
    write_log(
        tmp_path / 'work',
        '20260101_000100',
        [step(4, 6.0, 4.0, epoch=2), step(6, 5.0, 3.0, epoch=3), {**validation, 'multi_label/mAP': 50.0, 'step': 3}],
    )
    return tmp_path / 'work'


def test_runs_of_a_resumed_training_are_one(epochs):
    log = read_training_log(epochs)
    np.testing.assert_array_equal(log.curve('loss'), [[1, 2, 4, 6], [8, 7, 6, 5]])
    # a validation counts epochs, and is placed at the last iteration of its epoch
    for name in ('multi_label/mAP', 'mAP'):
        np.testing.assert_array_equal(log.curve(name), [[2, 6], [40, 50]])
    assert log.epochs == {1: 1, 2: 1, 4: 2, 6: 3}


def test_iterations_are_taken_as_they_are(tmp_path):
    path = write_log(tmp_path, 'run', [step(50, 2.0), {'semantic/mIoU': 30.0, 'step': 50}, step(100, 1.0)])
    log = read_training_log(path)
    np.testing.assert_array_equal(log.curve('mIoU'), [[50], [30]])
    assert measure_time(log, include_outliers=True).slowest is None
    assert measure_time(log).total == 100


def test_time(epochs):
    time = measure_time(read_training_log(epochs))
    assert (time.slowest, time.fastest, time.mean) == ((2, 4.0), (1, 2.0), 3.0)
    assert time.total == 30 + 2 + 2 * 4 + 2 * 3
    assert time.deviation == pytest.approx(np.std([2, 4, 3]))
    assert measure_time(read_training_log(epochs), include_outliers=True).slowest == (1, 16.0)


def run_tool(monkeypatch, *arguments):
    monkeypatch.syspath_prepend(str(TOOLS))
    monkeypatch.setattr(sys, 'argv', ['analyze_logs.py', *map(str, arguments)])
    runpy.run_path(str(TOOLS / 'analysis_tools' / 'analyze_logs.py'), run_name='__main__')


def test_the_tool_draws_and_tells(epochs, tmp_path, monkeypatch, capsys):
    curves = ['plot_curve', epochs, epochs, '--keys', 'loss', 'mAP', '--legend', 'a', 'b', 'c', 'd', '--title', 'T']
    run_tool(monkeypatch, *curves, '--out', tmp_path / 'new' / 'curves.png')
    picture = np.array(Image.open(tmp_path / 'new' / 'curves.png').convert('RGB')).reshape(-1, 3).astype(int)
    assert (np.ptp(picture, axis=1) > 60).sum() > 200  # coloured lines
    run_tool(monkeypatch, 'cal_train_time', epochs)
    assert 'slowest epoch 2, average time is 4.0000 s/iter' in capsys.readouterr().out


BAD = {
    'no log': (['plot_curve', '.', '--out', 'x.png'], 'holds no log of a training'),
    'no such scalar': (['plot_curve', 'LOG', '--keys', 'IoU', '--out', 'x.png'], "no scalar 'IoU'; it has: .*loss"),
    'legend': (['plot_curve', 'LOG', '--legend', 'a', 'b', '--out', 'x.png'], 'needs 1 texts'),
    'ending': (['plot_curve', 'LOG', '--out', 'x.bmp'], r'x\.bmp is no picture'),
    'other file': (['cal_train_time', 'other.json'], r'other\.json, line 1 is none of a log'),
    'missing': (['cal_train_time', 'no.json'], 'does not exist'),
}


@pytest.mark.parametrize('name', BAD)
def test_bad_input_gets_one_line(epochs, tmp_path, monkeypatch, capsys, name):
    arguments, message = BAD[name]
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'other.json').write_text('{"images": []}')
    with pytest.raises(SystemExit):
        run_tool(monkeypatch, *(epochs if argument == 'LOG' else argument for argument in arguments))
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith('error: ')
    assert re.search(message, line), line
    assert not (tmp_path / 'x.png').exists()


def test_a_line_that_a_killed_process_has_begun_is_left_out(epochs):
    (first, second) = sorted(epochs.glob('*/vis_data/scalars.json'))
    with open(second, 'a') as file:
        file.write('{"loss": 4.0, "st')
    assert read_training_log(epochs).curve('loss')[1].tolist() == [8.0, 7.0, 6.0, 5.0]
    with open(first, 'a') as file:  # a whole line, but of something else
        file.write('{"loss": 4.0, "st\n')
    with pytest.raises(ValueError, match='line 5 is none of a log of mmengine'):
        read_training_log(epochs)


@pytest.mark.parametrize(
    'text',
    ['[' * 100_000, '{"step": 1' + '0' * 5000 + '}', '{"step": 1' + '0' * 400 + '}', '{"step": 1, "iter": [1]}', '7'],
)
def test_a_line_that_is_none_is_named_and_its_log_is_not_drawn(tmp_path, text):
    path = write_log(tmp_path, 'run', [step(1, 2.5)])
    with open(path, 'a', encoding='utf-8') as file:
        file.write('{"step": 2, "loss": [1]}\n')
    assert read_losses(tmp_path) == {'loss': ([1], [2.5])}
    with open(path, 'a', encoding='utf-8') as file:
        file.write(text + '\n')
    with pytest.raises(ValueError, match='line 3 is none of a log'):
        read_training_log(path)
    assert read_losses(tmp_path) == {}
