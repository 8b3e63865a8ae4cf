"""Readers of what this project has written itself: stores, records, logs, configs and checkpoints."""

import json
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import numpy as np
import torch
import yaml

from projects.wsis.apis.data_choice import check_data_file, read_config
from projects.wsis.apis.inference.trained_model import find_trained_model
from projects.wsis.apis.zoo.metafiles import read_model_index
from projects.wsis.datasets.transforms.loading import LoadCAMs
from projects.wsis.engine import find_latest_checkpoint, load_checkpoint_safely
from projects.wsis.engine.pseudo_instances import check_pseudo_instances
from projects.wsis.evaluation.writers import CAMWriter, InstanceWriter, PeakWriter
from projects.wsis.inspection.photo_results import read_instances
from projects.wsis.inspection.report.curves import read_losses
from projects.wsis.inspection.report.run_folder import read_run
from projects.wsis.inspection.stored_predictions import find_predictions
from projects.wsis.inspection.training_logs import measure_time, read_training_log
from projects.wsis.labelling.own_size import write_instances
from projects.wsis.labelling.run import NOTE_NAME, open_output
from projects.wsis.labelling.working_copy import WorkingCopy
from projects.wsis.recipes.stage import read_stages
from projects.wsis.recipes.stage_record import StageRecord
from projects.wsis.recipes.times_table import make_comparison, read_times
from projects.wsis.reference import convert
from projects.wsis.reference.mxnet_params import read_mxnet_params
from projects.wsis.reference.network import ReferenceNetwork
from projects.wsis.structures import PseudoLabelStore, find_manifests, read_json
from projects.wsis.structures.masks import encode_mask

from .broken_files import broken, checkpoint_files, json_files, npz_files, python_files, text_files
from .reader import Reader
from .user_files import CLASSES, HEIGHT, PHOTOS, WIDTH, make_coco, read_file

RLE = encode_mask(np.eye(HEIGHT, WIDTH) > 0)
CAMS = dict(
    cams=np.ones((2, HEIGHT, WIDTH), np.float16),
    labels=np.array([0, 1]),
    size=np.array([HEIGHT, WIDTH]),
    scores=np.ones(2, np.float32),
    mode=np.array('predict'),
)
INSTANCES = dict(file_name='a.jpg', height=HEIGHT, width=WIDTH, instances=[dict(label=1, score=0.5, mask=RLE)] * 2)
PEAKS = dict(mode='predict', scores=[0.5, 1.0], points=[{'class': 'cat', 'y': 1, 'x': 2, 'score': 0.5}])
RECORD = dict(
    key='0',
    complete=True,
    seconds=1.5,
    name='cam',
    action='train',
    config='a.py',
    inputs=['other'],
    outputs={'file:a': '1'},
    metrics={'mIoU': 50.0},
    batch=dict(before=3, after=4),
)
RESULTS = dict(
    stages=[dict(name='cam', action='train', number='mIoU', expected=50.0), dict(name='other', action='predict')]
)
PARTS = ('data', 'forward', 'backward', 'optimizer', 'hooks', 'evaluation')
MEASURED = dict(start_up=3.0, rest=0.5, steps=10, photos=40, parts=dict.fromkeys(PARTS, 1.5))
TIMES = dict(config='a.py', commit='abc', steps=10, processes=1, cores=2, machine='Linux')
TIMES |= dict(stages=[dict(name='cam', action='train', seconds=12.5, cpu_seconds=9.0, peak_memory=1 << 28, **MEASURED)])
SCALARS = (
    '{"loss": 1.5, "time": 0.1, "iter": 1, "step": 1, "epoch": 1}\n'
    '{"loss": 1, "time": 0.2, "iter": 2, "step": 2, "epoch": 1}\n{"mAP": 0.5, "step": 1}\n'
)
METAFILE = dict(
    Collections=[dict(Name='CAM', README='README.md', Paper=dict(Title='a'))],
    Models=[
        {
            'Name': 'cam_r18',
            'In Collection': 'CAM',
            'Config': 'a.py',
            'Metadata': {'Training Data': 'VOC'},
            'Results': [{'Task': 'Seeds', 'Dataset': 'VOC', 'Metrics': {'mIoU': 50.0}, 'Mode': 'train'}],
        }
    ],
)
RECIPE = dict(
    stages=[
        dict(name='cam', action='train', config='cam'),
        dict(
            name='cams', action='predict', config='cam', checkpoint='cam', options={'work_dir': '{cam}'}, number='mIoU'
        ),
        dict(name='tool', action='tool', tool='a.py', arguments=['@cam', '{cams}'], reads=['a']),
    ],
    configs=dict(cam='configs/cam/cam_r18_36e_demo.py'),
    options=dict(cam={'a.b': 1}),
    expected=dict(cams=50.0),
    skip=[],
)
DATASET = dict(type='PhotoTagDataset', data_root='a', metainfo=dict(classes=['cat', 'red fox']))
DATA_FILE = dict(
    classes=['cat', 'red fox'],
    num_classes=2,
    metainfo=dict(classes=['cat', 'red fox']),
    data_root='a',
    photo_folder='a',
    weak_dataset=DATASET,
    label_dataset=DATASET,
    val_dataset=DATASET,
    untagged_photos='negative',
)
TINY = ReferenceNetwork(
    name='tiny',
    description='a tiny network',
    config='a.py',
    shapes={'a.weight': (2,), 'a.num_batches_tracked': (), 'b.weight': (3, 2)},
    aliases={'c': 'b'},
    renames={'a': 'x', 'b': 'y'},
    background_last=frozenset({'b.weight'}),
    entry='model',
)
TENSORS = {
    'a.weight': torch.ones(2),
    'a.num_batches_tracked': torch.tensor(1),
    'b.weight': torch.ones(3, 2),
    'c.weight': torch.ones(3, 2),
}
MXNET = b''.join(
    (
        *(np.array([0x112, 0, 1], '<u8').tobytes(), np.array([0xF993FAC9, 0, 1], '<u4').tobytes()),
        *(np.array([2], '<i8').tobytes(), np.array([1, 0, 0], '<i4').tobytes(), np.ones(2, '<f4').tobytes()),
        *(np.array([1, 5], '<u8').tobytes(), b'arg:a'),
    )
)


