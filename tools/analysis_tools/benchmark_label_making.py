"""Measure the memory and time in which each stage makes the labels of one large photo, and what its files take.

Photos, and the CAMs that stages read, are drawn, and the networks of the light configs have random weights: only sizes
count. Each stage runs as by `tools/test.py` in a process of its own, which loads the photo, too. Memory is the largest
resident set of this process, with Python and all libraries in it; times are of all its CPUs.

With `--also CHECKOUT` the same stages of another checkout of this repository are measured in turns with this one's.

Example:
    python tools/analysis_tools/benchmark_label_making.py --sizes 500x750 2000x3000 --threads 1
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import numpy as np  # noqa: E402
import repository_path  # noqa: E402, F401  makes projects.wsis importable
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from benchmark_random_walk import parse_size  # noqa: E402
from mmengine.config import Config  # noqa: E402
from PIL import Image  # noqa: E402

from projects.wsis.apis.errors import report_errors  # noqa: E402
from projects.wsis.ops import strided_size  # noqa: E402
from projects.wsis.structures import PseudoLabelStore  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
CLASSES = ('cat', 'dog', 'person')
PHOTO = 'photo.jpg'
DRAWN_CAMS = 'drawn_cams'
#: By name: the config, the folder of its files, and whether it reads CAMs.
STAGES = {
    'cams': ('cam/cam_mobilenet-v2_5e_photos.py', 'cams', False),
    'inter_pixel_labels': ('irnet/inter-pixel-labels_photos.py', 'inter_pixel_labels', True),
    'affinity_labels': ('affinitynet/affinity-labels_photos.py', 'inter_pixel_labels', True),
    'irnet': ('irnet/irnet_mobilenet-v2_12e_photos.py', 'instances', True),
    'affinitynet': ('affinitynet/affinitynet_mobilenet-v2_8e_photos.py', 'semantic_masks', True),
    'cam_masks': ('cam_masks/cam-masks_photos.py', 'semantic_masks', True),
    'peaks': ('pam/pam_mobilenet-v2_5e_photos.py', 'peaks', False),
    'bestie': ('bestie/bestie_mobilenet-v2_20e_photos-labels.py', 'instances', False),
    'deeplab': ('deeplab/deeplab-v3plus_mobilenet-v2_40e_photos-maps.py', 'semantic_masks', False),
}


@dataclass(frozen=True)
class Cost:
    """What a stage took for one photo: peak of memory in MB, CPU and wall seconds, bytes of the photo's file."""

    megabytes: float
    cpu_seconds: float
    seconds: float
    bytes: int


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument(
        '--sizes', nargs='+', type=parse_size, default=[(500, 750), (2000, 3000)], metavar='HxW', help='of the photos'
    )
    parser.add_argument('--stages', nargs='+', choices=list(STAGES), default=list(STAGES), help='default: all')
    parser.add_argument('--threads', type=int, default=1, help='CPU threads of a stage (default: %(default)s)')
    parser.add_argument('--also', metavar='CHECKOUT', help='another checkout of this repository, to compare with')
    parser.add_argument('--work-dir', help='folder for photos and labels (default: removed at the end)')
    parser.add_argument('--cfg-options', nargs='+', default=[], help='settings of all configs, as of tools/test.py')
    return parser.parse_args()


def make_photo_set(folder: Path, size: tuple[int, int]) -> Path:
    """Draw one photo with its tags, and return the file that describes it to the configs."""
    folder.mkdir(parents=True, exist_ok=True)
    draw_photo(*size).save(folder / PHOTO, quality=92)
    (folder / 'tags.csv').write_text(f'file,tags\n{PHOTO},"{";".join(CLASSES)}"\n')
    metainfo = dict(classes=CLASSES)
    dataset = dict(type='PhotoTagDataset', data_root=str(folder), metainfo=metainfo, tags_file='tags.csv')
    content = dict(classes=CLASSES, num_classes=len(CLASSES), metainfo=metainfo, data_root=str(folder))
    content.update(photo_folder=str(folder), points_file=None, untagged_photos='negative')
    content.update(label_dataset=dataset, weak_dataset=dataset, val_dataset=None)
    Config(content).dump(str(folder / 'data.py'))
    return folder / 'data.py'


