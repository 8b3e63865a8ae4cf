"""Compare the speed of VOCInstanceMetric with an evaluation on dense boolean masks, on rendered images.

The dense evaluation exists for the comparison only. It works like the official evaluator of VOC AP: it holds
all masks of the data set as booleans and counts ``and`` and ``or`` of every pair of one class and image again
for each IoU threshold. A second, faster version counts each pair once for all thresholds. All must return the
same numbers, or the script fails. The result is printed as a Markdown table.
"""

import argparse
import logging
import platform
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import repository_path  # noqa: E402, F401  makes projects.wsis importable
import torch  # noqa: E402
from mmengine.logging import MMLogger  # noqa: E402

from projects.wsis.evaluation import VOCInstanceMetric  # noqa: E402
from projects.wsis.evaluation.functional import to_rle  # noqa: E402

IOU_THRESHOLDS = (0.25, 0.5, 0.7, 0.75)
NUM_CLASSES = 20


@dataclass
class Photo:
    """Boolean masks (n, H, W), labels (n,) and scores (n,) of one photo."""

    pred_masks: np.ndarray
    pred_labels: np.ndarray
    pred_scores: np.ndarray
    true_masks: np.ndarray
    true_labels: np.ndarray


def render_blob(rng: np.random.Generator, center: np.ndarray, radius: float, size: tuple[int, int]) -> np.ndarray:
    """Draw a star-shaped blob with a wavy outline: bool (H, W). ``center`` is (y, x)."""
    y, x = np.ogrid[: size[0], : size[1]]
    y, x = y - center[0], x - center[1]
    angle = np.arctan2(y, x)
    waves = sum(0.15 * rng.random() * np.sin(k * angle + rng.uniform(0, 2 * np.pi)) for k in (2, 3, 7))
    return x**2 + y**2 < (radius * (1 + waves)) ** 2


def render_photo(rng: np.random.Generator, num_predicted: int, size: tuple[int, int]) -> Photo:
    """Render 1-6 true instances of 1-2 classes; predictions are shifted copies of them (two thirds)
    or lie anywhere; four fifths of them have a class of the photo, as detections do."""
    num_true = int(rng.integers(1, 7))
    classes = rng.choice(NUM_CLASSES, 2, replace=False)
    true_labels = rng.choice(classes, num_true)
    centers = rng.random((num_true, 2)) * size
    radii = rng.uniform(0.08, 0.3, num_true) * min(size)
    true_masks = np.stack([render_blob(rng, c, r, size) for c, r in zip(centers, radii)])
    pred_masks, pred_labels = [], []
    for _ in range(num_predicted):
        i = int(rng.integers(num_true))
        near = rng.random() < 2 / 3
        center = centers[i] + rng.normal(0, 0.1 * radii[i], 2) if near else rng.random(2) * size
        pred_masks.append(render_blob(rng, center, radii[i] * rng.uniform(0.8, 1.2), size))
        kept = rng.random() < 4 / 5
        pred_labels.append(true_labels[i] if kept else rng.integers(NUM_CLASSES))
    return Photo(
        pred_masks=np.stack(pred_masks),
        pred_labels=np.array(pred_labels),
        # few distinct values: ties are part of the comparison
        pred_scores=rng.integers(1, 200, num_predicted).astype(np.float32) / 200,
        true_masks=true_masks,
        true_labels=true_labels,
    )


def dense_iou(predicted: np.ndarray, true: np.ndarray) -> np.ndarray:
    """IoU (P, G) float32 of booleans (P, H, W) and (G, H, W), pair by pair."""
    iou = np.zeros((len(predicted), len(true)), np.float32)
    for i, predicted_mask in enumerate(predicted):
        for j, true_mask in enumerate(true):
            intersection = np.logical_and(predicted_mask, true_mask).sum()
            union = np.logical_or(predicted_mask, true_mask).sum()
            iou[i, j] = intersection / union if union else 0
    return iou


def dense_ap(photos: list[Photo], thresholds: tuple[float, ...]) -> np.ndarray:
    """AP (T, C) by area of dense masks; counts every pair once for all given thresholds."""
    num_true = np.zeros(NUM_CLASSES, int)
    found = [[defaultdict(list) for _ in range(NUM_CLASSES)] for _ in thresholds]
    for photo in photos:
        np.add.at(num_true, photo.true_labels, 1)
        for label in np.unique(photo.pred_labels):
            predicted = np.flatnonzero(photo.pred_labels == label)
            predicted = predicted[np.argsort(-photo.pred_scores[predicted], kind='stable')]
            iou = dense_iou(photo.pred_masks[predicted], photo.true_masks[photo.true_labels == label])
            for threshold, per_class in zip(thresholds, found):
                taken = set()
                for row, score in zip(iou, photo.pred_scores[predicted]):
                    best = int(row.argmax()) if len(row) else -1
                    right = best >= 0 and row[best] >= np.float32(threshold) and best not in taken
                    if right:
                        taken.add(best)
                    per_class[label]['scores'].append(score)
                    per_class[label]['right'].append(right)
    return np.array([[_area(c, n) for c, n in zip(row, num_true)] for row in found])


