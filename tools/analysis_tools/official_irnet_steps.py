"""Run one step of the official IRNet code on a CPU, in a process of its own; benchmark_official_irnet.py starts it.

The code is imported from the user's own clone of github.com/jiwoon-ahn/irn, whose folder is not written to. What that
code expects and a CPU or today's libraries do not have is replaced in this process only; `REPLACED` lists all of it.

Example:
    python tools/analysis_tools/official_irnet_steps.py IRN_CLONE WORK_DIR cams --threads 1
"""

import argparse
import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader

#: What is replaced in the process of the official code, in words.
REPLACED = (
    'CUDA: one device is reported, choosing it does nothing, `.cuda()` gives back the tensor or network itself, and '
    'emptying the cache does nothing',
    '`torch.multiprocessing.spawn`: a direct call of the step, which is what is timed',
    "`net.resnet50.resnet50`: without a download of ImageNet's weights, as all weights are loaded afterwards",
    '`np.save` and `np.load`: results of a photo are kept as plain arrays in place of a pickled dict',
    '`DataLoader`: the size of a photo is handed over as two numbers, not as two tensors of one number each, by which '
    "today's numpy and torch do not slice",
)
#: By the name of a step: the module, and the folder below `official` that it writes to.
STEPS = {
    'cams': ('step.make_cam', 'cams'),
    'inter_pixel_labels': ('step.cam_to_ir_label', 'inter_pixel_labels'),
    'semantic_masks': ('step.make_sem_seg_labels', 'semantic_masks'),
    'instances': ('step.make_ins_seg_labels', 'instances'),
}
WEIGHTS = 'weights'
BOUNDARY_BIAS = -3.0  # few pixels are boundaries, so that the random walk spreads
DISPLACEMENT_SHARE = 0.5  # of what is drawn: longer random displacements lead anywhere by the last bit of a number


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument('irn', help='clone of the official code')
    parser.add_argument('work_dir', help='folder with photos, lists and weights, as the benchmark has made it')
    parser.add_argument('step', choices=[WEIGHTS, *STEPS])
    parser.add_argument('--threads', type=int, default=1, help='CPU threads (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=0, help='of the random weights (default: %(default)s)')
    return parser.parse_args()


class TimedCall:
    """Stands in for `torch.multiprocessing.spawn`: calls the function once, here, and remembers how long it took."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self, function: Callable, args: tuple = (), nprocs: int = 1, join: bool = True) -> None:
        """Call a function as the first of so many processes would."""
        if nprocs != 1:
            raise ValueError(f'one process is measured, not {nprocs}')
        began = time.perf_counter()
        function(0, *args)
        self.seconds += time.perf_counter() - began


class NumberedLoader(DataLoader):
    """A loader whose batches of one photo tell its size in numbers."""

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for pack in super().__iter__():
            yield {**pack, 'size': [int(length) for length in pack['size']]} if 'size' in pack else pack


def replace_cuda() -> None:
    """Let code that asks for a GPU calculate on the CPU."""
    torch.cuda.device_count = lambda: 1
    torch.cuda.device = lambda number: nullcontext()
    torch.cuda.empty_cache = lambda: None
    torch.nn.Module.cuda = lambda module, device=None: module
    torch.Tensor.cuda = lambda tensor, *arguments, **settings: tensor


def replace_pretrained() -> None:
    """Build the network without a download; its weights are loaded later."""
    module = importlib.import_module('net.resnet50')
    build = module.resnet50
    module.resnet50 = lambda pretrained=True, **settings: build(pretrained=False, **settings)


def build_arguments(work_dir: Path) -> argparse.Namespace:
    """Return the settings of run_sample.py that the four steps read, with folders below the work dir."""
    official, photos = work_dir / 'official', str(work_dir / 'official' / 'photos.txt')
    return argparse.Namespace(
        num_workers=0,
        voc12_root=str(work_dir / 'voc'),
        train_list=photos,
        infer_list=photos,
        cam_network='net.resnet50_cam',
        cam_scales=(1.0, 0.5, 1.5, 2.0),
        conf_fg_thres=0.30,
        conf_bg_thres=0.05,
        irn_network='net.resnet50_irn',
        beta=10,
        exp_times=8,
        ins_seg_bg_thres=0.25,
        sem_seg_bg_thres=0.25,
        cam_weights_name=str(official / 'cam'),  # its step adds .pth
        irn_weights_name=str(official / 'irn.pth'),
        cam_out_dir=str(official / 'cams'),
        ir_label_out_dir=str(official / 'inter_pixel_labels'),
        sem_seg_out_dir=str(official / 'semantic_masks'),
        ins_seg_out_dir=str(official / 'instances'),
    )


def run_step(name: str, work_dir: Path) -> float:
    """Run a step on all photos, and return the seconds that its loop over them took."""
    module_name, folder = STEPS[name]
    (work_dir / 'official' / folder).mkdir(parents=True, exist_ok=True)
    torch.multiprocessing.spawn = timed = TimedCall()
    torch.utils.data.DataLoader = NumberedLoader
    arguments = build_arguments(work_dir)
    if name == 'inter_pixel_labels':
        arguments.num_workers = 1  # here it counts the processes that share the photos, in the others those that load
    importlib.import_module(module_name).run(arguments)
    return timed.seconds


def replace_pickles() -> None:
    """Keep what the steps write of a photo as plain arrays, where they would pickle a dict."""
    read = np.load

    def save(path: str, content: dict[str, Any]) -> None:
        np.savez(Path(path).with_suffix('.npz'), **{key: np.asarray(value) for key, value in content.items()})

    def load(path: str, **settings: Any) -> Any:
        plain = Path(path).with_suffix('.npz')
        if not plain.is_file():
            return read(path, **settings)
        with read(plain) as content:
            # the random walk asks for a tensor
            arrays = {key: torch.from_numpy(content[key]) if key == 'cam' else content[key] for key in content}
        return SimpleNamespace(item=lambda: arrays)

    np.save, np.load = save, load


@torch.no_grad()
def draw_weights(network: torch.nn.Module) -> None:
    """Draw weights whose maps differ from place to place: filters of mean 0, and blocks that add half of their output.

    The statistics of batch normalisation stay at mean 0 and variance 1.
    """
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            drawn = torch.randn_like(module.weight)
            drawn -= drawn.mean((1, 2, 3), keepdim=True)
            module.weight.copy_(drawn * (2 / module.weight[0].numel()) ** 0.5)
        elif hasattr(module, 'bn3'):
            module.bn3.weight.fill_(0.5)


def write_weights(work_dir: Path, seed: int) -> None:
    """Write random weights of both networks as the trainings of the official code would."""
    torch.manual_seed(seed)
    classifier = importlib.import_module('net.resnet50_cam').CAM()
    irnet = importlib.import_module('net.resnet50_irn').EdgeDisplacement()
    for network in (classifier, irnet):
        draw_weights(network)
    torch.nn.init.constant_(irnet.fc_edge6.bias, BOUNDARY_BIAS)
    irnet.fc_dp7[3].weight.data *= DISPLACEMENT_SHARE
    torch.save(classifier.state_dict(), work_dir / 'official' / 'cam.pth')
    torch.save(irnet.state_dict(), work_dir / 'official' / 'irn.pth')


def main() -> None:
    """Run the step, and print its seconds as JSON."""
    arguments = parse_args()
    irn, work_dir = Path(arguments.irn).resolve(), Path(arguments.work_dir).resolve()
    torch.set_num_threads(arguments.threads)
    os.chdir(irn)  # it reads voc12/cls_labels.npy by this path
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(irn))
    replace_cuda()
    replace_pretrained()
    replace_pickles()
    if arguments.step == WEIGHTS:
        write_weights(work_dir, arguments.seed)
        return
    seconds = run_step(arguments.step, work_dir)
    print()
    print(json.dumps(dict(seconds=seconds)))


if __name__ == '__main__':
    main()
