"""What lists of many photos cost before the first and after the last photo: time, and memory."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from mmengine.config import Config

from ...apis.launch import build_runner
from ...engine.loops import PseudoLabelLoop
from ...evaluation.writers import InstanceWriter
from ...structures import PseudoLabelStore, find_manifests, write_json
from ...structures.masks import encode_mask
from .memory import read_memory
from .photos import CLASSES, SIZE, link_files, link_photos, name_photo
from .stages import name_run, read_stage


@dataclass
class Cost:
    """What one thing cost.

    Attributes:
        what: In words.
        seconds: How long it took.
        cpu_seconds: How long this process calculated for it, whatever else ran on the machine.
        megabytes: How much more memory the process holds after it.
    """

    what: str
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    megabytes: float = 0.0


@contextmanager
def _measured(costs: list[Cost], what: str) -> Iterator[None]:
    costs.append(Cost(what))
    began, calculated, memory = time.perf_counter(), time.process_time(), read_memory()
    yield
    costs[-1].seconds, costs[-1].cpu_seconds = time.perf_counter() - began, time.process_time() - calculated
    costs[-1].megabytes = read_memory() - memory


def measure_start_up(work_dir: str | Path, entries: int) -> list[Cost]:
    """Measure label making of CAMs around its work on photos, and the joining of instances.

    Nothing is computed: the photos are one photo, and the files of the stores one file, under many names.

    Args:
        work_dir: An empty folder, or one of an earlier call.
        entries: How many photos there are.
    """
    work_dir, costs = Path(work_dir), []
    photos = work_dir / 'photos'
    link_photos(photos, entries)
    link_photos(work_dir / 'few', 1)
    _open(read_stage('cams', work_dir / 'few', work_dir / 'few_labels'))  # what is imported and built once is no cost
    cfg = read_stage('cams', photos, work_dir)
    with _measured(costs, 'start-up: photos listed and checked, tags read, store opened'):
        loop = _open(cfg)
    store = PseudoLabelStore(work_dir / 'cams' / 'cams', 'cams', '.npz')
    ids = list(loop.positions)
    if len(ids) != entries:
        raise ValueError(f'{photos} holds {len(ids)} photos, not {entries}: name an empty --work-dir')
    link_files(store.root, (f'{photo}.npz' for photo in ids), lambda path: np.savez(path, a=np.zeros(1)), entries)
    for photo in ids:
        store.note(photo)
    with _measured(costs, 'start-up of an interrupted run whose files are all there, and read again'):
        loop = _open(cfg)
    del loop
    with _measured(costs, 'closing the store: each file looked for, hashes and manifest written'):
        store.finish(ids)
    with _measured(costs, 'reading and hashing the manifest, as the next stage does'):
        store.check_readable(CLASSES)
        find_manifests(work_dir / 'cams')
    costs.append(_measure_joining(work_dir, ids))
    return costs


def _open(cfg: Config) -> PseudoLabelLoop:
    """Return the test loop of a Runner, as it is before the first photo."""
    return build_runner(name_run(cfg)).test_loop


def _measure_joining(work_dir: Path, ids: list[str]) -> Cost:
    """Measure how instances of all photos, two each, become one COCO json."""
    mask = np.zeros(SIZE, bool)
    mask[10:30, 10:40] = True
    instance = dict(label=0, score=0.5, mask=encode_mask(mask))
    writer = InstanceWriter(str(work_dir / 'instances'))
    writer.dataset_meta = dict(classes=CLASSES)
    writer.locate(work_dir)
    content = dict(file_name=name_photo(0), height=SIZE[0], width=SIZE[1], instances=[instance, instance])
    names = (f'{photo}.json' for photo in ids)
    link_files(writer.store.root, names, lambda path: write_json(path, content, indent=None), len(ids))
    costs: list[Cost] = []
    with _measured(costs, 'joining the instances, two each photo, into one COCO json'):
        writer.join(ids)
    return costs[0]
