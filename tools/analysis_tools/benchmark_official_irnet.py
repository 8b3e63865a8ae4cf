"""Compare the label making of the official IRNet code with that of the reference configs: seconds, and results.

Both read the same reduced copies of VOC photos and have the same random weights, on a CPU with the same number of
threads. Each step runs in a process of its own; its seconds are those of the loop over the photos, with reading and
writing, without imports and the building of networks. The steps of both codes take turns. WSIS also measures its
metrics in this time. It makes masks and instances in one run; the official code has two steps for them, each with the
network and the random walk.

The official code is the user's own clone of github.com/jiwoon-ahn/irn, of which nothing is changed. Its steps need
20 photos at least, because their progress lines divide by a twentieth of them, and photos of VOC 2012, whose tags it
has in a file of its own. Its packages (imageio, scikit-image, pydensecrf) must be installed. What is replaced in its
process:

- CUDA: `torch.cuda.device_count` tells of one device, `torch.cuda.device` and `torch.cuda.empty_cache` do nothing, and
  `.cuda()` of tensors and networks gives back what it is called on;
- `torch.multiprocessing.spawn`: a direct call, which is timed;
- `net.resnet50.resnet50`: without the download of ImageNet's weights;
- `np.save` and `np.load`: results of a photo are kept as plain arrays in place of a pickled dict;
- `DataLoader`: hands over the size of a photo as numbers, because arrays of one number do not slice any more.

Its lists of photos are written without underscores, because today's numpy reads no integers with them.

Example:
    python tools/analysis_tools/benchmark_official_irnet.py IRN_CLONE --voc-root data/VOCdevkit/VOC2012 --photos 20
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import numpy as np  # noqa: E402
import repository_path  # noqa: E402, F401  makes projects.wsis importable
from mmengine.config import Config  # noqa: E402
from mmengine.utils import ProgressBar  # noqa: E402
from official_irnet_steps import REPLACED, WEIGHTS  # noqa: E402
from PIL import Image  # noqa: E402
from pycocotools import mask as coco_mask  # noqa: E402

from projects.wsis.apis.errors import report_errors  # noqa: E402
from projects.wsis.datasets.voc import VOC_CLASSES  # noqa: E402
from projects.wsis.engine.hooks.stage_times_hook import STAGE_TIMES_NAME  # noqa: E402
from projects.wsis.reference.convert import convert_reference  # noqa: E402
from projects.wsis.structures import PseudoLabelStore, decode_photo  # noqa: E402
from projects.wsis.structures.cam_file import read_cams  # noqa: E402
from projects.wsis.structures.files import read_json_object  # noqa: E402
from projects.wsis.structures.instance_file import read_instance_file  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
LEAST_PHOTOS = 20
CROP = 512  # the official network cuts off what is longer
VOC_NAME = re.compile(r'\d{4}_\d{6}')
LIST = 'ImageSets/Segmentation/photos.txt'
#: Of a clone of the official code.
NEEDED = ('net/resnet50_cam.py', 'net/resnet50_irn.py', 'step/make_cam.py', 'voc12/cls_labels.npy')
SAME_OVERLAP = 0.95  # of two masks that count as the same instance
#: Our stages: the config, the network whose weights it has, and the CAMs that it reads.
STAGES = {
    'cams': ('cam/cam_r50_reference_two-sizes_voc2012.py', 'cam', None),
    'inter_pixel_labels': ('irnet/inter-pixel-labels_reference_voc2012.py', None, 'full_size_cams'),
    'irnet': ('irnet/irnet_r50_reference_voc2012.py', 'irn', 'cams'),
}
NETWORKS = {'cam': 'irn-cam', 'irn': 'irn'}


@dataclass(frozen=True)
class Comparison:
    """What a row compares: runs of both codes, in the order of the row, and how their results are compared."""

    title: str
    official: tuple[str, ...]
    stages: tuple[str, ...]
    describe: Callable[[Path, Sequence[str]], str]


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument('irn', type=Path, help='clone of github.com/jiwoon-ahn/irn')
    parser.add_argument('--voc-root', type=Path, required=True, help='folder with JPEGImages and Annotations')
    parser.add_argument('--list', type=Path, help='list of photos (default: ImageSets/Segmentation/train.txt of VOC)')
    parser.add_argument('--photos', type=int, default=LEAST_PHOTOS, help='how many of it (default: %(default)s)')
    parser.add_argument('--long-side', type=int, default=320, help='of the reduced photos (default: %(default)s)')
    parser.add_argument('--threads', type=int, default=1, help='CPU threads of each process (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=0, help='of the random weights (default: %(default)s)')
    parser.add_argument('--work-dir', help='empty folder for all files (default: one that is removed at the end)')
    arguments = parser.parse_args()
    if missing := [name for name in NEEDED if not (arguments.irn / name).is_file()]:
        parser.error(f'{arguments.irn} is no clone of github.com/jiwoon-ahn/irn: it has no {missing[0]}')
    if arguments.photos < LEAST_PHOTOS:
        parser.error(f'--photos must be {LEAST_PHOTOS} at least: the official code divides by a twentieth of them')
    if not 32 <= arguments.long_side <= CROP:
        parser.error(f'--long-side must be from 32 to {CROP}: the official network cuts off what is longer')
    if arguments.threads < 1:
        parser.error('--threads must be positive')
    if arguments.work_dir and Path(arguments.work_dir).exists() and any(Path(arguments.work_dir).iterdir()):
        parser.error(f'--work-dir {arguments.work_dir} is not empty: labels that are there would not be made again')
    arguments.list = arguments.list or arguments.voc_root / 'ImageSets' / 'Segmentation' / 'train.txt'
    return arguments


def read_names(file: Path, count: int) -> list[str]:
    """Return the first names of a list of photos of VOC 2012.

    Raises:
        SystemExit: If there are fewer, or one is none of VOC.
    """
    if not file.is_file():
        sys.exit(f'error: {file} does not exist: name a list of photos by --list')
    lines = file.read_text(encoding='utf-8').splitlines()
    names = list(dict.fromkeys(line.split()[0] for line in lines if line.strip()))[:count]
    if len(names) < count:
        sys.exit(f'error: {file} has {len(names)} photos, fewer than the {count} of --photos')
    if others := [name for name in names if not VOC_NAME.fullmatch(name)]:
        sys.exit(f'error: {file} names {others[0]}: the official code reads photos of VOC 2012 only, like 2007_000033')
    return names


def copy_photos(voc_root: Path, names: Sequence[str], long_side: int, target: Path) -> None:
    """Write copies of photos, reduced to a long side, and of their XML files, in the same layout.

    Raises:
        SystemExit: If a photo or its XML file is missing.
    """
    for folder in ('JPEGImages', 'Annotations'):
        (target / folder).mkdir(parents=True)
    for name in names:
        photo, tags = voc_root / 'JPEGImages' / f'{name}.jpg', voc_root / 'Annotations' / f'{name}.xml'
        for path in (photo, tags):
            if not path.is_file():
                sys.exit(f'error: {path} does not exist: name the folder of VOC 2012 by --voc-root')
        reduced = Image.fromarray(decode_photo(photo)[..., ::-1])  # it gives blue first
        reduced.thumbnail((long_side, long_side), Image.Resampling.BICUBIC)
        reduced.save(target / 'JPEGImages' / photo.name, quality=95)
        shutil.copyfile(tags, target / 'Annotations' / tags.name)


def write_lists(work_dir: Path, names: Sequence[str]) -> None:
    """Write the list of photos for both codes, and the file that describes them to the configs."""
    ours, official = work_dir / 'voc' / LIST, work_dir / 'official' / 'photos.txt'
    for path, lines in ((ours, names), (official, [name.replace('_', '') for name in names])):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(''.join(f'{line}\n' for line in lines))
    root, metainfo = f'{work_dir / "voc"}/', dict(classes=VOC_CLASSES)
    dataset = dict(type='VOCTagDataset', data_root=root, metainfo=metainfo, ann_file=LIST)
    content = dict(classes=VOC_CLASSES, num_classes=len(VOC_CLASSES), metainfo=metainfo, data_root=root)
    content.update(photo_folder=f'{root}JPEGImages/', points_file=None)
    content.update(label_dataset=dataset, weak_dataset=dataset, val_dataset=None)
    Config(content).dump(str(work_dir / 'data.py'))


def run_process(name: str, command: Sequence[str], work_dir: Path, threads: int) -> str:
    """Run a command with so many threads and without a GPU, and return what it printed, which its log holds, too.

    Raises:
        SystemExit: If it fails, with the last line that it printed.
    """
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads), CUDA_VISIBLE_DEVICES='', PYTHONDONTWRITEBYTECODE='1')
    done = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace'
    )
    log = work_dir / 'logs' / f'{name.replace(" ", "_")}.log'
    log.parent.mkdir(exist_ok=True)
    log.write_text(done.stdout)
    if done.returncode:
        sys.exit(f'error: {name} failed: {(done.stdout.strip().splitlines() or [done.returncode])[-1]}')
    return done.stdout


def call_official(step: str, work_dir: Path, arguments: argparse.Namespace) -> str:
    """Let the process of the official code write weights or run a step, and return what it printed."""
    script = Path(__file__).with_name('official_irnet_steps.py')
    command = [sys.executable, str(script), str(arguments.irn), str(work_dir), step]
    command += ['--threads', str(arguments.threads), '--seed', str(arguments.seed)]
    return run_process(f'official {step}', command, work_dir, arguments.threads)


def run_official(step: str, work_dir: Path, arguments: argparse.Namespace) -> float:
    """Run a step of the official code, and return its seconds per photo."""
    printed = call_official(step, work_dir, arguments)
    return json.loads(printed.strip().splitlines()[-1])['seconds'] / arguments.photos


def run_stage(stage: str, work_dir: Path, arguments: argparse.Namespace) -> float:
    """Run one of our stages, and return its seconds per photo."""
    config, network, cams = STAGES[stage]
    folder = work_dir / 'wsis'
    checkpoint = str(folder / f'{network}.pth') if network else 'none'
    command = [sys.executable, str(ROOT / 'tools' / 'test.py'), str(ROOT / 'configs' / config), checkpoint]
    command += ['--data', str(work_dir / 'data.py'), '--work-dir', str(folder / stage), '--cfg-options']
    command += ['stage_times=True', 'test_dataloader.num_workers=0', 'test_dataloader.persistent_workers=False']
    command += [f'test_dataloader.dataset.data_prefix.cams={folder / "cams" / cams}'] if cams else []
    run_process(f'WSIS {stage}', command, work_dir, arguments.threads)
    times = read_json_object(folder / stage / STAGE_TIMES_NAME)
    return sum(times['parts'].values()) / times['photos']


def describe_cams(work_dir: Path, names: Sequence[str]) -> str:
    """Return the largest differences of the CAMs of both sizes."""
    differences = {'full_size_cams': 0.0, 'cams': 0.0}
    for size, key in (('full_size_cams', 'high_res'), ('cams', 'cam')):
        store = PseudoLabelStore(work_dir / 'wsis' / 'cams' / size, 'cams', '.npz')
        for name in names:
            official = read_official(work_dir, 'cams', name)
            ours = read_cams(store, name)
            if official['keys'].tolist() != ours['labels'].tolist():
                sys.exit(f'error: {name} has other tags in its XML file than in the official cls_labels.npy')
            difference = np.abs(official[key] - ours['cams'].astype(np.float32)).max()
            differences[size] = max(differences[size], float(difference))
    return f'largest difference {differences["full_size_cams"]:.1e} and {differences["cams"]:.1e}'


def read_official(work_dir: Path, step: str, name: str) -> dict[str, np.ndarray]:
    """Return the plain arrays that a step of the official code has made of a photo."""
    with np.load(work_dir / 'official' / step / f'{name}.npz', allow_pickle=False) as content:
        return dict(content)


def describe_labels(work_dir: Path, names: Sequence[str]) -> str:
    """Return the share of equal pixels of the inter-pixel labels."""
    return f'{share_equal_pixels(work_dir, names, "inter_pixel_labels", "inter_pixel_labels"):.3%} of the pixels'


def describe_masks(work_dir: Path, names: Sequence[str]) -> str:
    """Return the share of equal pixels of the semantic masks, and of the instances that both have."""
    pixels, found = share_equal_pixels(work_dir, names, 'semantic_masks', 'irnet'), []
    for name in names:
        official = read_official(work_dir, 'instances', name)
        ours = read_instance_file(work_dir / 'wsis' / 'irnet' / 'instances' / f'{name}.json')['instances']
        found += find_instances(official, ours)
    return f'{pixels:.3%} of the pixels, {sum(found)} of {len(found)} instances'


def share_equal_pixels(work_dir: Path, names: Sequence[str], artifact: str, stage: str) -> float:
    """Return the share of pixels of all photos whose labels are equal."""
    equal = []
    for name in names:
        maps = [
            np.asarray(Image.open(folder / artifact / f'{name}.png'))
            for folder in (work_dir / 'official', work_dir / 'wsis' / stage)
        ]
        equal.append((maps[0] == maps[1]).ravel())
    return float(np.concatenate(equal).mean())


def find_instances(official: dict[str, np.ndarray], ours: Sequence[dict]) -> list[bool]:
    """Return of each official instance with a score whether ours have one of its class that covers nearly the same."""
    found = []
    for score, label, mask in zip(official['score'], official['class'], official['mask']):
        if score == 0:  # a fragment
            continue
        encoded = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
        same = [instance['mask'] for instance in ours if instance['label'] == label]
        overlaps = coco_mask.iou([encoded], same, [0] * len(same)) if same else np.zeros(1)
        found.append(bool(np.max(overlaps) >= SAME_OVERLAP))
    return found


COMPARISONS = (
    Comparison('CAMs, full size and stride 4', ('cams',), ('cams',), describe_cams),
    Comparison('inter-pixel labels', ('inter_pixel_labels',), ('inter_pixel_labels',), describe_labels),
    Comparison('semantic masks and instances', ('semantic_masks', 'instances'), ('irnet',), describe_masks),
)


def format_seconds(seconds: Sequence[float]) -> str:
    """Return the sum of the seconds of a row, and the parts if there are several."""
    parts = ' + '.join(f'{part:.2f}' for part in seconds)
    return f'{sum(seconds):.2f}' + (f' ({parts})' if len(seconds) > 1 else '')


def format_table(rows: Sequence[tuple[str, Sequence[float], Sequence[float], str]]) -> str:
    """Return the table: of each row the title, the seconds per photo of both codes' runs, and how equal results are."""
    lines = ['| step | official, s per photo | WSIS, s per photo | ratio | equal results |', '| --- ' + '| ---: ' * 3]
    lines[1] += '| --- |'
    whole = ('all', [sum(sum(row[1]) for row in rows)], [sum(sum(row[2]) for row in rows)], '')
    for title, official, ours, equal in [*rows, whole]:
        ratio = sum(official) / sum(ours)
        lines.append(f'| {title} | {format_seconds(official)} | {format_seconds(ours)} | {ratio:.1f} | {equal} |')
    return '\n'.join(lines)


