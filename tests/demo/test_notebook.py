"""The notebook runs from top to bottom, cell after cell in one namespace, as a notebook program does."""

import json
import shutil
import sys

import pytest
from documented_commands import Command, find_problems
from markdown_blocks import join_lines, read_blocks
from matplotlib import pyplot
from tiny_chain.fixtures import CONFIGS
from tiny_chain.processes import ROOT

NOTEBOOK = ROOT / 'demo' / 'wsis_demo.ipynb'


def read_cells(kind: str) -> list[dict]:
    content = json.loads(NOTEBOOK.read_text(encoding='utf-8'))
    assert content['nbformat'] == 4 and content['metadata']['kernelspec']['name'] == 'python3'
    return [cell for cell in content['cells'] if cell['cell_type'] == kind]


def test_no_output_is_stored():
    assert all(not cell['outputs'] and cell['execution_count'] is None for cell in read_cells('code'))


def test_commands_of_the_text_fit_their_tools(tmp_path):
    page = tmp_path / 'text.md'
    page.write_text('\n'.join(''.join(cell['source']) for cell in read_cells('markdown')), encoding='utf-8')
    lines = [line for block in read_blocks(page) for line in join_lines(block.text)]
    assert lines and not [find for line in lines for find in find_problems(Command('demo/wsis_demo.ipynb', 0, line))]


@pytest.mark.parametrize('opened_from', ['.', 'demo'])
def test_repository_is_found(opened_from, monkeypatch):
    monkeypatch.chdir(ROOT / opened_from)
    monkeypatch.setattr(sys, 'path', sys.path.copy())
    names = {}
    exec(''.join(read_cells('code')[0]['source']), names)
    assert names['root'] == ROOT


def test_without_hurry_its_images_and_folders_are_those_of_make_demo(monkeypatch):
    (cell,) = (cell for cell in read_cells('code') if 'parameters' in cell['metadata'].get('tags', ()))
    names = dict(root=ROOT)
    exec(''.join(cell['source']).replace('quick = True', 'quick = False'), names)
    monkeypatch.setattr(sys, 'path', [str(ROOT / 'tools' / 'dataset_converters'), *sys.path])
    import make_demo_data

    made = make_demo_data.parse_args([])
    assert (names['train_images'], names['val_images'], names['image_size']) == (made.train, made.val, made.size)
    assert (names['folder'], names['options']) == (ROOT, {})
    makefile = (ROOT / 'Makefile').read_text()
    assert f'DEMO_WORK := {names["work_dir"]}\n' in makefile and 'DEMO_DATA := data/demo\n' in makefile


def test_notebook_runs(chain, demo_environment, monkeypatch, tmp_path, capsys):
    """Its settings are set to those of the tiny demo set and recipe, whose stages have finished."""
    folder = tmp_path / 'notebook'
    (folder / 'data').mkdir(parents=True)
    (folder / 'data' / 'demo').symlink_to(demo_environment, target_is_directory=True)
    shutil.copytree(chain, folder / 'run')
    settings = dict(
        folder=folder,
        work_dir='run',
        train_images=8,
        val_images=4,
        image_size=96,
        recipe_file=str(CONFIGS / 'tiny_pipeline.py'),
        options={},
    )
    pictures = []
    monkeypatch.setattr(sys, 'path', sys.path.copy())
    monkeypatch.chdir(ROOT / 'demo')
    pyplot.switch_backend('agg')
    monkeypatch.setattr(pyplot, 'show', lambda: pictures.append(pyplot.gcf()))
    names = {}
    for cell in read_cells('code'):
        exec(compile(''.join(cell['source']), NOTEBOOK.name, 'exec'), names)
        if 'parameters' in cell['metadata'].get('tags', ()):
            assert set(settings) <= set(names), 'the notebook has no such setting'
            names.update(settings)
    output = capsys.readouterr().out
    assert output.count('complete already') == 5
    assert len(pictures) == 4 and all(figure.axes[0].images for figure in pictures)
    assert (folder / 'run' / 'outputs' / 'instances.json').is_file()
    for result in names['found']['predictions']:
        assert f'{result["name"]} has ' in output
    pyplot.close('all')
