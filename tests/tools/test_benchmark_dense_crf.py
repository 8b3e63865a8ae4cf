"""Comparing the dense CRF in tiles with that of whole photos."""

import re

from tiny_chain.processes import run_tool


def test_table_of_a_photo(demo_root, tmp_path):
    photo = sorted((demo_root / 'JPEGImages').glob('*.jpg'))[0]
    options = [photo, '--size', '1000x320', '--labels', '2', '--tile-pixels', '150000']
    result = run_tool(demo_root, tmp_path, 'analysis_tools/benchmark_dense_crf.py', *options)
    assert result.status == 0, result.tail
    (row,) = re.findall(rf'^\| {photo.stem} (\| .*) \|$', result.output, re.M)
    changed, whole, tiles, _, _, equal = (float(number) for number in row.split('|')[1:])
    assert 0 < changed < 100 and min(whole, tiles) > 100 and 95 < equal < 100


def test_a_photo_that_cannot_be_read_is_named_in_one_line(demo_root, tmp_path):
    (tmp_path / 'broken.jpg').write_bytes(b'no photo')
    result = run_tool(demo_root, tmp_path, 'analysis_tools/benchmark_dense_crf.py', tmp_path / 'broken.jpg')
    assert result.status != 0 and 'broken.jpg' in result.output and 'Traceback' not in result.output
