"""The test loop that makes pseudo labels: it opens the stores and resumes an interrupted run."""

import logging
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from mmdet.structures import DetDataSample
from mmengine.dist import all_gather_object, barrier, get_rank, get_world_size, is_main_process
from mmengine.evaluator import Evaluator
from mmengine.logging import print_log
from mmengine.registry import DATASETS, LOOPS, METRICS
from mmengine.runner import Runner, TestLoop

from ...datasets import TagDataset
from ...datasets.transforms import LoadEvaluationMasks
from ...datasets.transforms.formatting import pack_truth
from ...evaluation.writers import StoreWriter
from ...freed_memory import give_back_large_blocks
from ...structures import PseudoLabelStore, find_manifests, hash_content, hash_file, printable
from ..mmengine_names import find_load_from
from ..safe_loading import safe_loading

MANY_FILES = 100_000  # of one folder


@LOOPS.register_module()
class PseudoLabelLoop(TestLoop):
    """Test loop for evaluators that write stores.

    Photos that every store already holds from an interrupted run of the same lineage (same config, checkpoint, tags and
    inputs) are not computed again; the metrics read them from the stores, so the numbers are those of all photos, in
    the order of the data set.

    Args:
        runner: The runner.
        dataloader: Dataloader config (its dataset is a :class:`TagDataset`).
        evaluator: Evaluator config, at least one of them a writer.
        fp16: As in mmengine.

    Raises:
        ValueError: If there is no writer.
    """

    def __init__(
        self, runner: Runner, dataloader: dict, evaluator: Evaluator | dict | list, fp16: bool = False
    ) -> None:
        evaluator = runner.build_evaluator(evaluator) if isinstance(evaluator, (dict, list)) else evaluator
        self.writers = [metric for metric in evaluator.metrics if isinstance(metric, StoreWriter)]
        if not self.writers:
            raise ValueError(
                'PseudoLabelLoop needs a writer (CAMWriter, PeakWriter, SemanticMaskWriter or InstanceWriter) in '
                'test_evaluator'
            )
        dataset = DATASETS.build(dataloader['dataset'])
        # writers first: metrics are to see what is stored
        evaluator.metrics.sort(key=lambda metric: not isinstance(metric, StoreWriter))
        self.total = len(dataset)
        self.positions = {dataset.get_data_info(index)['img_id']: index for index in range(self.total)}
        warn_of_large_folder(self.positions)
        # a wrong checkpoint must fail before stores are opened: those of another lineage lose their files
        with safe_loading():  # the hooks of the run have not begun yet
            runner.load_or_resume()
        self.finished = self._open_stores(runner, dataset)
        done = {info['img_id'] for info in self.finished}
        dataset.get_subset_([index for photo, index in self.positions.items() if photo not in done])
        super().__init__(runner, {**dataloader, 'dataset': dataset}, evaluator, fp16)

    def run(self) -> dict:
        """Make the labels of all photos that are left, then evaluate all photos."""
        self.runner.call_hook('before_test')
        self.runner.call_hook('before_test_epoch')
        self.runner.model.eval()
        self._process_finished()
        for index, data_batch in enumerate(self.dataloader):
            self.run_iter(index, data_batch)
        self._restore_order()
        metrics = self.evaluator.evaluate(self.total)
        self.runner.call_hook('after_test_epoch', metrics=metrics)
        self.runner.call_hook('after_test')
        return metrics

    def run_iter(self, idx: int, data_batch: dict) -> None:
        """Make the labels of a batch, of large photos in less memory."""
        with give_back_large_blocks(count_pixels(data_batch['inputs'])):
            super().run_iter(idx, data_batch)

    def _open_stores(self, runner: Runner, dataset: TagDataset) -> list[dict]:
        """Open the stores and return the data infos of the photos that are finished."""
        lineage = describe_lineage(runner, dataset)
        made_by = dict(config=str(runner.cfg.filename or ''), checkpoint=str(find_load_from(runner) or ''))
        stores = [writer.locate(runner.work_dir) for writer in self.writers]
        if len({store.root.resolve() for store in stores}) < len(stores):
            raise ValueError(
                f'Two writers of test_evaluator have one folder ({", ".join(str(store.root) for store in stores)}): '
                'name another out_dir'
            )
        kept = [True] * len(stores)
        if is_main_process():
            kept = [store.start(lineage, dataset.metainfo['classes'], made_by=made_by) for store in stores]
            for writer in (writer for writer, was_kept in zip(self.writers, kept) if not was_kept):
                writer.discard()
            for store in stores:
                _tell_dropped(store)
        barrier()
        infos = (dataset.get_data_info(index) for index in range(self.total)) if all(kept) else ()
        finished = [info for info in infos if all(info['img_id'] in store for store in stores)]
        if finished:
            print_log(f'Resuming: {len(finished)} of {self.total} photos are finished already', 'current')
        barrier()  # no process writes before all have read the folder
        return finished

    def _process_finished(self) -> None:
        load_masks = LoadEvaluationMasks()
        for info in self.finished[get_rank() :: get_world_size()]:
            self.evaluator.process([self._read_sample(load_masks(info))])

    def _restore_order(self) -> None:
        """Put the results of each metric back into the order of the data set, if finished photos came first.

        The order decides between instances of equal score, so without this an interrupted run would get other numbers.
        Afterwards this process holds those photos that it had held in a run that was not interrupted.
        """
        if not self.finished:
            return
        places = [self.positions[photo] for photo in self.writers[0].results]
        for metric in self.evaluator.metrics:
            if len(metric.results) != len(places):
                raise ValueError(
                    f'{type(metric).__name__} leaves {len(metric.results)} results of {len(places)} '
                    'photos: beside writers only metrics with one result per photo can be used'
                )
            parts = all_gather_object(list(zip(places, metric.results)))
            ordered = sorted((pair for part in parts for pair in part), key=lambda pair: pair[0])
            metric.results = [result for _, result in ordered][get_rank() :: get_world_size()]

    def _read_sample(self, info: dict[str, Any]) -> DetDataSample:
        """Return the sample of a finished photo: its truth, and what the stores hold."""
        sample = pack_truth(info)
        for writer in self.writers:
            writer.load(sample)
        return sample