def _area(found: dict, num_true: int) -> float:
    if num_true == 0:
        return float('nan')
    order = np.argsort(-np.array(found['scores']), kind='stable')
    right = np.array(found['right'], dtype=bool)[order] if len(order) else np.zeros(0, bool)
    recall = np.concatenate([[0], np.cumsum(right) / num_true])
    precision = np.cumsum(right) / np.arange(1, len(right) + 1)
    return sum((recall[i + 1] - recall[i]) * precision[i:].max() for i in np.flatnonzero(right))


def metric_ap(samples: list[dict]) -> np.ndarray:
    """AP (T, C) by VOCInstanceMetric: processing, matching and summing up."""
    metric = VOCInstanceMetric(iou_thrs=IOU_THRESHOLDS, classwise=True)
    metric.dataset_meta = dict(classes=tuple(f'class{c}' for c in range(NUM_CLASSES)))
    for sample in samples:
        metric.process(None, [sample])
    metrics = metric.evaluate(len(samples))
    keys = [[f'voc/class{c}_AP{100 * threshold:g}' for c in range(NUM_CLASSES)] for threshold in IOU_THRESHOLDS]
    return np.array([[metrics.get(key, np.nan) for key in row] for row in keys]) / 100


def make_samples(photos: list[Photo], as_rle: bool) -> list[dict]:
    """Data samples as dicts, predictions as RLE (as stores hold them) or as a boolean tensor."""
    samples = []
    for index, photo in enumerate(photos):
        masks = [to_rle(mask) for mask in photo.pred_masks] if as_rle else photo.pred_masks
        instances = [
            dict(mask=to_rle(mask), bbox_label=int(label), ignore_flag=0)
            for mask, label in zip(photo.true_masks, photo.true_labels)
        ]
        predictions = dict(
            masks=masks if as_rle else torch.from_numpy(masks),
            labels=torch.from_numpy(photo.pred_labels),
            scores=torch.from_numpy(photo.pred_scores),
        )
        samples.append(dict(img_id=str(index), instances=instances, pred_instances=predictions))
    return samples


def measure(evaluate: Callable[[], np.ndarray], repeats: int) -> tuple[float, np.ndarray]:
    """Median CPU time in seconds of some runs, and the result.

    CPU time, because a busy machine would otherwise decide the ratio; all run in one thread.
    """
    times = []
    for _ in range(repeats):
        start = time.process_time()
        result = evaluate()
        times.append(time.process_time() - start)
    return float(np.median(times)), result


def compare(photos: list[Photo], repeats: int) -> list[tuple[str, float]]:
    """Time all four ways of evaluating the photos, and check that they agree."""
    booleans, rles = make_samples(photos, as_rle=False), make_samples(photos, as_rle=True)
    ways = {
        'dense, each threshold by itself': lambda: np.concatenate(
            [dense_ap(photos, (threshold,)) for threshold in IOU_THRESHOLDS]
        ),
        'dense, all thresholds at once': lambda: dense_ap(photos, IOU_THRESHOLDS),
        'VOCInstanceMetric, boolean predictions': lambda: metric_ap(booleans),
        'VOCInstanceMetric, RLE predictions': lambda: metric_ap(rles),
    }
    rows, expected = [], None
    for name, evaluate in ways.items():
        seconds, ap = measure(evaluate, repeats)
        expected = ap if expected is None else expected
        np.testing.assert_allclose(ap, expected, rtol=1e-12, err_msg=name)
        rows.append((name, seconds))
    return rows


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--predictions', type=int, nargs='+', default=[10, 100], help='predictions per image')
    parser.add_argument(
        '--photos', type=int, nargs='+', default=[120, 40], help='images, one number for each of --predictions'
    )
    parser.add_argument('--size', type=int, nargs=2, default=[375, 500], metavar=('H', 'W'))
    parser.add_argument('--repeats', type=int, default=3, help='number of runs; the median is printed')
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()
    if len(args.photos) != len(args.predictions):
        parser.error('--photos and --predictions need equally many numbers')
    return args


def main() -> None:
    """Render photos, compare, print a table."""
    args = parse_args()
    torch.set_num_threads(1)
    MMLogger.get_instance('benchmark', log_level=logging.WARNING)  # no tables of the metric
    print(
        f'Python {platform.python_version()}, numpy {np.__version__}, one thread; photos of '
        f'{args.size[0]}x{args.size[1]}; CPU time, median of {args.repeats} runs.\n'
    )
    print(
        '| images | predictions per image | evaluation | CPU ms per image | against dense, each '
        'threshold by itself | against dense, all at once |'
    )
    print('|---:|---:|---|---:|---:|---:|')
    for number, num_photos in zip(args.predictions, args.photos):
        rng = np.random.default_rng(args.seed)
        photos = [render_photo(rng, number, tuple(args.size)) for _ in range(num_photos)]
        rows = compare(photos, args.repeats)
        (_, separate), (_, together) = rows[:2]
        for name, seconds in rows:
            print(
                f'| {num_photos} | {number} | {name} | {1000 * seconds / num_photos:.2f} | '
                f'{separate / seconds:.1f}x | {together / seconds:.1f}x |'
            )


if __name__ == '__main__':
    main()
