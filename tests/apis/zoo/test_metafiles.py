"""Every model has an entry in a metafile, and every number in one says how it came about."""

import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest
import yaml

from projects.wsis.apis.configs import load_config
from projects.wsis.apis.zoo.metafiles import read_model_index

ROOT = Path(__file__).resolve().parents[3]
MODELS = read_model_index(ROOT)
MEASURED = [(model, result) for model in MODELS for result in model.results if not result.of_paper]
# configs that use the checkpoint of another one, for its labels
LABEL_MAKERS = re.compile(r'.*-(labels|maps)|(inter-pixel|affinity)-labels[-_].*|cam-masks[-_].*')


def test_each_config_of_a_model_has_one_entry():
    paths = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / 'configs').glob('*/*.py')
        if path.parent.name not in ('_base_', 'recipes') and not LABEL_MAKERS.fullmatch(path.stem)
    }
    assert Counter(model.config for model in MODELS) == Counter(paths)
    assert all(Path(model.config).stem == model.name and (ROOT / model.readme).is_file() for model in MODELS)


def test_facts_are_those_that_the_page_shows():
    for model in MODELS:
        assert {'Training Data', 'Extra Data', 'CRF', 'TTA', 'Mode'} <= model.facts.keys(), model.name
        for facts in (model.facts, *(result.facts for result in model.results)):
            assert facts['Mode'] in ('pseudo_label', 'predict'), model.name
            assert all(isinstance(value, str) and value for value in facts.values()), model.name
        for result in model.results:
            assert all(0 <= value <= 100 for value in result.metrics.values()), model.name
            wanted = {'Source'} if result.of_paper else {'Commit', 'Command'}
            assert wanted <= result.facts.keys(), model.name


@pytest.mark.parametrize(
    'name',
    ['cam_r18_36e_demo', 'cam_mobilenet-v2_5e_photos', 'pam_r18_36e_demo', 'deeplab-v2_r18_20e_demo']
    + [
        'irnet_r18_20e_demo',
        'mask-rcnn_r18_6e_demo',
        'bestie_r18_18e_demo',
        'bestie_r50_50k_voc2012',
        'affinitynet_r18_20e_demo',
    ],
)
def test_tta_is_that_of_the_config(name):
    (model,) = (model for model in MODELS if model.name == name)
    cfg = load_config(ROOT / model.config)
    branches = cfg.tta_pipeline[-1]['transforms'] if cfg.get('tta') else []
    count = {steps[0]['type']: len(steps) for steps in branches}
    found = [f'{count["mmcv.Resize"]} scales'] if 'mmcv.Resize' in count else []
    mirrored = count.get('mmcv.RandomFlip') == 2 or cfg.model.get('test_cfg', {}).get('flip')  # BESTIE itself
    found += ['mirrored'] if mirrored else []
    assert model.facts['TTA'] == (', '.join(found) or 'none')


def test_measured_numbers_stand_in_the_docs():
    pages = [ROOT / 'README.md', *(ROOT / 'configs').glob('*/README.md'), *(ROOT / 'docs').rglob('*.md')]
    text = '\n'.join(path.read_text() for path in pages if path.name != 'model_zoo.md')
    numbers = set(re.findall(r'(?<![\d.])\d+\.\d(?!\d)', text))
    missing = {
        f'{model.name}: {name} {value:.1f}'
        for model, result in MEASURED
        for name, value in result.metrics.items()
        if f'{value:.1f}' not in numbers
    }
    assert not missing


def test_commits_are_of_this_project():
    def git(*arguments):
        return subprocess.run(['git', '-C', ROOT, *arguments], capture_output=True, text=True)

    if git('rev-parse', '--is-shallow-repository').stdout.strip() != 'false':
        pytest.skip('no history here')
    commits = {result.facts['Commit'] for _, result in MEASURED}
    assert commits
    for commit in commits:
        assert git('merge-base', '--is-ancestor', commit, 'HEAD').returncode == 0, commit


def test_commands_name_files_that_exist():
    for model, result in MEASURED:
        for path in re.findall(r'(?:configs|tools)/\S+\.py', result.facts['Command']):
            assert (ROOT / path).is_file(), (model.name, path)


def test_a_metafile_whose_name_is_too_long_is_missing(tmp_path):
    (tmp_path / 'model-index.yml').write_text(f'Import: [{"a" * 300}]')
    with pytest.raises(FileNotFoundError, match='a is missing: install'):
        read_model_index(tmp_path)


def write_index(folder, metafile):
    (folder / 'model-index.yml').write_text('Import: [metafile.yml]\n')
    if metafile is not None:
        (folder / 'metafile.yml').write_text(metafile if isinstance(metafile, str) else yaml.safe_dump(metafile))
    return folder


@pytest.mark.parametrize(
    'metafile, error, line',
    [
        (None, FileNotFoundError, 'metafile.yml is missing'),
        ('Models: [', ValueError, 'metafile.yml is no valid YAML'),
        ('- Models', ValueError, 'is no model index'),
        ('[' * 10_000, ValueError, 'metafile.yml is no valid YAML'),
        ('a: ' + '1' * 5000, ValueError, 'metafile.yml is no valid YAML'),
        (dict(Models=[None]), ValueError, 'metafile.yml is damaged .None stands where a dict is needed'),
        (dict(Models=7), ValueError, 'metafile.yml is damaged'),
        (dict(Collections=[{}]), ValueError, "metafile.yml is damaged .'Name' is missing"),
        (
            dict(
                Collections=[dict(Name='C', README='R')], Models=[{'Name': [], 'In Collection': 'C', 'Config': 'c.py'}]
            ),
            ValueError,
            r'metafile.yml is damaged .\[\] stands where a str is needed',
        ),
        (
            dict(Collections=[dict(Name='C', README='R')], Models=[{'Name': 'm', 'In Collection': 'C'}]),
            ValueError,
            "model m lacks 'Config'",
        ),
        (
            dict(
                Collections=[dict(Name='C', README='R')],
                Models=[{'Name': 'm', 'In Collection': 'C', 'Config': 'c.py'}] * 2,
            ),
            ValueError,
            'a second model is called m',
        ),
    ],
)
def test_a_wrong_metafile_gets_one_line(tmp_path, metafile, error, line):
    with pytest.raises(error, match=line) as caught:
        read_model_index(write_index(tmp_path, metafile))
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize(
    'content',
    ['7', '[[a]]', '[1]', '[/etc/passwd]', '[../a]', r'["\n"]'],
)
def test_a_wrong_index_gets_one_line(tmp_path, content):
    (tmp_path / 'model-index.yml').write_text(f'Import: {content}')
    with pytest.raises(ValueError, match='model-index.yml is damaged'):
        read_model_index(tmp_path)
