"""A small run made by hand: records, stores and true masks, with names that would break a careless page."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from projects.wsis.structures import PseudoLabelStore, write_json
from projects.wsis.structures.index_png import write_index_png
from projects.wsis.structures.masks import encode_mask

CLASSES = ('</script><script>document.title="broken"</script>', '<img src=x onerror=alert(1)>', '$x_1$ & "dogs"')
SIZE = (60, 80)
# the fifth has its slash from a folder: a photo is known by its path
NAMES = ('a.png', 'b.png', 'c "d" \'e\'.png', '<b>f<!--.png', 'g</script><script>alert(2)</h.png', 'i &amp; j.png')
EMPTY = NAMES[1]  # has no pseudo instance
FOUND = {name: step / len(NAMES) for step, name in enumerate(NAMES)}  # share of the prediction that is right


def box(label: int, share: float = 1.0) -> np.ndarray:
    """The class map of one object, or of the upper share of it."""
    values = np.zeros(SIZE, np.uint8)
    values[10 : 10 + round(40 * share), 20:60] = label + 1
    return values


def make_photos(folder: Path) -> dict[str, int]:
    """Save photos, true masks, tags and the config that names them; return the class of each photo."""
    tags = {name: index % len(CLASSES) for index, name in enumerate(NAMES)}
    rng = np.random.default_rng(0)
    for name, label in tags.items():
        path = folder / 'photos' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (*SIZE, 3), np.uint8)).save(path)
        write_index_png(folder / 'masks' / f'{name}.png', box(label))
    write_json(folder / 'tags.json', {name: [CLASSES[label]] for name, label in tags.items()})
    return tags


def write_config(folder: Path, stage: Path, body: str = '') -> None:
    """Write the config that mmengine leaves in the folder of a stage."""
    dataset = dict(
        type='PhotoTagDataset',
        data_root=str(folder / 'photos'),
        metainfo=dict(classes=CLASSES),
        tags_file=str(folder / 'tags.json'),
        data_prefix=dict(sem_seg=str(folder / 'masks'), instance=str(folder / 'masks')),
    )
    stage.mkdir(parents=True, exist_ok=True)
    (stage / 'config.py').write_text(f'label_dataset = {dataset!r}\n{body}')


def write_record(stage: Path, action: str, inputs: list[str], **facts) -> None:
    content = dict(name=stage.name, action=action, config='<i>cfg</i>.py', inputs=inputs, key='k' * 64, seconds=61.0)
    write_json(stage / 'stage.json', {**content, 'complete': True, 'metrics': {}, 'outputs': {}, **facts})


def write_stores(work: Path, tags: dict[str, int]) -> None:
    """Write CAMs, pseudo labels that are right but for one photo without any, and maps that are right in part."""
    cams = PseudoLabelStore(work / 'cams/cams', 'cams', '.npz')
    instances = PseudoLabelStore(work / 'pseudo_labels/instances', 'instances', '.json')
    masks = PseudoLabelStore(work / 'pseudo_labels/semantic_masks', 'semantic_masks', '.png')
    maps = PseudoLabelStore(work / 'wsss_maps/semantic_masks', 'semantic_masks', '.png')
    for store in (cams, instances, masks, maps):
        store.start({}, CLASSES)
    for index, (name, label) in enumerate(tags.items()):
        scores = np.full(len(CLASSES), 0.1, np.float32)
        scores[label] = 0.9 - 0.1 * index
        arrays = dict(cams=np.ones((1, 15, 20), np.float16), labels=np.array([label]), size=np.array(SIZE))
        cams.write_arrays(name, **arrays, scores=scores, mode=np.array('pseudo_label'))
        own = box(label, float(name != EMPTY))
        found = [dict(label=label, score=0.8, mask=encode_mask(own > 0))] if own.any() else []
        content = dict(file_name=name, height=SIZE[0], width=SIZE[1], instances=found)
        write_json(instances.path_of(name), content)
        write_index_png(masks.path_of(name), own)
        write_index_png(maps.path_of(name), box(label, FOUND[name]))


def make_run(folder: Path) -> Path:
    """Make the run and return its work dir: complete, up to the maps of a segmentation model."""
    tags, work = make_photos(folder), folder / 'work'
    for stage in ('classifier', 'cams', 'pseudo_labels', 'deeplab', 'wsss_maps'):
        write_config(folder, work / stage)
    write_stores(work, tags)
    (work / 'deeplab/epoch_1.pth').touch()  # the maps are stored: nothing reads it
    write_record(work / 'classifier', 'train', [], metrics={'multi_label/mAP': 81.25})
    write_record(work / 'cams', 'predict', ['classifier'], metrics={'seed/mIoU': 45.5})
    write_record(work / 'pseudo_labels', 'predict', ['cams'], outputs={'store:instances': 'f' * 64})
    write_record(work / 'deeplab', 'train', ['pseudo_labels'])
    write_record(work / 'wsss_maps', 'predict', ['deeplab'])
    scalars = work / 'classifier/20260101_000000/vis_data/scalars.json'
    scalars.parent.mkdir(parents=True)
    lines = [dict(step=step, loss=1 / step, loss_cls=0.5 / step, loss_er=0.5 / step, lr=0.1) for step in (10, 20, 30)]
    scalars.write_text('\n'.join(map(json.dumps, lines)) + '\n{"step": 40, "lo')  # the last line of a killed process
    stages = [dict(name='classifier', number='multi_label/mAP', expected=80.0), dict(name='cams', number='seed/mIoU')]
    write_json(work / 'results.json', dict(stages=[dict(stage, action='train') for stage in stages]))
    return work
