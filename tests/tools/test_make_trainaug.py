"""The split trainaug."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / 'tools' / 'dataset_converters' / 'make_trainaug.py'


def write(path: Path, names: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('\n'.join(names) + '\n')


def run(voc: Path, sbd: Path) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, SCRIPT, voc, sbd], capture_output=True, text=True)


def test_union_without_val(tmp_path):
    voc, sbd = tmp_path / 'VOC2012', tmp_path / 'sbd'
    splits = voc / 'ImageSets' / 'Segmentation'
    write(splits / 'train.txt', 'ab')
    write(splits / 'val.txt', 'cd')
    write(sbd / 'train.txt', 'bce')
    write(sbd / 'val.txt', 'fd')
    result = run(voc, sbd)
    assert result.returncode == 0
    assert (splits / 'trainaug.txt').read_text().split() == ['a', 'b', 'e', 'f']
    assert '4 photos' in result.stdout and '10582' in result.stdout


def test_missing_split_is_one_line(tmp_path):
    result = run(tmp_path / 'nowhere', tmp_path)
    assert result.returncode == 1
    assert result.stderr.strip().count('\n') == 0 and 'train.txt' in result.stderr
