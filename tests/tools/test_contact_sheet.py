"""Tests of tools/analysis_tools/contact_sheet.py: a whole page from models with random weights on a tiny set."""

import json
import runpy
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope
from PIL import Image
from tiny_chain.processes import link_demo, run_tool

import projects.wsis  # noqa: F401
from projects.wsis.inspection.contact_sheet import ContactSheetOptions, make_contact_sheet
from projects.wsis.inspection.photo_choice import choose_photos, count_found, find_separated, measure_separation
from projects.wsis.inspection.photo_results import Instances
from projects.wsis.structures import PseudoLabelStore, read_json, write_json
from projects.wsis.structures.masks import encode_mask

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / 'tools/analysis_tools/contact_sheet.py'
sys.path.insert(0, str(ROOT / 'tools/dataset_converters'))
IRNET = 'configs/irnet/irnet_r18_20e_demo.py'
DETECTOR = 'configs/mask_rcnn/mask-rcnn_r18_6e_demo.py'


def save_random_weights(config: str, path: Path) -> None:
    cfg = Config.fromfile(ROOT / config)
    init_default_scope(cfg.default_scope)
    torch.manual_seed(0)
    torch.save(dict(state_dict=MODELS.build(cfg.model).state_dict()), path)


def write_instances(folder: Path, classes: tuple, instances: dict[str, Instances]) -> None:
    store = PseudoLabelStore(folder / 'instances', 'instances', '.json')
    store.start({}, classes)
    for name, found in instances.items():
        height, width = found.masks.shape[1:]
        content = [
            dict(label=int(label), score=0.9, mask=encode_mask(mask)) for mask, label in zip(found.masks, found.labels)
        ]
        write_json(store.path_of(name), dict(file_name=f'{name}.jpg', height=height, width=width, instances=content))
    store.finish(list(instances))


@pytest.fixture(scope='module')
def run_folder(tmp_path_factory):
    """A rendered set, random weights, blurred masks as CAMs, and true masks (joined by class) as pseudo instances."""
    import make_demo_data as demo

    root = tmp_path_factory.mktemp('contact_sheet')
    assert demo.make_demo_data(root / 'set', demo.DemoSet(seed=0, train=4, val=2, size=120))
    classes = demo.DEMO_CLASSES
    cams = PseudoLabelStore(root / 'cams', 'cams', '.npz')
    cams.start({}, classes)
    merged, separated = {}, {}
    names = (root / 'set/ImageSets/Segmentation/train.txt').read_text().split()
    for name in names:
        semantic = np.array(Image.open(root / f'set/SegmentationClass/{name}.png'))
        objects = np.array(Image.open(root / f'set/SegmentationObject/{name}.png'))
        present = np.unique(semantic[semantic > 0])
        maps = np.stack([cv2.GaussianBlur((semantic == c).astype(np.float32), (0, 0), 6)[::4, ::4] for c in present])
        cams.write_arrays(
            name,
            cams=(maps / maps.max()).astype(np.float16),
            labels=present.astype(np.int64) - 1,
            size=np.array(semantic.shape),
            scores=np.zeros(8, np.float32),
            mode=np.array('pseudo_label'),
        )
        merged[name] = Instances(np.stack([semantic == c for c in present]), present - 1)
        masks = np.stack([objects == k for k in np.unique(objects[objects > 0])])
        separated[name] = Instances(masks, np.array([semantic[mask][0] - 1 for mask in masks]))
    cams.finish(names)
    write_instances(root / 'merged', classes, merged)
    write_instances(root / 'pseudo', classes, separated)
    save_random_weights(IRNET, root / 'irnet.pth')
    save_random_weights(DETECTOR, root / 'detector.pth')
    return root


@pytest.fixture(autouse=True)
def data_root(run_folder, tmp_path_factory, monkeypatch):
    monkeypatch.chdir(link_demo(tmp_path_factory.mktemp('run'), run_folder / 'set'))
    monkeypatch.setenv('CUDA_VISIBLE_DEVICES', '')


def options(folder: Path, **changes) -> ContactSheetOptions:
    given = dict(
        irnet_config=IRNET,
        irnet_checkpoint=str(folder / 'irnet.pth'),
        cams=str(folder / 'cams'),
        pseudo_labels=str(folder / 'pseudo'),
        photos=2,
        tile_width=100,
    )
    return ContactSheetOptions(**{**given, **changes})


