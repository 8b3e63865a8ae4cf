"""Make saliency maps for EPS: by a saliency model in ONNX form, or by a classical method without one.

    python tools/dataset_converters/make_saliency.py data/VOCdevkit/VOC2012 --model u2netp.onnx [--workers 8]
    python tools/dataset_converters/make_saliency.py data/VOCdevkit/VOC2012

Writes DATA_ROOT/saliency/IMAGE.png (grey, 8 bit, 255 is salient), and manifest.json, which says what made the maps.
configs/eps/README.md tells where models and ready maps come from. Classical maps know nothing of objects: the results
of the EPS paper need the maps of a trained saliency model. An interrupted call continues where it stopped, and maps of
images that have changed are made again. A folder of maps that were made otherwise is refused.

Models run on the CPU, one image per process: by ONNX Runtime if it is installed (requirements/saliency.txt), else by
OpenCV.
"""

import argparse
import importlib.util
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
from tqdm import tqdm

# Run as a script from any folder, or imported as a module from elsewhere.
sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(1, str(Path(__file__).resolve().parents[1]))

from classical_saliency import METHODS, ClassicalSaliency  # noqa: E402
from onnx_saliency import LARGEST_SIDE, MEAN, SIZE, STD, OnnxSaliency, load_saliency_model  # noqa: E402

__all__ = ['make_saliency']

# what came of a photo
MADE, FLAT, UNREADABLE = 'made', 'flat', 'unreadable'


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse and check the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('data_root', type=Path, help='folder of the data set in VOC layout')
    parser.add_argument(
        '--photos', default='JPEGImages', help='folder of the images, relative to DATA_ROOT (default: JPEGImages)'
    )
    parser.add_argument('--out', type=Path, help='folder for the maps (default: DATA_ROOT/saliency)')
    parser.add_argument('--workers', type=int, help='number of processes (default: one per core)')
    parser.add_argument(
        '--evaluate',
        metavar='MASKS',
        help='afterwards compare the maps with the true masks in this folder (relative to DATA_ROOT)',
    )
    parser.add_argument(
        '--method',
        choices=list(METHODS),
        help='kind of classical maps (default: geodesic); the others need opencv-contrib',
    )
    _add_model_options(parser)
    args = parser.parse_args(argv)
    if args.workers is not None and args.workers < 1:
        parser.error(f'--workers is {args.workers}; it must be at least 1')
    _check_model_options(parser, args)
    return args


def _add_model_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for maps of a model; the defaults are those of U2-Net."""
    group = parser.add_argument_group('maps of a model')
    group.add_argument('--model', type=Path, metavar='MODEL.onnx', help='saliency model: image in, map out')
    group.add_argument(
        '--size',
        type=int,
        help=f'side of the square that images are resized to (default: that of the model, else {SIZE})',
    )
    rgb = dict(type=float, nargs=3, metavar=('R', 'G', 'B'))
    group.add_argument(
        '--mean', **rgb, help=f'mean of images in [0, 1] (default: {" ".join(map(str, MEAN))}; 0.5 0.5 0.5 for IS-Net)'
    )
    group.add_argument(
        '--std', **rgb, help=f'their standard deviation (default: {" ".join(map(str, STD))}; 1 1 1 for IS-Net)'
    )
    group.add_argument('--output', help='name of the output that is the map, or its number from 0 (default: 0)')


def _check_model_options(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """End with a line on options that do not fit together; fill in those that were left out."""
    options = dict(size=args.size, mean=args.mean, std=args.std, output=args.output)
    given = [f'--{name}' for name, value in options.items() if value is not None]
    if args.model is None and given:
        parser.error(f'{", ".join(given)} needs --model')
    if args.model is not None and args.method is not None:
        parser.error('--method is for classical maps: leave it or --model out')
    if args.size is not None and not 2 <= args.size <= LARGEST_SIDE:
        parser.error(f'--size is {args.size}; it must be at least 2 and at most {LARGEST_SIDE}')
    if not np.isfinite([*(args.mean or ()), *(args.std or ())]).all() or min(args.std or STD) <= 0:
        parser.error('--mean and --std are finite numbers, and those of --std are over 0')
    args.method, args.output = args.method or 'geodesic', args.output or '0'
    args.mean, args.std = tuple(args.mean or MEAN), tuple(args.std or STD)


def find_photos(folder: Path, skip: Sequence[str] = ()) -> dict[str, Path]:
    """Return the path of all photos of a folder by the name of their map.

    In a folder without subfolders that is the stem, as in VOC layout; else the path below the folder with its ending.

    Args:
        folder: The folder.
        skip: Folders in it that hold no photos.

    Raises:
        FileNotFoundError: If there is no such folder, or no photo in it.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f'photo folder {folder} does not exist: check DATA_ROOT and --photos')
    from projects.wsis.datasets.photos import find_shared_stems, list_photo_tree
    from projects.wsis.structures import PHOTO_ENDINGS

    names = list_photo_tree(str(folder), skip)
    if not names:
        raise FileNotFoundError(f'{folder} holds no photos ({", ".join(PHOTO_ENDINGS)})')
    if any('/' in name for name in names) or find_shared_stems(names):
        return {name: folder / name for name in names}
    return {Path(name).stem: folder / name for name in names}