def describe_store(artifact: str) -> dict:
    """Return the manifest of a complete store."""
    return dict(artifact=artifact, complete=True, classes=list(CLASSES), lineage=dict(config='1'), count=1)


def make_manifest(artifact: str) -> bytes:
    """Return the bytes of the manifest of a complete store."""
    return json.dumps(describe_store(artifact)).encode()


def load_stored(writer, folder: Path) -> None:
    """Load the stored prediction of the photo ``a`` as the loop and the offline evaluation do."""
    from mmdet.structures import DetDataSample

    writer.dataset_meta = dict(classes=list(CLASSES))
    writer.locate(folder)
    writer.load(DetDataSample(metainfo=dict(img_id='a')))


def join_stored(writer, folder: Path) -> None:
    """Load a stored prediction, and join all of them into one file beside the store."""
    load_stored(writer, folder)
    writer.join(['a'])


def read_cams(folder: Path) -> None:
    """Read stored CAMs as stages of a recipe and the evaluation do."""
    load_stored(CAMWriter(), folder)
    LoadCAMs()(dict(cam_dir=str(folder / 'cams'), img_id='a', img_path='a.jpg', ori_shape=(HEIGHT, WIDTH)))


def read_manifest(folder: Path) -> None:
    """Read a manifest as every stage does that uses the store, and as the records of stages do."""
    find_manifests(folder)
    PseudoLabelStore(folder / 'cams', 'cams', '.npz').check_readable(CLASSES)
    find_predictions(folder / 'cams', CLASSES)


def read_record(folder: Path) -> None:
    """Read the record of a stage, as a recipe, the report and the tools for trained models do."""
    record = StageRecord(folder / 'cam')
    record.is_complete('0')
    record.add_time(1.0)
    read_run(folder)
    find_trained_model(folder)


def read_log(folder: Path) -> None:
    """Read the log of a training: its curves and times."""
    read_losses(folder)
    measure_time(read_training_log(folder))


def check_instances(folder: Path) -> None:
    """Check a COCO json that a detector is to be trained on."""
    dataset = dict(ann_file=str(folder / 'file.json'), metainfo=dict(classes=CLASSES))
    check_pseudo_instances(dict(dataset, type='CocoDataset', filter_cfg=dict(filter_empty_gt=True, min_size=3)))