def read(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        assert picture.format == 'PNG' and picture.mode == 'RGB'
        return np.array(picture)


def test_tool_draws_every_column_from_any_folder(run_folder, tmp_path):
    arguments = dict(
        irnet_config=IRNET,
        irnet_checkpoint=run_folder / 'irnet.pth',
        cams=run_folder / 'cams',
        pseudo_labels=run_folder / 'pseudo',
        boundary_labels=run_folder / 'merged',
        detector_config=DETECTOR,
        detector_checkpoint=run_folder / 'detector.pth',
        photos=2,
        min_score=0.13,
        out='pictures/sheet.png',
    )
    command = [TOOL]
    for key, value in arguments.items():
        command += [f'--{key.replace("_", "-")}', value]
    result = run_tool(run_folder / 'set', tmp_path, *command)
    assert result.status == 0, result.tail
    out = tmp_path / 'pictures/sheet.png'
    assert str(out) in result.output and '[2/2]' in result.output
    assert [path.name for path in out.parent.iterdir()] == ['sheet.png']
    page = read(out)
    # caption and eight columns of 220 pixels, with gaps
    assert page.shape[1] == 80 + 172 + 8 * 230 and page.shape[0] > 2 * 150


def test_columns_follow_what_is_given_and_pages_repeat(run_folder, tmp_path):
    first = read(make_contact_sheet(options(run_folder), tmp_path / 'a.png'))
    assert first.shape[1] == 80 + 172 + 6 * 110
    assert np.array_equal(first, read(make_contact_sheet(options(run_folder), tmp_path / 'b.png')))
    merged = read(
        make_contact_sheet(options(run_folder, boundary_labels=str(run_folder / 'merged')), tmp_path / 'c.png')
    )
    assert merged.shape[1] == 80 + 172 + 7 * 110


def test_photos_without_masks_have_no_truth_column(run_folder, tmp_path):
    no_masks = {'test_dataloader.dataset.with_masks': False}
    page = read(make_contact_sheet(options(run_folder, irnet_options=no_masks, photos=99), tmp_path / 'a.png'))
    assert page.shape[1] == 80 + 172 + 5 * 110
    assert page.shape[0] > 4 * 75  # all four photos, though more were asked for


def square(*columns: tuple[int, int]) -> Instances:
    masks = np.zeros((len(columns), 10, 100), bool)
    for mask, (first, last) in zip(masks, columns):
        mask[:, first:last] = True
    return Instances(masks, np.zeros(len(columns), np.int64))


def encoded(*columns: tuple[int, int]) -> list[dict]:
    return [dict(label=0, mask=encode_mask(mask)) for mask in square(*columns).masks]


def test_separation_counts_even_halves_most():
    whole = encoded((0, 100))
    assert measure_separation(whole, encoded((0, 50), (50, 100))) == pytest.approx(1)
    assert measure_separation(whole, encoded((0, 25), (25, 50), (50, 75), (75, 100))) == pytest.approx(3)
    assert 0 < measure_separation(whole, encoded((0, 98), (98, 100))) < 0.1
    assert measure_separation(whole, whole) == measure_separation(whole, encoded()) == 0
    # another class separates nothing, and what was apart before is no gain
    other = encoded((0, 50), (50, 100))
    assert measure_separation(other, other) == 0
    other = [dict(part, label=3) for part in other]
    assert measure_separation(whole, other) == 0


@pytest.fixture
def two_stores(tmp_path):
    """Twenty photos; displacement splits 4, 5 and 17 into halves."""
    names = [f'photo_{index:02d}' for index in range(20)]
    halves = {
        name: square((0, 50), (50, 100)) if index in (4, 5, 17) else square((0, 100))
        for index, name in enumerate(names)
    }
    write_instances(tmp_path / 'merged', ('bird',), {name: square((0, 100)) for name in names})
    write_instances(tmp_path / 'pseudo', ('bird',), halves)
    return names, *(
        PseudoLabelStore(tmp_path / part / 'instances', 'instances', '.json') for part in ('pseudo', 'merged')
    )


def test_separated_photos_without_truth(two_stores):
    names, pseudo, merged = two_stores
    found = find_separated(names, pseudo, merged, [None] * 20)
    assert list(found) == [4, 5, 17] and '1 → 2 instances' in found[4]


def test_separated_photos_by_truth(two_stores):
    names, pseudo, merged = two_stores

    def true(*columns):
        return [dict(bbox_label=0, mask=instance['mask']) for instance in encoded(*columns)]

    # 4 was one object after all, 5 was two of which one was as good as found before, 17 is right and 6 has no masks
    truths = [true((0, 100))] * 20
    truths[5], truths[6], truths[17] = true((0, 49), (51, 58)), None, true((0, 48), (51, 100))
    found = find_separated(names, pseudo, merged, truths)
    assert found == {17: 'finds 0 → 2 of 2 objects', 5: 'finds 0 → 1 of 2 objects'}


def test_found_objects_need_class_and_overlap():
    true = [dict(bbox_label=0, mask=instance['mask']) for instance in encoded((0, 40), (60, 100))]
    assert count_found(encoded((0, 38), (60, 70)), true) == 1
    assert count_found([dict(part, label=1) for part in encoded((0, 40))], true) == 0
    assert count_found([], true) == 0 and count_found(encoded((0, 40)), []) == 0


def test_choice_is_half_even_half_separated():
    separated = {17: 'a', 4: 'b', 5: 'c'}
    chosen, marks = choose_photos(4, 20, separated)
    assert len(set(chosen)) == 4 and chosen[2:] == [17, 4] and marks == {17: 'a', 4: 'b'}
    assert chosen[0] < 10 <= chosen[1]
    # fewer are separated than there is room for: the rest is evenly spaced
    chosen, marks = choose_photos(10, 20, separated)
    assert len(set(chosen)) == 10 and marks == separated
    assert choose_photos(5, 20, {}) == ([2, 6, 10, 14, 18], {})
    assert sorted(choose_photos(99, 20, separated)[0]) == list(range(20))


@pytest.mark.parametrize(
    'changes,message',
    [
        (dict(photos=0), '--photos'),
        (dict(detector_config=DETECTOR), '--detector-config and --detector-checkpoint go together'),
        (dict(irnet_checkpoint='missing.pth'), 'checkpoint missing.pth not found'),
        (dict(irnet_config='configs/missing.py'), 'config configs/missing.py not found'),
        (dict(irnet_config='configs/_base_/default_runtime.py'), 'no test_dataloader'),
        (dict(cams='nowhere'), 'nowhere holds no cams'),
        (dict(pseudo_labels='nowhere'), 'nowhere.instances holds no instances'),
        (dict(irnet_checkpoint='{detector}'), 'is not of the model IRNet'),
        (dict(detector_config=DETECTOR, detector_checkpoint='{irnet}'), 'is not of the model MaskRCNN'),
        (dict(boundary_labels='{other}'), 'the first that differs, class'),
        (dict(pseudo_labels='{fewer}'), 'has no instances of photo'),
    ],
)
def test_bad_input_is_one_clear_line(run_folder, tmp_path, changes, message):
    write_instances(tmp_path / 'other', ('dog',), {'demo_000000': square((0, 9))})
    write_instances(
        tmp_path / 'fewer',
        tuple(read_json(run_folder / 'cams/manifest.json')['classes']),
        {'demo_000000': square((0, 9))},
    )
    places = dict(
        detector=run_folder / 'detector.pth',
        irnet=run_folder / 'irnet.pth',
        other=tmp_path / 'other',
        fewer=tmp_path / 'fewer',
    )
    changes = {key: value.format(**places) if isinstance(value, str) else value for key, value in changes.items()}
    with pytest.raises((ValueError, FileNotFoundError), match=message) as error:
        make_contact_sheet(options(run_folder, **changes), tmp_path / 'sheet.png')
    assert len(str(error.value).splitlines()) == 1
    assert not (tmp_path / 'sheet.png').exists()


def test_tool_reports_bad_input_and_other_endings(run_folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(
        sys,
        'argv',
        [
            str(TOOL),
            '--irnet-config',
            IRNET,
            '--irnet-checkpoint',
            str(run_folder / 'irnet.pth'),
            '--cams',
            str(run_folder / 'cams'),
            '--pseudo-labels',
            str(run_folder / 'pseudo'),
            '--out',
            str(tmp_path / 'sheet.jpg'),
        ],
    )
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(str(TOOL), run_name='__main__')
    assert stop.value.code == 1
    lines = capsys.readouterr().err.strip().splitlines()
    assert len([line for line in lines if line.startswith('error')]) == 1 and 'ends in .png' in lines[-1]


def test_damaged_store_names_the_file(run_folder, tmp_path):
    write_instances(
        tmp_path / 'bad',
        tuple(read_json(run_folder / 'cams/manifest.json')['classes']),
        {f'demo_{index:06d}': square((0, 9)) for index in range(4)},
    )
    path = tmp_path / 'bad/instances/demo_000003.json'
    path.write_text(json.dumps(read_json(path))[:40])
    with pytest.raises(ValueError, match='demo_000003.json is not valid JSON'):
        make_contact_sheet(options(run_folder, pseudo_labels=str(tmp_path / 'bad'), photos=4), tmp_path / 'sheet.png')
