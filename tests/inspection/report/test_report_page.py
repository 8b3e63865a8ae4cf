"""The report of a run made by hand: numbers, order, layers, hostile names, and runs that have not finished."""

import base64
import io
import runpy
import shutil
import sys
from contextlib import nullcontext

import numpy as np
import pytest
from hostile_run import CLASSES, EMPTY, FOUND, NAMES, make_run, write_record
from PIL import Image
from report_page import read_page
from tiny_chain.fixtures import CONFIGS
from tiny_chain.processes import TOOLS

from projects.wsis.inspection.report import ReportOptions, finish_with_report, write_report
from projects.wsis.recipes.recipe import Recipe
from projects.wsis.recipes.stage import StageError
from projects.wsis.structures import read_json, write_json


@pytest.fixture(scope='module')
def run(tmp_path_factory):
    """The work dir; not to be changed."""
    return make_run(tmp_path_factory.mktemp('report'))


@pytest.fixture(scope='module')
def page(run, tmp_path_factory):
    """Its report."""
    return read_page(write_report(run, out=tmp_path_factory.mktemp('page') / 'report.html'))


@pytest.fixture
def copy(run, tmp_path):
    """A copy of the work dir that a test may spoil."""
    return shutil.copytree(run, tmp_path / 'work', ignore=shutil.ignore_patterns('vis_data'))


def decode(text: str) -> np.ndarray:
    with Image.open(io.BytesIO(base64.b64decode(text))) as picture:
        return np.array(picture.convert('RGBA'))


def test_page_holds_everything_and_names_are_never_code(page):
    assert all(address.startswith(('#', 'data:')) for address in page.addresses)
    assert page.tags.count('img') == 0 and page.tags.count('b') <= 10 and 'i' not in page.tags
    assert [entry['name'] for entry in page.facts['classes']] == list(CLASSES)
    assert {photo['name'] for photo in page.facts['photos']} == set(NAMES)
    for name in CLASSES:
        assert ' '.join(name.split()) in page.text
    assert '<i>cfg</i>.py' in page.text


def test_numbers_of_stages_and_classes(page):
    for shown in ('classifier', '81.2', '80.0', '45.5', '1 min 01 s', '5 of 5 stages complete', 'f' * 64):
        assert shown in page.text
    assert 'not finished' not in page.text
    assert page.tags.count('svg') == 1 and 'loss_cls' in page.text


def test_photos_are_measured_and_the_worst_comes_first(page):
    assert [measure['key'] for measure in page.facts['measures']] == ['iou', 'agreement', 'tag_score', 'label_score']
    photos = {photo['name']: photo for photo in page.facts['photos']}
    assert page.facts['photos'][0]['name'] == EMPTY and photos[EMPTY]['values']['iou'] == 0
    assert photos[EMPTY]['instances'] == [] and photos[EMPTY]['values']['label_score'] == 0
    for index, name in enumerate(NAMES):
        values = photos[name]['values']
        assert values['tag_score'] == pytest.approx(90 - 10 * index, abs=0.1)
        if name != EMPTY:
            assert values['iou'] == 100 and values['label_score'] == 80
            assert values['agreement'] == pytest.approx(100 * FOUND[name], abs=2)
            assert photos[name]['instances'] == [[index % len(CLASSES), 80.0]]
            expected = [values[key] for key in ('tag_score', 'iou', 'agreement')]
            assert photos[name]['rows'][0] == [index % len(CLASSES), *expected]


def test_layers_show_what_the_stores_hold(page):
    assert [layer['key'] for layer in page.facts['layers']] == ['photo', 'cam', 'label', 'prediction', 'truth']
    whole = page.layers['a.png']
    label = decode(whole['label'])
    assert label.shape[:2] == (60, 80) and decode(whole['photo']).shape[:2] == (60, 80)
    assert label[30, 40, 3] > 0 and label[5, 5, 3] == 0, 'filled inside, clear outside'
    assert label[10, 40, 3] == 255 and (decode(whole['truth'])[10, 40, :3] == 0).all(), 'true masks have a black rim'
    assert (label[30, 40, :3] == decode(whole['truth'])[30, 40, :3]).all(), 'an object has one colour everywhere'
    assert not decode(page.layers[EMPTY]['label'])[..., 3].any()
    assert decode(whole['prediction'])[..., 3].any() == (FOUND['a.png'] > 0)