def scale_instances(folder: Path) -> None:
    """Give a COCO json of a recipe the sizes of the photos."""
    copies = {name: WorkingCopy(2 * WIDTH, 2 * HEIGHT, True, ()) for name in PHOTOS}
    write_instances(folder / 'file.json', folder / 'out.json', copies, processes=1)


def convert_checkpoint(folder: Path) -> None:
    """Convert a checkpoint as one of a tiny official network."""
    with mock.patch.dict(convert.REFERENCE_NETWORKS, dict(tiny=TINY), clear=True):
        convert.convert_reference(folder / 'file.pth', 'tiny', folder / 'out.pth')


def open_run(folder: Path) -> None:
    """Open the output folder of an earlier call of label_photos."""
    open_output(SimpleNamespace(photos=folder / 'photos', out=folder / 'out', exports=()))


def make_result() -> dict:
    """Return a COCO json as a recipe writes it, with RLE only."""
    content = make_coco()
    return dict(content, annotations=[dict(entry, segmentation=RLE) for entry in content['annotations']])


def compare_times(folder: Path) -> None:
    """Compare the times of a recipe with themselves, as benchmark_recipe.py does with those of two runs."""
    times = read_times(folder / 'times.json')
    make_comparison(times, times)


INDEX = dict(Import=['metafile.yml'])
READERS = (
    Reader('own JSON', 'file.json', json_files(RECORD), read_file(read_json)),
    Reader('store: manifest', 'cams/manifest.json', json_files(describe_store('cams')), read_manifest),
    Reader('store: CAMs', 'cams/a.npz', npz_files(CAMS), read_cams, {'cams/manifest.json': make_manifest('cams')}),
    Reader(
        'store: instances',
        'instances/a.json',
        json_files(INSTANCES),
        lambda folder: join_stored(InstanceWriter(), folder),
    ),
    Reader(
        'store: instances of results',
        'instances/a.json',
        json_files(INSTANCES),
        lambda folder: read_instances(PseudoLabelStore(folder / 'instances', 'instances', '.json'), 'a'),
    ),
    Reader('store: peaks', 'peaks/a.json', json_files(PEAKS), lambda folder: join_stored(PeakWriter(), folder)),
    Reader('notes of label_photos', f'out/{NOTE_NAME}', json_files(dict(photos='/photos')), open_run),
    Reader(
        'last checkpoint',
        'last_checkpoint',
        text_files('/runs/epoch_1.pth', cells=('/', '_', '1')),
        find_latest_checkpoint,
    ),
    Reader('pseudo instances to train on', 'file.json', json_files(make_coco()), check_instances),
    Reader('pseudo instances to scale', 'file.json', json_files(make_result()), scale_instances),
    Reader(
        'stage records',
        'cam/stage.json',
        json_files(RECORD),
        read_record,
        {'results.json': json.dumps(RESULTS).encode()},
    ),
    Reader(
        'results of a recipe',
        'results.json',
        json_files(RESULTS),
        read_record,
        {'cam/stage.json': json.dumps(RECORD).encode()},
    ),
    Reader('times of a recipe', 'times.json', json_files(TIMES), compare_times),
    Reader(
        'training logs',
        'a/vis_data/scalars.json',
        text_files(SCALARS, cells=('1', '2', '"step"', '"iter"', '"epoch"', '"loss"', '1.5', '}', ',', '\n')),
        read_log,
    ),
    Reader(
        'model index',
        'model-index.yml',
        text_files(yaml.safe_dump(INDEX), cells=('Import', '-', ':', 'metafile.yml')),
        read_model_index.__wrapped__,
        {'metafile.yml': yaml.safe_dump(METAFILE).encode()},
    ),
    Reader(
        'metafiles',
        'metafile.yml',
        json_files(METAFILE),
        read_model_index.__wrapped__,
        {'model-index.yml': yaml.safe_dump(INDEX).encode()},
    ),
    Reader(
        'recipes',
        'file.py',
        python_files(RECIPE),
        lambda folder: read_stages(read_config(folder / 'file.py')),
        examples=100,
    ),
    Reader('data files', 'file.py', python_files(DATA_FILE), read_file(check_data_file), examples=100),
    Reader('checkpoints', 'file.pth', checkpoint_files(TENSORS), read_file(load_checkpoint_safely)),
    Reader('checkpoints of official codes', 'file.pth', checkpoint_files(TENSORS), convert_checkpoint),
    Reader('parameters of MXNet', 'file.params', broken(MXNET), read_file(read_mxnet_params)),
)
