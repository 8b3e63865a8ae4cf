"""Render the demo set: images of illustrated objects with tags and true masks, in VOC layout.

    python tools/dataset_converters/make_demo_data.py --out data/demo --seed 0

The same options render the same bytes with any number of workers. The set is rendered beside its final
folder and renamed at the end, so a folder that exists is complete. An existing set is checked and kept.
"""

import argparse
import multiprocessing
import os
import shutil
import signal
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from tqdm import tqdm

# Run as a script from any folder, or imported as a module from elsewhere.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from demo_data import DEMO_CLASSES  # noqa: E402
from demo_data.voc_files import (  # noqa: E402
    DemoSet,
    describe,
    is_intact,
    read_manifest,
    write_frame,
    write_manifest,
    write_photo,
)

__all__ = ['DEMO_CLASSES', 'DemoSet', 'make_demo_data']


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse and check the command line."""
    parser = argparse.ArgumentParser(description='Render the demo set in VOC layout.')
    parser.add_argument('--out', type=Path, default=Path('data/demo'), help='folder to write to (default: data/demo)')
    parser.add_argument(
        '--seed', type=int, default=0, help='random seed; the same seed renders the same bytes (default: 0)'
    )
    parser.add_argument('--train', type=int, default=320, help='number of training images (default: 320)')
    parser.add_argument('--val', type=int, default=80, help='number of validation images (default: 80)')
    parser.add_argument('--size', type=int, default=160, help='mean side length in pixels, 96 to 640 (default: 160)')
    parser.add_argument('--workers', type=int, default=None, help='number of processes (default: one per core)')
    parser.add_argument('--force', action='store_true', help='render again, even over a demo set that was changed')
    args = parser.parse_args(argv)
    if args.train < 1 or args.val < 0 or args.train + args.val > 999_999:
        parser.error('--train must be at least 1, --val at least 0, and both together below a million')
    if not 96 <= args.size <= 640:
        parser.error(f'--size is {args.size}; the objects are drawn for 96 to 640 pixels')
    if args.seed < 0:
        parser.error(f'--seed is {args.seed}; it must be 0 or more')
    if args.workers is not None and args.workers < 1:
        parser.error(f'--workers is {args.workers}; it must be at least 1')
    return args


def make_demo_data(out: Path, demo_set: DemoSet, workers: int = 1, force: bool = False) -> bool:
    """Make the demo set at `out`, or leave it if the same one is there.

    Args:
        out: Folder of the set. Only an absent or empty folder, or an earlier demo set, is written to.
        demo_set: Seed, numbers of photos and size.
        workers: Processes that render.
        force: Render again even if the set is there or its files were changed.

    Returns:
        Whether it was rendered; False if the same set was there.

    Raises:
        FileExistsError: `out` is no demo set, or one with changed files and `force` is not given.
    """
    out = out.absolute()
    if _keep_existing(out, demo_set, force):
        return False
    _remove_abandoned(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f'.{out.name}.partial-{os.getpid()}')
    try:
        write_frame(partial, demo_set)
        _render_all(partial, demo_set, workers)
        write_manifest(partial, demo_set)
        _swap_in(partial, out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return True


def _keep_existing(out: Path, demo_set: DemoSet, force: bool) -> bool:
    """Return whether `out` holds exactly this set and can stay; raise if it must not be replaced."""
    if not os.path.lexists(out):
        return False
    if not out.is_dir():
        raise FileExistsError(f'{out} is not a folder; choose another --out')
    if not any(out.iterdir()):
        return False
    manifest = read_manifest(out)
    if manifest is None:
        raise FileExistsError(f'{out} holds files but no demo set; choose another --out')
    if force:
        return False
    if not is_intact(out, manifest):
        raise FileExistsError(
            f'{out} is a demo set whose files were changed or added to; use --force to render it again'
        )
    return describe(demo_set).items() <= manifest.items()


def _render_all(root: Path, demo_set: DemoSet, workers: int) -> None:
    """Render every photo under `root`, in this process or in several."""
    total = demo_set.train + demo_set.val
    bar = tqdm(total=total, desc='rendering', unit='photo', disable=None, leave=False)
    with bar:
        if workers == 1:
            for index in range(total):
                write_photo(root, demo_set, index)
                bar.update()
            return
        # Not fork: an importing process may have threads (torch, OpenCV).
        context = multiprocessing.get_context('spawn')
        pool = ProcessPoolExecutor(min(workers, total), context, _start_worker)
        try:
            jobs = [pool.submit(write_photo, root, demo_set, index) for index in range(total)]
            for job in as_completed(jobs):
                job.result()
                bar.update()
        finally:
            # Workers must be gone before the partial folder is removed, or they would write into it again.
            pool.shutdown(wait=True, cancel_futures=True)


def _start_worker() -> None:
    """An interrupt from the keyboard reaches all processes; the main one ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _swap_in(partial: Path, out: Path) -> None:
    """Put the finished set in its place; an earlier one goes only after it is there."""
    replaced = out.with_name(f'.{out.name}.replaced-{os.getpid()}')
    if out.exists():
        out.rename(replaced)
    partial.rename(out)
    if replaced.exists():
        shutil.rmtree(replaced)


def _remove_abandoned(out: Path) -> None:
    """Remove partial sets of processes that were killed and could not do it themselves."""
    for folder in out.parent.glob(f'.{out.name}.partial-*'):
        owner = folder.name.rpartition('-')[2]
        if owner.isdigit() and not _is_running(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


def _is_running(process: int) -> bool:
    if os.name != 'posix':
        return True  # there is no harmless way to ask elsewhere: the folder stays
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def main(argv: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    args = parse_args(argv)
    start = time.perf_counter()
    demo_set = DemoSet(args.seed, args.train, args.val, args.size)
    try:
        rendered = make_demo_data(args.out, demo_set, args.workers or os.cpu_count() or 1, args.force)
    except (OSError, BrokenProcessPool) as error:
        print(f'make_demo_data: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('make_demo_data: interrupted, nothing was written', file=sys.stderr)
        return 130
    did = f'rendered in {time.perf_counter() - start:.1f} s' if rendered else 'exists already and was kept'
    print(f'demo set {args.out} ({args.train} train + {args.val} val photos, {len(DEMO_CLASSES)} classes): {did}')
    return 0


if __name__ == '__main__':
    # A polite kill cleans up like an interrupt from the keyboard.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
