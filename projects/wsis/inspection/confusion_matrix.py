"""The confusion matrix of stored class maps, as a table and as a picture."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmengine.config import Config

from ..evaluation.functional.confusion import count_confusion
from ..structures import report_unwritable, write_atomically
from .offline_evaluation import read_samples

NO_LABEL = 'no label'
MOST_TEXTS = 25  # larger matrices show colours only
CELL = 0.45  # inches


def measure_confusion(cfg: Config, path: str | Path) -> tuple[np.ndarray, list[str]]:
    """Count which classes are taken for which, over all photos of a config's test set that have true masks.

    Args:
        cfg: Config whose ``test_dataloader`` names the photos.
        path: Class maps, see :func:`~projects.wsis.inspection.stored_predictions.find_predictions`.

    Returns:
        Pixels ``(C + 1, C + 2)`` by true label (rows) and predicted label (columns, the last of which is
        'no label'), and the C + 1 names of the rows, background first.

    Raises:
        FileNotFoundError: If there are no predictions, or none of a photo.
        ValueError: If no class maps are stored, no photo has true masks, or both do not fit; one line.
    """
    dataset, samples = read_samples(cfg, path)
    names = ['background', *dataset.metainfo['classes']]
    total = np.zeros((len(names), len(names) + 1), np.int64)
    for sample in samples:
        if 'pred_sem_seg' not in sample:
            raise ValueError(f'{path} holds no class maps: name a folder of PNG files with the class of each pixel')
        if 'gt_sem_seg' not in sample:
            continue
        predicted, true = (sample.get(key).data[0].numpy() for key in ('pred_sem_seg', 'gt_sem_seg'))
        try:
            total += count_confusion(predicted, true, len(names))
        except ValueError as error:
            raise ValueError(f'photo {sample.img_id}: {error}') from None
    if not total.any():
        raise ValueError(f'no photo of {dataset.describe_split()} has true masks to compare with')
    return total, names


def share_of_truth(counts: np.ndarray) -> np.ndarray:
    """Return the shares, in percent, of the true pixels of each row; a class without true pixels has a row of NaN."""
    total = counts.sum(1, keepdims=True)
    return np.where(total > 0, 100 * counts / np.maximum(total, 1), np.nan)


def write_confusion(counts: np.ndarray, names: Sequence[str], folder: str | Path, title: str = '') -> list[Path]:
    """Write ``confusion_matrix.csv`` (pixels) and ``confusion_matrix.png`` (percent of the true pixels), atomically.

    Args:
        counts: Of :func:`measure_confusion`; an empty column 'no label' is left out of the picture.
        names: Of its rows.
        folder: Where to.
        title: Of the picture.

    Returns:
        Both files.

    Raises:
        ValueError: If the folder cannot be written; one line.
    """
    columns = [*names, NO_LABEL]
    table, picture = (Path(folder) / f'confusion_matrix.{ending}' for ending in ('csv', 'png'))
    text = io.StringIO(newline='')
    writer = csv.writer(text)
    writer.writerow(['true / predicted', *columns])
    writer.writerows([name, *row] for name, row in zip(names, counts.tolist()))
    used = len(columns) if counts[:, -1].any() else len(names)
    drawn = _draw(share_of_truth(counts)[:, :used], names, columns[:used], title)
    with report_unwritable(folder):
        write_atomically(table, lambda file: file.write(text.getvalue().encode()))
        write_atomically(picture, lambda file: file.write(drawn))
    return [table, picture]


def _draw(shares: np.ndarray, rows: Sequence[str], columns: Sequence[str], title: str) -> bytes:
    """Return a PNG of a matrix of percents."""
    from matplotlib.figure import Figure  # here, as it takes long to import

    figure = Figure(figsize=(CELL * len(columns) + 3, CELL * len(rows) + 2), layout='constrained')
    axes = figure.subplots()
    image = axes.imshow(shares, cmap='Blues', vmin=0, vmax=100)
    axes.set_xticks(range(len(columns)), columns, rotation=60, ha='right', rotation_mode='anchor')
    axes.set_yticks(range(len(rows)), rows)
    axes.set_xlabel('predicted')
    axes.set_ylabel('true')
    axes.set_title(title or 'percent of the true pixels of each class')
    figure.colorbar(image, ax=axes, shrink=0.6)
    if len(rows) <= MOST_TEXTS:
        for (row, column), share in np.ndenumerate(shares):
            if np.isfinite(share):
                color = 'white' if share > 50 else 'black'
                axes.text(column, row, f'{share:.0f}', ha='center', va='center', color=color, fontsize=7)
    buffer = io.BytesIO()
    figure.savefig(buffer, format='png', dpi=120)
    return buffer.getvalue()