def test_bounds_leave_photos_out_and_say_so(run, tmp_path):
    page = read_page(write_report(run, ReportOptions(layers=2), tmp_path / 'a.html'))
    assert len(page.facts['photos']) == 6 and len(page.layers) == 2
    assert EMPTY in page.layers, 'half of them are those that look worst'
    assert '2 of 6 photos have their layers' in page.text
    none = read_page(write_report(run, ReportOptions(photos=5, layers=0), tmp_path / 'b.html'))
    assert len(none.facts['photos']) == 5 and not none.layers and '5 of 6 photos are in this page' in none.text


def test_run_that_failed_half_way(copy):
    shutil.rmtree(copy / 'wsss_maps')
    write_record(copy / 'deeplab', 'train', ['pseudo_labels'], complete=False)
    (copy / 'deeplab/output.log').write_text('iter 1\nerror: no <space> left\n')
    results = read_json(copy / 'results.json')
    results['stages'] += [dict(name=name, action='predict') for name in ('pseudo_labels', 'deeplab', 'wsss_maps')]
    write_json(copy / 'results.json', results)
    page = read_page(write_report(copy))
    assert 'This run is not finished' in page.text and '3 of 5 stages complete' in page.text
    assert 'deeplab : interrupted; its output ends with error: no <space> left' in page.text
    assert 'wsss_maps : not run' in page.text
    assert [layer['key'] for layer in page.facts['layers']] == ['photo', 'cam', 'label', 'truth']
    assert 'No detector or segmentation model has predicted anything yet' in page.text


def test_run_that_has_hardly_begun(tmp_path):
    write_record(tmp_path / 'classifier', 'train', [], complete=False)
    page = read_page(write_report(tmp_path))
    assert '0 of 1 stages complete' in page.text and page.facts is None
    assert 'no stage of' in page.text and 'that names photos has begun' in page.text


def test_photos_that_are_gone_and_files_that_are_damaged(copy, tmp_path):
    (copy / 'pseudo_labels/instances/a.png.json').write_text('{"width": 3')
    page = read_page(write_report(copy, out=tmp_path / 'a.html'))
    assert '1 of 6 photos something cannot be shown' in page.text and 'a.png.json is not valid JSON' in page.text
    assert 'a.png' not in page.layers and len(page.layers) == 5
    for config in copy.glob('*/config.py'):
        config.write_text(config.read_text().replace('/photos', '/elsewhere'))
    page = read_page(write_report(copy, out=tmp_path / 'b.html'))
    assert 'No photos can be shown' in page.text and 'elsewhere does not exist' in page.text and '81.2' in page.text


def test_folder_of_no_recipe_gets_one_line(tmp_path):
    with pytest.raises(FileNotFoundError, match='is no work dir of a recipe') as told:
        write_report(tmp_path)
    assert '\n' not in str(told.value) and not list(tmp_path.iterdir())
    with pytest.raises(FileNotFoundError, match='nowhere is no folder'):
        write_report(tmp_path / 'nowhere')
    with pytest.raises(ValueError, match='--min-score is a score from 0 to 1, not 50'):
        ReportOptions(min_score=50)


def test_end_of_a_run_keeps_a_current_page_and_survives_a_failure(copy, capsys):
    finish_with_report(copy)
    assert f'Report: {copy / "report.html"}' in capsys.readouterr().out
    made = (copy / 'report.html').stat().st_mtime_ns
    finish_with_report(copy)
    assert (copy / 'report.html').stat().st_mtime_ns == made, 'nothing has changed'
    capsys.readouterr()
    (copy / 'report.html').unlink()
    (copy / 'report.html').mkdir()
    (copy / 'report.html/x').touch()
    finish_with_report(copy)
    told = [line for stream in capsys.readouterr() for line in stream.splitlines() if line]
    assert len(told) == 1 and 'no report was made' in told[0] and 'Is a directory' in told[0]


@pytest.mark.parametrize('fails', [True, False])
def test_a_recipe_ends_with_its_report_also_when_a_stage_fails(fails, copy, monkeypatch, capsys):
    def run_recipe(recipe, *_):
        if fails:
            raise StageError('Stage irnet failed: error: no space')

    monkeypatch.syspath_prepend(str(TOOLS))
    monkeypatch.setattr(Recipe, 'run', run_recipe)
    command = [str(TOOLS / 'pipeline.py'), str(CONFIGS / 'tiny_pipeline.py'), '--work-dir', str(copy)]
    for arguments in ([*command, '--no-report'], command):
        assert not (copy / 'report.html').exists()
        monkeypatch.setattr(sys, 'argv', arguments)
        with pytest.raises(StageError) if fails else nullcontext():
            runpy.run_path(arguments[0], run_name='__main__')
    assert (copy / 'report.html').is_file() and f'Report: {copy / "report.html"}' in capsys.readouterr().out
