"""Compare the pixel-to-prototype contrast with a version that goes through classes and pixels one by one.

The plain version computes the same formula with the same choices of pixels, written as in the paper: a loop over
classes for the prototypes, and one over pixels for each term. Both compute the losses and their gradients. Both run in
turns in one process, and the fastest of ``--repeat`` calls counts.

Example::

    python tools/analysis_tools/benchmark_prototype_contrast.py --threads 2
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch
import torch.nn.functional as F
from benchmark_training_step import read_clock

from projects.wsis.models.losses.pixel_prototype_contrast_loss import PixelPrototypeContrastLoss, draw_keys
from projects.wsis.ops.class_maps import score_maps


def parse_args(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument('--batch', type=int, default=8, help='images per batch (default: 8)')
    parser.add_argument('--size', type=int, default=16, help='height and width of the maps (default: 16)')
    parser.add_argument('--classes', type=int, default=20, help='number of classes without background (default: 20)')
    parser.add_argument('--channels', type=int, default=128, help='channels of the features (default: 128)')
    parser.add_argument('--threads', type=int, default=2, help='CPU threads (default: 2)')
    parser.add_argument('--repeat', type=int, default=5, help='calls of each version; the fastest counts (default: 5)')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--device', default='cpu', help='cpu or cuda (default: cpu)')
    return parser.parse_args(arguments)


def make_batch(batch, size, classes, channels, seed, device='cpu'):
    """Features, class maps of blobs, and tags: what the loss takes."""
    generator = torch.Generator().manual_seed(seed)
    tags = (torch.rand(batch, classes, generator=generator) < 0.1).float()
    views = []
    for _ in range(2):
        features = F.relu(torch.randn(batch, channels, size, size, generator=generator))
        maps = torch.randn(batch, classes + 1, size // 4, size // 4, generator=generator)
        maps = F.interpolate(maps, (size, size), mode='bicubic')
        views += [features.to(device), maps.to(device)]
    return (*views, tags.to(device))


def plain_contrast(loss, features1, maps1, features2, maps2, tags):
    """The terms of ``loss`` at step 0, one class and one pixel after the other. Both views have the same size."""
    views = [
        plain_view(loss, features, maps, tags, number)
        for number, (features, maps) in enumerate(((features1, maps1), (features2, maps2)))
    ]
    terms = dict(loss_cross_prototype=0, loss_cross_cam=0, loss_intra_view=0)
    for view, other in (views, views[::-1]):
        terms['loss_cross_prototype'] += plain_cross(loss, view['pixels'], view['labels'], other['prototypes'])
        terms['loss_cross_cam'] += plain_cross(loss, view['pixels'], other['labels'], view['prototypes'])
        terms['loss_intra_view'] += plain_intra(loss, **view)
    return {name: loss.weights[name] * term / 2 for name, term in terms.items()}


def plain_view(loss, features, maps, tags, number):
    """Pixels, pseudo labels and prototypes of a view."""
    scores = score_maps(maps, loss.background_threshold)
    photos, channels, height, width = features.shape
    rows = [features[n, :, y, x] for n in range(photos) for y in range(height) for x in range(width)]
    confidences = [scores[n, :, y, x] for n in range(photos) for y in range(height) for x in range(width)]
    labels = []
    for place, confidence in enumerate(confidences):
        photo = place // (height * width)
        candidates = [0, *(tag + 1 for tag in range(tags.shape[1]) if tags[photo, tag])]
        labels.append(max(candidates, key=lambda label: float(confidence[label])))
    count = int(height * width * loss.prototype_fraction)
    # confidences that are equal: least response of the foreground first
    responses = [float(confidence[1:].max()) for confidence in confidences]
    prototypes = {}
    for label in range(scores.shape[1]):
        values = [float(confidence[label]) for confidence in confidences]
        if max(values) <= 0:
            continue
        best = sorted(range(len(rows)), key=lambda place: (-values[place], responses[place]))[:count]
        mean = sum(max(values[place], 0.0) * rows[place].detach() for place in best)
        prototypes[label] = F.normalize(mean, dim=0)
    keys = draw_keys(len(rows), loss.seed, 0, number).tolist()
    return dict(pixels=[F.normalize(row, dim=0) for row in rows], labels=labels, prototypes=prototypes, keys=keys)


def plain_cross(loss, pixels, labels, prototypes):
    """Mean of the pixels' InfoNCE."""
    losses = []
    for pixel, label in zip(pixels, labels):
        if label not in prototypes:
            continue
        logits = {name: pixel @ vector / loss.temperature for name, vector in prototypes.items()}
        losses.append(torch.logsumexp(torch.stack(list(logits.values())), 0) - logits[label])
    return sum(losses) / len(losses)


def plain_intra(loss, pixels, labels, prototypes, keys):
    """Mean over classes of the mean InfoNCE of random and hard pixels against semi-hard prototypes."""
    first, last = (min(rank, len(prototypes)) for rank in loss.semi_hard_ranks)
    losses, own = [], []
    for pixel, label in zip(pixels, labels):
        logits = {name: pixel @ vector / loss.temperature for name, vector in prototypes.items()}
        ranked = sorted(logits.values(), key=torch.Tensor.item, reverse=True)[first - 1 : last]
        losses.append(torch.logsumexp(torch.stack([logits[label], *ranked]), 0) - logits[label])
        own.append(logits[label].item())
    means = []
    for label in sorted(set(labels)):
        places = [place for place, found in enumerate(labels) if found == label]
        half, hard = len(places) // 2, int(len(places) * loss.hard_fraction)
        chosen = sorted(places, key=keys.__getitem__)[:half] + sorted(places, key=own.__getitem__)[hard - half : hard]
        means.append(sum(losses[place] for place in chosen) / len(chosen) if chosen else 0.0)
    return sum(means) / len(means)


def run(function, batch):
    """Time a function that gives terms, with its gradients: seconds, total, gradients."""
    features1, maps1, features2, maps2, tags = batch
    leaves = [features.clone().requires_grad_() for features in (features1, features2)]
    start = read_clock(tags.device)
    total = sum(function(leaves[0], maps1, leaves[1], maps2, tags).values())
    total.backward()
    return read_clock(tags.device) - start, total.item(), [leaf.grad for leaf in leaves]


def main():
    args = parse_args()
    torch.set_num_threads(args.threads)
    loss = PixelPrototypeContrastLoss(seed=args.seed).eval().to(args.device)  # eval: the step stays where it is
    batch = make_batch(args.batch, args.size, args.classes, args.channels, args.seed, args.device)
    times = []
    for turn in range(args.repeat):
        print(f'call {turn + 1} of {args.repeat} ...', file=sys.stderr, flush=True)
        plain, expected, plain_gradients = run(lambda *inputs: plain_contrast(loss, *inputs), batch)
        ours, value, gradients = run(loss, batch)
        times.append((plain, ours))
    plain, ours = (min(column) for column in zip(*times))
    difference = max(float((a - b).abs().max() / b.abs().max()) for a, b in zip(gradients, plain_gradients))
    print(f'batch {args.batch}, {args.size}x{args.size}, {args.classes + 1} classes, {args.channels} channels\n')
    print('| plain ms | ours ms | ratio | plain value | our value | difference of gradients |')
    print('| --- | --- | --- | --- | --- | --- |')
    times = f'{plain * 1e3:.0f} | {ours * 1e3:.1f} | {plain / ours:.0f}x'
    print(f'| {times} | {expected:.6f} | {value:.6f} | {difference:.1e} |')


if __name__ == '__main__':
    main()