def _tell_dropped(store: PseudoLabelStore) -> None:
    """Say in one line which files of an earlier run are made again."""
    if store.discarded:
        text = f'{store.discarded} files were made of another config, checkpoint, tags or inputs; they are made again'
        print_log(f'{store.root}: {text}', 'current', logging.WARNING)
    if store.dropped:
        print_log(
            f'{store.root}: {len(store.dropped)} files of an earlier run are damaged or were never noted as whole '
            f'(first: {printable(store.dropped[0])}); they are made again',
            'current',
            logging.WARNING,
        )


def warn_of_large_folder(photos: Iterable[str]) -> None:
    """Warn where a folder of a store would hold so many files that listing it, or copying it, takes very long.

    Args:
        photos: Ids; photos of one folder have their files in one folder of each store.
    """
    folder, count = Counter(os.path.dirname(photo) for photo in photos).most_common(1)[0]
    if count > MANY_FILES:
        print_log(
            f'{count:,} photos lie in {f"the folder {folder}" if folder else "one folder"}, and so will their labels: '
            f'part them into subfolders of at most {MANY_FILES:,}, and the stores have the same (docs/advanced_guides/'
            'scale.md)',
            'current',
            logging.WARNING,
        )


def describe_lineage(runner: Runner, dataset: TagDataset) -> dict[str, Any]:
    """Say what makes the labels: hashes of the config, of the checkpoint and of the input stores.

    Where stores and checkpoint lie does not count, only what they hold; nor do metrics, nor how the work is spread over
    processes. Of the photos names, tags, given points and file sizes count.
    """
    cfg = runner.cfg
    data = {
        key: value for key, value in cfg.test_dataloader.dataset.items() if key not in ('data_prefix', 'points_file')
    }
    relevant = dict(model=cfg.model, data=data, writers=_describe_writers(cfg.test_evaluator))
    photos = [
        (
            info['img_id'],
            info['tags'],
            *([info['points']] if 'points' in info else []),
            os.path.getsize(info['img_path']),
        )
        for info in (dataset.get_data_info(index) for index in range(len(dataset)))
    ]
    inputs = {name: next(iter(find_manifests(folder).values()), None) for name, folder in dataset.store_dirs.items()}
    return dict(
        config_hash=hash_content(relevant),
        photos_hash=hash_content(photos),
        checkpoint_hash=identify_checkpoint(find_load_from(runner)),
        inputs=inputs,
    )


def identify_checkpoint(checkpoint: str | None) -> str | None:
    """Return what tells a checkpoint from others: the hash of a local file, else its URL; None without one."""
    if not checkpoint or '://' in checkpoint:
        return checkpoint or None
    return hash_file(Path(checkpoint).expanduser())


def _describe_writers(evaluators: dict | list) -> list[dict]:
    """Return the settings of the writers, but for their folders."""
    evaluators = evaluators if isinstance(evaluators, (list, tuple)) else [evaluators]
    classes = (METRICS.get(settings['type']) for settings in evaluators)
    return [
        {key: value for key, value in settings.items() if key != 'out_dir'}
        for settings, found in zip(evaluators, classes)
        if found is not None and issubclass(found, StoreWriter)
    ]


def count_pixels(inputs: torch.Tensor | Sequence) -> int:
    """Return how many pixels the largest photo of a batch has, or of a batch for each view of ``TestTimeAug``."""
    if isinstance(inputs, torch.Tensor):
        return inputs.shape[-2] * inputs.shape[-1]
    return max(map(count_pixels, inputs), default=0)