def draw_photo(height: int, width: int) -> Image.Image:
    """Draw ellipses on smooth colours with some noise, all in proportion to the size."""
    random = np.random.default_rng(0)
    coarse = Image.fromarray(random.integers(40, 200, (7, 10, 3)).astype(np.uint8))
    pixels = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), np.int16)
    rows, columns = np.ogrid[: 1 : height * 1j, : 1 : width * 1j]
    inside = [
        ((rows - random.random()) / random.uniform(0.05, 0.2)) ** 2
        + ((columns - random.random()) / random.uniform(0.05, 0.2)) ** 2
        < 1
        for _ in range(6)
    ]
    pixels = pixels + random.integers(-12, 13, (height, width, 1), dtype=np.int16)
    for mask in inside:
        pixels[mask] += random.integers(-90, 91, 3, dtype=np.int16)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def write_cams(folder: Path, size: tuple[int, int]) -> None:
    """Write a store of CAMs of stride 4: smooth blobs in proportion to the size."""
    coarse = torch.from_numpy(np.random.default_rng(1).normal(size=(1, len(CLASSES), 7, 10))).float()
    maps = F.interpolate(coarse, strided_size(size, 4), mode='bicubic', align_corners=False)[0].clamp(min=0)
    shutil.rmtree(folder, ignore_errors=True)
    store = PseudoLabelStore(folder, 'cams', '.npz')
    store.start({}, CLASSES)
    store.write_arrays(
        PHOTO,
        cams=(maps / maps.amax((1, 2), keepdim=True)).half().numpy(),
        labels=np.arange(len(CLASSES)),
        size=np.array(size),
        scores=np.ones(len(CLASSES), np.float32),
        mode=np.array('pseudo_label'),
    )
    store.note(PHOTO)
    store.finish([PHOTO])


def measure(stage: str, data: Path, out: Path, checkout: Path, arguments: argparse.Namespace) -> Cost:
    """Run a stage of a checkout and return what it took.

    Raises:
        SystemExit: If the stage fails, with the last line that it printed.
    """
    config, artifact, reads_cams = STAGES[stage]
    # one process does everything, so that its peak is that of the stage
    options = ['test_dataloader.num_workers=0', 'test_dataloader.persistent_workers=False', *arguments.cfg_options]
    if reads_cams:
        options.append(f'test_dataloader.dataset.data_prefix.cams={out / DRAWN_CAMS}')
    command = [sys.executable, str(checkout / 'tools' / 'test.py'), str(checkout / 'configs' / config), 'none']
    command += ['--data', str(data), '--work-dir', str(out / stage), '--cfg-options', *options]
    environment = {**os.environ, 'OMP_NUM_THREADS': str(arguments.threads), 'CUDA_VISIBLE_DEVICES': ''}
    out.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(out / stage, ignore_errors=True)  # labels that are there would not be made again
    log, began = out / f'{stage}.log', time.perf_counter()
    with log.open('wb') as file:
        process = subprocess.Popen(command, env=environment, stdout=file, stderr=subprocess.STDOUT, cwd=checkout)
        _, status, usage = os.wait4(process.pid, 0)  # of this process alone, where `resource` sums up all of them
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        last = (log.read_text(errors='replace').strip().splitlines() or ['no message: killed, perhaps out of memory'])[
            -1
        ]
        sys.exit(f'error: stage {stage} of {checkout} failed: {last}')
    unit = 1 if sys.platform == 'darwin' else 1024
    size = sum(path.stat().st_size for path in (out / stage / artifact).glob(f'{Path(PHOTO).stem}*'))
    return Cost(usage.ru_maxrss * unit / 1e6, usage.ru_utime + usage.ru_stime, time.perf_counter() - began, size)


def format_row(stage: str, size: tuple[int, int], checkout: Path, cost: Cost) -> str:
    """Return a row of the table; the files of CAMs are compared with float32 maps of the photo's size."""
    share = cost.bytes / (4 * size[0] * size[1] * len(CLASSES))
    size_of_files = f'{cost.bytes / 1e3:.1f}' + (f' ({share:.2%})' if stage == 'cams' else '')
    where = 'this' if checkout == ROOT else 'other'
    return (
        f'| `{stage}` | {size[0]}x{size[1]} | {where} | {cost.megabytes:.0f} | {cost.cpu_seconds:.1f} | '
        f'{cost.seconds:.1f} | {size_of_files} |'
    )


def main() -> None:
    """Measure and print a table."""
    arguments = parse_args()
    checkouts = [ROOT] if arguments.also is None else [Path(arguments.also).resolve(), ROOT]
    given = nullcontext(arguments.work_dir) if arguments.work_dir else tempfile.TemporaryDirectory()
    with report_errors(), given as folder:
        print('| stage | photo | checkout | peak MB | CPU s | s | file kB (of float32) |')
        print('| --- | --- | --- | ---: | ---: | ---: | ---: |', flush=True)
        for size in arguments.sizes:
            work_dir = Path(folder).resolve() / f'{size[0]}x{size[1]}'
            data = make_photo_set(work_dir / 'photos', size)
            write_cams(work_dir / DRAWN_CAMS, size)
            for stage in arguments.stages:
                for checkout in checkouts:
                    print(
                        format_row(stage, size, checkout, measure(stage, data, work_dir, checkout, arguments)),
                        flush=True,
                    )


if __name__ == '__main__':
    main()
