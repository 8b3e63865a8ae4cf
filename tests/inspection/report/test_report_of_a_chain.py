"""The report of a real tiny run: its models are run on the photos, and what they say is kept."""

import shutil

from random_models import save_random_model
from report_page import read_page

from projects.wsis.apis.inference import inferencer
from projects.wsis.inspection.report import ReportOptions, models, write_report
from projects.wsis.structures import read_json, write_json

KEYS = ['photo', 'cam', 'boundary', 'displacement', 'label', 'prediction', 'truth']
SCORE = 0.12  # a few objects that random weights see have a higher one


def read_tree(folder):
    """Contents of the photos' files below a folder, by their paths."""
    files = [path for path in folder.rglob('*') if path.is_file() and path.suffix in ('.json', '.npz', '.png')]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files if path.name != 'manifest.json'}


def test_models_are_run_once_and_layers_are_those_of_the_contact_sheet(chain, demo_environment, tmp_path, monkeypatch):
    work = tmp_path / 'work'
    shutil.copytree(chain, work, ignore=shutil.ignore_patterns('.previous', 'inter_pixel_labels'))
    save_random_model('mask_rcnn', work / 'mask_rcnn')
    record = dict(action='train', inputs=['pseudo_labels'], complete=True, outputs={'file:epoch_1.pth': 'first'})
    write_json(work / 'mask_rcnn/stage.json', record)
    monkeypatch.setattr(inferencer, 'MIN_SCORE', SCORE)
    options = ReportOptions(layers=3, min_score=SCORE)
    page = read_page(write_report(work, options))
    assert [layer['key'] for layer in page.facts['layers']] == KEYS and len(page.layers) == 3
    assert all(set(pictures) == set(KEYS) for pictures in page.layers.values())
    assert page.facts['predictedBy'] == 'mask_rcnn'
    predicted = {photo['name'] for photo in page.facts['photos'] if photo['detected']}
    assert predicted <= set(page.layers) and predicted
    assert all('agreement' in photo['values'] for photo in page.facts['photos'] if photo['name'] in predicted)
    results = read_json(work / 'results.json')
    assert all(stage['name'] in page.text for stage in results['stages'])

    found = read_tree(work / 'report')
    shutil.rmtree(work / 'report')
    write_report(work, ReportOptions(layers=3, min_score=SCORE, processes=2))
    by_two = read_tree(work / 'report')
    assert set(by_two) == set(found) and len(found) >= 6
    assert all(by_two[name] == content for name, content in found.items() if name.startswith('irnet_maps'))
    shutil.rmtree(work / 'report')
    write_report(work, options)

    def fail(*_, **__):
        raise RuntimeError('a model is run again')

    monkeypatch.setattr(models, 'WSISInferencer', fail)
    monkeypatch.setattr(models, 'load_model', fail)
    again = read_page(write_report(work, options))
    assert again.layers == page.layers
    more = read_page(write_report(work, ReportOptions(layers=4, min_score=SCORE)))
    assert 'mask_rcnn could not be run on the photos: a model is run again' in more.text
    write_json(work / 'mask_rcnn/stage.json', {**record, 'outputs': {'file:epoch_1.pth': 'trained anew'}})
    anew = read_page(write_report(work, options))
    assert 'prediction' not in [layer['key'] for layer in anew.facts['layers']], 'of other weights nothing is taken'