def make_map(source: Path, target: Path, maker: Callable[[np.ndarray], np.ndarray]) -> str:
    """Write the map of one photo; return what came of it: ``FLAT`` is a map of one value, in which nothing stands out.

    Raises:
        ValueError: If a model gives no map of this photo.
    """
    photo_file, files = _import_alone('photo_file'), _import_alone('files')
    cv2.setNumThreads(1)
    try:
        photo = photo_file.decode_photo(source)
    except photo_file.PhotoError:
        return UNREADABLE
    try:
        saliency = maker(photo)
    except ValueError as error:
        raise ValueError(f'{source}: {error}') from None
    png = cv2.imencode('.png', saliency)[1]
    files.write_atomically(target, lambda file: file.write(png.tobytes()))
    return FLAT if saliency.min() == saliency.max() else MADE


@cache
def _import_alone(name: str) -> ModuleType:
    """Import a module of `structures` that needs no other of the package, which would bring torch into every worker."""
    path = Path(__file__).resolve().parents[2] / 'projects' / 'wsis' / 'structures' / f'{name}.py'
    spec = importlib.util.spec_from_file_location(f'structures_{name}', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def choose_maker(args: argparse.Namespace) -> ClassicalSaliency | OnnxSaliency:
    """Return what makes the maps.

    Raises:
        FileNotFoundError: If there is no such model.
        ValueError: If the file is no saliency model, or the settings do not fit it.
    """
    if args.model is None:
        return ClassicalSaliency(args.method)
    return load_saliency_model(args.model, args.size, args.mean, args.std, args.output)


def make_saliency(
    photos: dict[str, Path], out: Path, maker: ClassicalSaliency | OnnxSaliency | None = None, workers: int = 1
) -> list[str]:
    """Make the saliency maps of photos, but those that are there already and not older than the photo.

    Args:
        photos: ``{name: path}``.
        out: Folder of the maps.
        maker: Function of a photo; the default classical method without one.
        workers: Processes.

    Returns:
        Names of photos that could not be read; they have no map.

    Raises:
        ValueError: If the folder holds maps that this tool has not made, or has made otherwise, or a model fails.
        ImportError: If the method is not available.
    """
    maker = maker or ClassicalSaliency()
    maker.check()  # before anything is written
    from projects.wsis.structures import PseudoLabelStore

    store = PseudoLabelStore(out, 'saliency', '.png')
    _refuse_other_maps(store, maker)
    store.start(maker.lineage, classes=[])
    if store.dropped:
        print(f'{len(store.dropped)} maps were damaged (first: {store.dropped[0]}); they are made again')
    left = {name: path for name, path in photos.items() if not _is_made(path, store.path_of(name))}
    bar = tqdm(total=len(photos), initial=len(photos) - len(left), desc='saliency', unit='photo', leave=False)
    with bar:
        made = _make_here(left, store, maker) if workers == 1 else _make_in_parallel(left, store, maker, workers)
        named: dict[str, list[str]] = {MADE: [], FLAT: [], UNREADABLE: []}
        for name, outcome in made:
            named[outcome].append(name)
            if outcome != UNREADABLE:
                store.note(name)
            bar.update()
    bad = named[UNREADABLE]
    if len(bad) == len(photos):
        raise ValueError(f'none of {len(photos)} photos can be read (first: {min(bad)}); they are damaged')
    store.finish([name for name in photos if name not in bad])
    _warn_of_flat(named[FLAT], len(left) - len(bad), maker)
    return sorted(bad)


def _warn_of_flat(flat: list[str], made: int, maker: ClassicalSaliency | OnnxSaliency) -> None:
    """Say of how many photos the map that was made now has one value; these lie among the others unseen."""
    if flat:
        of_model = isinstance(maker, OnnxSaliency)
        advice = 'check the model, and --output, --mean and --std' if of_model else 'take a --model'
        print(
            f'warning: {len(flat)} of {made} maps that were made are flat, so that nothing in these photos is salient '
            f'(first: {min(flat)}): unless the photos are plain, {advice}',
            file=sys.stderr,
        )


def _refuse_other_maps(store, maker: ClassicalSaliency | OnnxSaliency) -> None:
    """Raise ValueError if the folder holds maps of another model, method or setting: they may have taken hours."""
    if not store.manifest_path.is_file() or not any(store.root.rglob('*.png')):
        return
    old, new = store.read_manifest().get('lineage') or {}, maker.lineage
    changed = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    if not changed:
        return
    made_by = old.get('model') or old.get('method') or 'something unknown'
    difference = f'not of {maker.name}'
    if made_by == maker.name:  # then the settings, or the contents of the file, are others
        difference = 'made with ' + ', '.join(f'{key} {old.get(key)} (now {new.get(key)})' for key in changed)
    raise ValueError(
        f'{store.root} holds maps of {made_by}, {difference}: name another folder by --out, or delete this one'
    )


def _is_made(photo: Path, saliency: Path) -> bool:
    return saliency.is_file() and saliency.stat().st_mtime >= photo.stat().st_mtime


def _make_here(photos: dict[str, Path], store, maker: Callable) -> Iterator[tuple[str, str]]:
    """Make maps in this process; yield the name of each photo, and what came of it."""
    for name, path in photos.items():
        yield name, make_map(path, store.path_of(name), maker)


def _make_in_parallel(photos: dict[str, Path], store, maker: Callable, workers: int) -> Iterator[tuple[str, str]]:
    """Make maps in several processes; yield the name of each photo, and what came of it."""
    # Not fork: an importing process may have threads (torch, OpenCV).
    context = multiprocessing.get_context('spawn')
    pool = ProcessPoolExecutor(min(workers, len(photos) or 1), context, _start_worker)
    try:
        jobs = {pool.submit(make_map, path, store.path_of(name), maker): name for name, path in photos.items()}
        for job in as_completed(jobs):
            yield jobs[job], job.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def find_masks(folder: Path, photos: dict[str, Path]) -> dict[str, Path]:
    """Return ``{name: path}`` of the masks of those photos that have one.

    Raises:
        FileNotFoundError: If none has.
    """
    masks = {name: folder / f'{name}.png' for name in photos if (folder / f'{name}.png').is_file()}
    if not masks:
        raise FileNotFoundError(f'{folder} has no mask PHOTO.png of any photo: check --evaluate')
    return masks


def evaluate(out: Path, masks: dict[str, Path]) -> float:
    """Return the IoU of salient pixels (over half) and those of any object, of all photos together.

    Args:
        out: Folder of the maps.
        masks: Semantic masks by name of the photo, 0 background, 255 ignore.
    """
    from projects.wsis.structures.masks import read_index_png

    intersection = union = 0
    for name, mask in tqdm(masks.items(), desc='evaluation', unit='photo', leave=False):
        truth = read_index_png(mask)
        salient = (cv2.imread(str(out / f'{name}.png'), cv2.IMREAD_GRAYSCALE) > 127) & (truth != 255)
        objects = (truth > 0) & (truth != 255)
        intersection += int((salient & objects).sum())
        union += int((salient | objects).sum())
    return intersection / max(union, 1)


def _start_worker() -> None:
    """An interrupt from the keyboard reaches all processes; the main one ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def main(argv: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    args = parse_args(argv)
    out = args.out or args.data_root / 'saliency'
    try:
        photos = find_photos(args.data_root / args.photos, [str(out)])
        # a wrong folder shows before the work on the maps
        masks = find_masks(args.data_root / args.evaluate, photos) if args.evaluate else {}
        maker = choose_maker(args)
        bad = make_saliency(photos, out, maker, args.workers or os.cpu_count() or 1)
        masks = {name: path for name, path in masks.items() if name not in bad}
        iou = evaluate(out, masks) if masks else None
    except (OSError, ValueError, ImportError, BrokenProcessPool) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('interrupted: run the same command again to continue', file=sys.stderr)
        return 130
    print(f'{len(photos) - len(bad)} saliency maps ({maker.name}) in {out}')
    if bad:
        print(f'{len(bad)} of {len(photos)} photos cannot be read and have no map (first: {", ".join(bad[:5])})')
    if iou is not None:
        print(f'IoU with the objects of {len(masks)} photos: {100 * iou:.1f}')
    return 0


if __name__ == '__main__':
    import repository_path  # noqa: F401  makes projects.wsis importable

    # A polite kill ends like an interrupt from the keyboard.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
