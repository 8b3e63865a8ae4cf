"""Writing peaks, one file per photo, and all of them as one points file."""

from pathlib import Path

import torch
from mmdet.structures import DetDataSample
from mmengine.registry import METRICS
from mmengine.structures import InstanceData

from ...structures import report_damaged, write_json
from ...structures.files import read_json_object
from ...structures.point_file import Point, find_point_fault, is_number, write_points
from .store_writer import StoreWriter

POINTS_FILE = 'peaks.json'


@METRICS.register_module()
class PeakWriter(StoreWriter):
    """Writes ``pred_peaks`` as JSON, and at the end all photos as one points file to train on (see
    :mod:`projects.wsis.structures.point_file`).

    Args:
        out_dir: Folder of the store; by default ``<work dir>/peaks``. The points file is ``peaks.json`` beside it.
    """

    def __init__(self, out_dir: str | None = None, **kwargs) -> None:
        super().__init__(out_dir, 'peaks', '.json', **kwargs)

    @property
    def points_path(self) -> Path:
        """Path of the points file."""
        return self.store.root.parent / POINTS_FILE

    def write(self, sample: dict) -> None:
        """Write the peaks of one photo, its class scores, and the mode in which the classes were chosen."""
        classes, peaks = self.dataset_meta['classes'], sample['pred_peaks']
        points = [
            Point(int(label), int(y), int(x), float(score))
            for label, (y, x), score in zip(peaks['labels'], peaks['points'], peaks['scores'])
        ]
        entries = [point.as_json(classes) for point in points]
        # what the metrics see is what is stored
        peaks['scores'] = torch.tensor([entry['score'] for entry in entries], dtype=torch.float32)
        scores = sample['pred_scores'].float().tolist()
        write_json(self.store.path_of(sample['img_id']), dict(mode=sample['mode'], scores=scores, points=entries))

    def load(self, sample: DetDataSample) -> None:
        """Read the peaks of one photo."""
        points, scores, mode = self._read(sample.img_id)
        sample.pred_peaks = InstanceData(
            points=torch.tensor([[point.y, point.x] for point in points], dtype=torch.long).reshape(-1, 2),
            labels=torch.tensor([point.label for point in points], dtype=torch.long),
            scores=torch.tensor([point.score for point in points], dtype=torch.float32),
        )
        sample.pred_scores = torch.tensor(scores, dtype=torch.float32)
        sample.set_metainfo(dict(mode=mode))

    def _read(self, photo: str) -> tuple[list[Point], list[float], str]:
        """Return the peaks of a photo, its class scores, and the mode."""
        path, ids = self.store.path_of(photo), {name: label for label, name in enumerate(self.dataset_meta['classes'])}
        content = read_json_object(path)
        with report_damaged(path):
            entries, scores, mode = content['points'], content['scores'], content['mode']
            for entry in entries:
                if fault := find_point_fault(entry, ids, with_photo=False):
                    raise ValueError(fault)
            if not isinstance(scores, list):
                raise ValueError(f'its scores are a {type(scores).__name__}')
            if wrong := [score for score in scores if not is_number(score)]:
                raise ValueError(f'a class score is {wrong[0]!r}')
            if not isinstance(mode, str):
                raise ValueError(f'its mode is {mode!r}')
            points = [Point(ids[entry['class']], entry['y'], entry['x'], entry.get('score', 1.0)) for entry in entries]
        return points, scores, mode

    def discard(self) -> None:
        """Remove the points file of peaks that are made again."""
        self.points_path.unlink(missing_ok=True)

    def join(self, photos: list[str]) -> None:
        """Join all photos into the points file."""
        points = {photo: self._read(photo)[0] for photo in photos}
        write_points(self.points_path, points, self.dataset_meta['classes'])
