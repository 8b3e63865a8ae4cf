"""What a recipe notes of a stage: what it has made, whether it is complete, and how long it took."""

from projects.wsis.recipes.stage_record import StageRecord, describe_outputs, make_key


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
