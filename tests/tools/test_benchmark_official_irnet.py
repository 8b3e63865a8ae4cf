"""Comparing label making with the official IRNet code, of which a tiny stand-in is written here."""

import json
import sys

import numpy as np
import pytest
from documented_commands import load_tool
from PIL import Image
from pycocotools import mask as coco_mask
from tiny_chain.processes import run_tool

TOOL = 'analysis_tools/benchmark_official_irnet.py'
STEPS = 'analysis_tools/official_irnet_steps.py'
NAMES = [f'2007_{number:06d}' for number in range(20)]
#: As the official step: it asks for a GPU, for processes and for the sizes of photos, and pickles a dict.
STEP = """
import numpy as np
import torch
from net.resnet50 import resnet50
from torch import cuda, multiprocessing
from torch.utils.data import DataLoader

def _work(process_id, model, photos, args):
    with cuda.device(process_id):
        for pack in DataLoader(photos[process_id]):
            height, width = np.asarray(pack['size'])
            cams = torch.zeros(1, 9, 9)[:, :height, :width].cuda() + torch.cuda.device_count()
            np.save(f'{args.cam_out_dir}/{pack["name"][0]}.npy', {'keys': torch.tensor([3]), 'cam': cams})

def run(args):
    assert resnet50(pretrained=True) == 'random'
    multiprocessing.spawn(_work, nprocs=1, args=(None, [[dict(name='a', size=(4, 6))]], args), join=True)
    torch.cuda.empty_cache()
"""


@pytest.fixture(scope='module')
def tool():
    return load_tool(f'tools/{TOOL}')


@pytest.fixture
def voc(tmp_path):
    for folder in ('JPEGImages', 'Annotations', 'ImageSets/Segmentation'):
        (tmp_path / 'voc' / folder).mkdir(parents=True)
    for name in NAMES:
        Image.new('RGB', (60, 40), (90, 120, 60)).save(tmp_path / 'voc' / 'JPEGImages' / f'{name}.jpg')
        (tmp_path / 'voc' / 'Annotations' / f'{name}.xml').write_text(f'<annotation>{name}</annotation>')
    (tmp_path / 'voc' / 'ImageSets' / 'Segmentation' / 'train.txt').write_text('\n'.join(NAMES))
    return tmp_path / 'voc'


@pytest.fixture
def clone(tmp_path):
    files = {'net/resnet50_cam.py': 'import a_missing_package', 'net/resnet50_irn.py': '', 'step/make_cam.py': STEP}
    files['net/resnet50.py'] = "def resnet50(pretrained=True):\n    return 'ImageNet' if pretrained else 'random'\n"
    for name, text in {**files, 'voc12/cls_labels.npy': ''}.items():
        (tmp_path / 'irn' / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / 'irn' / name).write_text(text)
    return tmp_path / 'irn'


def test_reduced_copies(tool, voc, tmp_path):
    tool.copy_photos(voc, NAMES, 30, tmp_path / 'copies')
    photo = tmp_path / 'copies' / 'JPEGImages' / f'{NAMES[3]}.jpg'
    assert Image.open(photo).size == (30, 20)
    assert (
        tmp_path / 'copies' / 'Annotations' / f'{NAMES[3]}.xml'
    ).read_text() == f'<annotation>{NAMES[3]}</annotation>'
    assert len(list(photo.parent.iterdir())) == len(NAMES)


def test_reduced_copies_keep_their_colours(tool, voc, tmp_path):
    Image.new('RGB', (60, 40), (200, 90, 20)).save(voc / 'JPEGImages' / f'{NAMES[0]}.jpg')
    tool.copy_photos(voc, NAMES[:1], 30, tmp_path / 'copies')
    copy = Image.open(tmp_path / 'copies' / 'JPEGImages' / f'{NAMES[0]}.jpg')
    np.testing.assert_allclose(copy.convert('RGB').getpixel((15, 10)), (200, 90, 20), atol=6)


@pytest.mark.parametrize('folder, ending', [('JPEGImages', 'jpg'), ('Annotations', 'xml')])
def test_missing_file_of_a_photo_is_named(tool, voc, tmp_path, folder, ending):
    (voc / folder / f'{NAMES[1]}.{ending}').unlink()
    with pytest.raises(SystemExit, match=rf'error: .*{NAMES[1]}\.{ending} does not exist'):
        tool.copy_photos(voc, NAMES, 30, tmp_path / 'copies')


