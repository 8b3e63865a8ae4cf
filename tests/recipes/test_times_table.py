"""Tables of measured recipes, and two of them side by side."""

import pytest

from projects.wsis.engine.hooks.stage_times_hook import PARTS
from projects.wsis.recipes.times_table import make_comparison, make_times_table, read_times
from projects.wsis.structures import write_json

MEGABYTE = 2**20


def make_times(factor=1.0, commit='abc1234', **changes):
    """Return a training of ten steps of 1.5 s, and a tool."""
    parts = dict(zip(PARTS, (1.0, 4.0 * factor, 5.0, 2.0, 0.0, 3.0)))
    training = dict(name='classifier', action='train', seconds=19.0, cpu_seconds=19.0, peak_memory=300 * MEGABYTE)
    training |= dict(cpu_use=0.5, start_up=3.0, rest=1.0, parts=parts, steps=10, photos=160)
    tool = dict(name='pictures', action='tool', seconds=2.0, cpu_seconds=None, peak_memory=None, cpu_use=None)
    run = dict(config='configs/recipes/x.py', commit=commit, steps=10, processes=1, cores=2, machine='Python')
    return {**run, 'stages': [training, tool], **changes}


def cells(line):
    return [cell.strip() for cell in line.strip('|').split('|')]


def test_table_of_a_run():
    head, _, names, _, training, tool, total = make_times_table(make_times()).splitlines()
    assert head == 'x, trainings of 10 steps, commit abc1234, Python, 2 cores'
    row = dict(zip(cells(names), cells(training)))
    assert row['wall s'] == '19.0' and row['start-up s'] == '3.0' and row['rest s'] == '1.0'
    assert row['steps'] == '10' and row['photos/s'] == '10.7' and row['CPU use'] == '50%' and row['peak MB'] == '300'
    assert [row[f'{part} ms'] for part in PARTS] == ['100', '400', '500', '200', '0', '300']
    assert float(row['step ms']) == sum(float(row[f'{part} ms']) for part in PARTS) == 1500
    assert [cell for cell in cells(tool) if cell] == ['pictures', '2.0']
    assert [cell for cell in cells(total) if cell] == ['all stages', '21.0']
    whole = make_times_table(make_times(steps=None, commit=None, processes=2)).splitlines()[0]
    assert whole == 'x, whole trainings, no checkout, Python, 2 cores, 2 processes'


def test_memory_of_a_gpu_has_a_column_where_there_is_one():
    times = make_times()
    assert 'GPU MB' not in make_times_table(times)
    times['stages'][0]['gpu_memory'] = 700 * MEGABYTE
    _, _, names, _, training, tool, total = make_times_table(times).splitlines()
    assert dict(zip(cells(names), cells(training)))['GPU MB'] == '700'
    assert len(cells(names)) == len(cells(tool)) == len(cells(total))


def test_comparison_gives_ratios_of_what_both_have():
    first, second = make_times(), make_times(2.0, 'def5678')
    second['stages'].append(dict(second['stages'][1], name='only here'))
    second['stages'][1]['seconds'] = 5.0
    lines = make_comparison(first, second).splitlines()
    assert lines[0].startswith('A: ') and 'abc1234' in lines[0] and 'def5678' in lines[2]
    row = dict(zip(cells(lines[4]), cells(lines[6])))
    assert row['forward ms'] == '400 / 800 (2.00x)' and row['hooks ms'] == '0 / 0'
    assert row['step ms'] == '1500 / 1900 (1.27x)' and row['photos/s'] == '10.7 / 8.4 (0.79x)'
    assert row['wall s'] == '19.0 / 19.0 (1.00x)' and row['peak MB'] == '300 / 300 (1.00x)'
    assert [cell for cell in cells(lines[7]) if cell] == ['pictures', '2.0 / 5.0 (2.50x)']
    assert [cell for cell in cells(lines[8]) if cell] == ['all stages', '21.0 / 24.0 (1.14x)']
    assert len(lines) == 9


def test_runs_of_other_recipes_are_refused():
    other = make_times()
    for stage in other['stages']:
        stage['name'] += '2'
    with pytest.raises(ValueError, match='no stage in common'):
        make_comparison(make_times(), other)


def change(**changes):
    """Return the times of a run whose first stage has other entries."""
    times = make_times()
    times['stages'][0].update(changes)
    return times


@pytest.mark.parametrize(
    'content, told',
    [
        ([], 'is no object with a list of `stages`'),
        (dict(stages=[]), 'is no object with a list of `stages`'),
        (make_times(cores='many'), 'has the cores many'),
        (make_times(commit=5), 'has the commit 5'),
        (make_times(stages=[1]), 'has a stage that is no object'),
        (change(seconds=None), 'has the seconds None'),
        (change(peak_memory=True), 'has the peak_memory True'),
        (change(photos=10**400), 'has the photos 1000'),
        (change(parts=dict(data=1.0)), 'has the forward None'),
        (change(parts='none'), 'has the parts none'),
    ],
)
def test_other_files_are_refused(tmp_path, content, told):
    write_json(tmp_path / 'a.json', content)
    with pytest.raises(ValueError, match=f'a.json {told}.*: name a times.json of benchmark_recipe.py$'):
        read_times(tmp_path / 'a.json')


def test_a_file_is_read_as_it_was_written(tmp_path):
    write_json(tmp_path / 'a.json', make_times())
    assert read_times(tmp_path / 'a.json') == make_times()
    with pytest.raises(FileNotFoundError):
        read_times(tmp_path / 'missing.json')
