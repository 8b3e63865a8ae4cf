"""Records and results of a recipe that are damaged."""

import pytest

from projects.wsis.apis.inference.trained_model import find_trained_model, list_sources, read_record, read_results
from projects.wsis.inspection.report.run_folder import read_run
from projects.wsis.recipes.stage_record import StageRecord
from projects.wsis.structures import write_json

RECORD = dict(key='a', complete=True, action='train', inputs=['cam'], outputs={}, metrics=dict(mIoU=5.0), seconds=1)


@pytest.mark.parametrize(
    'content, words',
    [
        (None, 'it is a NoneType'),
        ([], 'it is a list'),
        (dict(RECORD, inputs=7), 'inputs is 7'),
        (dict(RECORD, inputs=[['cam']]), 'its inputs are no names'),
        (dict(RECORD, outputs=[]), r'outputs is \[\]'),
        (dict(RECORD, seconds='long'), "seconds is 'long'"),
        (dict(RECORD, action=['train']), 'action is'),
    ],
)
def test_a_damaged_record_is_one_line(tmp_path, content, words):
    path = tmp_path / 'cam' / 'stage.json'
    write_json(path, RECORD)
    assert read_record(path) == RECORD
    write_json(path, content)
    for read in (
        lambda: StageRecord(path.parent).read(),
        lambda: find_trained_model(tmp_path),
        lambda: read_run(tmp_path),
    ):
        with pytest.raises(ValueError, match=rf'stage\.json is damaged \({words}.*; delete it') as caught:
            read()
        assert '\n' not in str(caught.value)


@pytest.mark.parametrize('stages', [None, [7], [dict(name=7)], [dict(action='train')], [dict(name='cam', number=7)]])
def test_damaged_results_are_one_line(tmp_path, stages):
    path = tmp_path / 'results.json'
    write_json(path, dict(stages=[dict(name='cam')]))
    assert read_results(path) == [dict(name='cam')]
    write_json(path, dict(stages=stages))
    with pytest.raises(ValueError, match=r'results\.json is damaged'):
        read_run(tmp_path)


def test_empty_entries_of_a_record_are_as_good_as_none(tmp_path):
    write_json(tmp_path / 'cam' / 'stage.json', {**dict.fromkeys(RECORD), 'key': 'a', 'complete': True})
    record = StageRecord(tmp_path / 'cam')
    record.add_time(2.0)
    record.begin('a')
    assert record.read()['seconds'] == 2.0 and list_sources('cam', {'cam': record.read()}) == []