def prepare(work_dir: Path, names: Sequence[str], arguments: argparse.Namespace) -> None:
    """Write photos, lists, and the weights for both codes."""
    copy_photos(arguments.voc_root, names, arguments.long_side, work_dir / 'voc')
    write_lists(work_dir, names)
    call_official(WEIGHTS, work_dir, arguments)
    for name, network in NETWORKS.items():
        convert_reference(work_dir / 'official' / f'{name}.pth', network, work_dir / 'wsis' / f'{name}.pth')


def compare(work_dir: Path, names: Sequence[str], arguments: argparse.Namespace) -> str:
    """Run all steps of both codes, and return the table."""
    rows, progress = [], ProgressBar(len(COMPARISONS), file=sys.stderr)
    for row in COMPARISONS:
        official, ours = [], []
        for step, stage in zip_longest(row.official, row.stages):  # in turns, as other work may come and go
            official += [run_official(step, work_dir, arguments)] if step else []
            ours += [run_stage(stage, work_dir, arguments)] if stage else []
        rows.append((row.title, official, ours, row.describe(work_dir, names)))
        progress.update()
    return format_table(rows)


def main() -> None:
    """Compare, and print the table with what it was measured on."""
    arguments = parse_args()
    given = nullcontext(arguments.work_dir) if arguments.work_dir else tempfile.TemporaryDirectory()
    with report_errors(), given as folder:
        names = read_names(arguments.list, arguments.photos)
        work_dir = Path(folder).resolve()
        prepare(work_dir, names, arguments)
        loads = [os.getloadavg()[0]]
        table = compare(work_dir, names, arguments)
        loads.append(os.getloadavg()[0])
    print(f'\n{table}\n')
    print(
        f'{len(names)} photos of a long side of {arguments.long_side} at most, {arguments.threads} thread(s); load of '
        f'the machine before and after: {loads[0]:.1f} and {loads[1]:.1f}, of {os.cpu_count()} cores.\n'
    )
    print('What had to be replaced in the process of the official code:\n')
    print('\n'.join(f'- {line}' for line in REPLACED))


if __name__ == '__main__':
    main()
