"""What all writers of pseudo labels share: they are evaluators of the test loop, so that testing makes the labels."""

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path

from mmdet.structures import DetDataSample
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from ...structures import PseudoLabelStore


class StoreWriter(BaseMetric):
    """Writes one file per photo into a pseudo-label store, and the manifest once all photos are there.

    ``PseudoLabelLoop`` opens the store before the first photo and calls :meth:`load` for photos that an interrupted run
    has left. Every rank writes its own photos; the main process closes the store. A writer stands before the metrics
    among the evaluators, and leaves in the sample what it has stored, so that the numbers are those of the files.

    Args:
        out_dir: Folder of the store; by default ``<work dir>/<folder>``.
        artifact: Name of what is stored.
        suffix: Ending of the photo files.
        folder: Name of the folder; by default that of the artifact.
    """

    default_prefix = ''

    def __init__(self, out_dir: str | None, artifact: str, suffix: str, folder: str | None = None, **kwargs) -> None:
        super().__init__(**kwargs)
        self.out_dir = out_dir
        self.artifact = artifact
        self.suffix = suffix
        self.folder = folder or artifact
        self.store: PseudoLabelStore | None = None

    def locate(self, work_dir: str | Path) -> PseudoLabelStore:
        """Return the store, and keep it for writing."""
        self.store = PseudoLabelStore(self.out_dir or Path(work_dir) / self.folder, self.artifact, self.suffix)
        return self.store

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Write the photos of a batch; those that the store already holds stay as they are."""
        if self.store is None:
            raise RuntimeError(
                f'{type(self).__name__} works in the loop PseudoLabelLoop only: set test_cfg=dict(type='
                "'PseudoLabelLoop') in the config"
            )
        for sample in data_samples:
            self.round(sample)
            if sample['img_id'] not in self.store:
                self.write(sample)
                self.store.note(sample['img_id'])
            self.results.append(sample['img_id'])

    def compute_metrics(self, results: list[str]) -> dict:
        """Close the store; the number of photos is the only value."""
        photos = sorted(set(results))
        self.store.check_files(photos)
        self.join(photos)
        self.store.finish(photos)
        print_log(f'{len(photos)} photos in {self.store.root}', 'current')
        return {f'{self.folder}/photos': len(photos)}

    def join(self, photos: list[str]) -> None:
        """Make what needs all photos, before the store is closed (main process only)."""

    def discard(self) -> None:
        """Remove what :meth:`join` made of photos that are no longer there (main process only)."""

    def round(self, sample: dict) -> None:
        """Give a prediction the precision in which it is stored, whether it has to be written or is there already."""

    @abstractmethod
    def write(self, sample: dict) -> None:
        """Write the file of one photo."""

    @abstractmethod
    def load(self, sample: DetDataSample) -> None:
        """Put the stored prediction of the photo into the sample, as the model had given it."""
