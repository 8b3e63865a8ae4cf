"""The soak of label making: its figures are those of what really happens, and growth shows."""

import mmap
import re

import pytest
from tiny_chain.processes import run_tool

from projects.wsis.inspection.soak.memory import Curve, read_memory
from projects.wsis.inspection.soak.photos import CLASSES, make_photos
from projects.wsis.inspection.soak.stages import count_files

TOOL = 'analysis_tools/soak_label_making.py'


def rows_of(output: str, *names: str) -> list[list[str]]:
    """Return the cells of the rows of tables that begin with these names."""
    rows = [[cell.strip() for cell in line.strip('|\n').split('|')] for line in output.splitlines() if line[:1] == '|']
    return [next(row for row in rows if row[0].startswith(name)) for name in names]


def test_tool_makes_labels_and_lists_costs(tmp_path):
    found = run_tool(None, tmp_path, TOOL, '--photos', 40, '--entries', 300, '--work-dir', 'work', '--out', 'soak.md')
    assert found.status == 0, found.tail
    text = (tmp_path / 'soak.md').read_text()
    cams, labels = rows_of(text, 'cams', 'pseudo_labels')
    assert cams[1] == labels[1] == '40' and float(cams[3]) > 0
    files = count_files(tmp_path / 'work/pseudo_labels')
    assert labels[-2:] == [f'{sum(files.values()):,}', f'{max(files.values()):,}'] and max(files.values()) == 40
    opened, again, joined = rows_of(text, 'start-up: photos', 'start-up of an interrupted', 'joining')
    assert float(opened[1]) > 0 and float(again[1]) > 0 and float(joined[1]) > 0
    assert text.strip() in found.output.replace('\r', '')

    again = run_tool(None, tmp_path, TOOL, '--photos', 40, '--entries', 0, '--work-dir', 'work')
    assert again.status == 1 and 'error: ' in again.output and '0 photos had no labels yet' in again.output


def test_growth_and_pace_are_those_after_the_warm_up():
    photos = list(range(10, 1001, 10))
    # 300 MB at once in the first photos, then 2 MB in 100; 50 photos a second, and 25 in the second half
    megabytes = [500 + min(300, 3 * done) + 0.02 * done for done in photos]
    seconds = [done / 50 if done <= 500 else 10 + (done - 500) / 25 for done in photos]
    curve = Curve(photos, megabytes, seconds, [done / 100 for done in photos])
    assert curve.growth() == pytest.approx(20)
    assert curve.pace(0, 0.2) == pytest.approx(50) and curve.pace(0.8, 1) == pytest.approx(25)
    assert curve.cpu_pace(0, 0.2) == curve.cpu_pace(0.8, 1) == pytest.approx(100)
    assert Curve([1, 2], [5, 5], [0, 1], [0, 1]).growth() == pytest.approx(0)


def test_memory_of_this_process():
    before = read_memory()
    with mmap.mmap(-1, 50_000_000) as block:  # memory that this process cannot have had before
        block.write(b'1' * len(block))
        assert 45 < read_memory() - before < 150


def test_photos_are_parted_into_folders_and_kept(tmp_path, monkeypatch):
    monkeypatch.setattr('projects.wsis.inspection.soak.photos.PER_FOLDER', 4)
    make_photos(tmp_path, 10)
    counts = count_files(tmp_path)
    assert sorted(counts.values()) == [1, 2, 4, 4]  # with the tags
    first = tmp_path / '00000' / '00000000.jpg'
    changed = first.stat().st_mtime_ns
    make_photos(tmp_path, 11)
    assert first.stat().st_mtime_ns == changed and len(list(tmp_path.glob('*/*.jpg'))) == 11
    rows = (tmp_path / 'tags.csv').read_text().splitlines()
    assert len(rows) == 12 and {re.split(',', row)[1] for row in rows[1:]} == set(CLASSES)