def test_names_of_a_list(tool, tmp_path):
    file = tmp_path / 'list.txt'
    with pytest.raises(SystemExit, match='does not exist'):
        tool.read_names(file, 2)
    file.write_text('2007_000033 1\n\n2007_000033\n2007_000042 -1\n000000547503\n')
    assert tool.read_names(file, 2) == ['2007_000033', '2007_000042']
    with pytest.raises(SystemExit, match='names 000000547503'):
        tool.read_names(file, 3)
    with pytest.raises(SystemExit, match='has 3 photos, fewer than the 4'):
        tool.read_names(file, 4)


def test_lists_of_both_codes(tool, tmp_path):
    tool.write_lists(tmp_path, NAMES[:2])
    assert (tmp_path / 'voc' / tool.LIST).read_text().split() == NAMES[:2]
    assert (tmp_path / 'official' / 'photos.txt').read_text() == '2007000000\n2007000001\n'


@pytest.mark.parametrize(
    'options, problem',
    [
        (['--photos', '19'], '--photos must be 20 at least'),
        (['--long-side', '600'], '--long-side must be from 32 to 512'),
        (['--threads', '0'], '--threads must be positive'),
        (['--work-dir', 'irn'], 'is not empty'),
    ],
)
def test_wrong_options_are_named_in_one_line(tool, clone, monkeypatch, capsys, options, problem):
    monkeypatch.chdir(clone.parent)
    monkeypatch.setattr(sys, 'argv', [TOOL, 'irn', '--voc-root', 'voc', *options])
    with pytest.raises(SystemExit):
        tool.parse_args()
    assert problem in capsys.readouterr().err.splitlines()[-1]


def test_folder_without_the_official_code_is_named(tool, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, 'argv', [TOOL, str(tmp_path), '--voc-root', 'voc'])
    with pytest.raises(SystemExit):
        tool.parse_args()
    assert 'is no clone of github.com/jiwoon-ahn/irn' in capsys.readouterr().err.splitlines()[-1]


def test_table_sums_up_runs(tool):
    rows = [
        ('CAMs', [4.0], [1.0, 1.0], 'largest difference 1.0e-04'),
        ('masks', [3.0, 1.0], [0.5], '99% of pixels'),
    ]
    lines = tool.format_table(rows).splitlines()
    assert lines[0].count('|') == lines[1].count('|') == 6
    assert lines[2:] == [
        '| CAMs | 4.00 | 2.00 (1.00 + 1.00) | 2.0 | largest difference 1.0e-04 |',
        '| masks | 4.00 (3.00 + 1.00) | 0.50 | 8.0 | 99% of pixels |',
        '| all | 8.00 | 2.50 | 3.2 |  |',
    ]


def test_instances_are_found_by_class_and_overlap(tool):
    masks = np.zeros((3, 8, 10), bool)
    masks[0, 1:5, 2:8] = masks[1, 6:, :4] = masks[2, 0, 0] = True
    official = dict(score=np.array([1, 0.5, 0]), mask=masks, **{'class': np.array([3, 3, 3])})
    encoded = coco_mask.encode(np.asfortranarray(masks[0].astype(np.uint8)))
    assert tool.find_instances(official, [dict(label=3, mask=encoded)]) == [True, False]
    assert tool.find_instances(official, [dict(label=4, mask=encoded)]) == [False, False]


def test_equal_pixels_of_all_photos(tool, tmp_path):
    for folder, value in ((tmp_path / 'official' / 'labels', 0), (tmp_path / 'wsis' / 'stage' / 'labels', 1)):
        folder.mkdir(parents=True)
        pixels = np.zeros((4, 5), np.uint8)
        pixels[0, 0] = value
        Image.fromarray(pixels).save(folder / 'a.png')
    assert tool.share_equal_pixels(tmp_path, ['a'], 'labels', 'stage') == pytest.approx(0.95)


def test_step_runs_without_a_gpu(clone, tmp_path):
    result = run_tool(None, tmp_path, STEPS, clone, tmp_path / 'work', 'cams')
    assert result.status == 0, result.tail
    assert 0 < json.loads(result.output.splitlines()[-1])['seconds'] < 60
    with np.load(tmp_path / 'work' / 'official' / 'cams' / 'a.npz', allow_pickle=False) as content:
        assert content['keys'].tolist() == [3]
        np.testing.assert_array_equal(content['cam'], np.ones((1, 4, 6)))
    assert not list(clone.rglob('__pycache__')), 'the clone is not written to'


def test_package_that_a_clone_lacks_is_named_in_one_line(clone, voc, tmp_path):
    result = run_tool(None, tmp_path, TOOL, clone, '--voc-root', voc, '--work-dir', tmp_path / 'work')
    assert (
        result.status != 0 and "official weights failed: ModuleNotFoundError: No module named 'a_missing" in result.tail
    )
    assert 'Traceback' not in result.output
