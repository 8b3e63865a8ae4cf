"""Non-maximum suppression in plain torch, against mmcv's operator and box by box."""

import pytest
import torch
from compiled_operators import needs_operators

from projects.wsis.ops import non_maximum_suppression, suppress_boxes


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def draw_boxes(number, side=100.0):
    """Boxes and different scores."""
    corners = torch.rand(number, 2) * side
    return torch.cat([corners, corners + torch.rand(number, 2) * 40 + 1], dim=1), torch.randperm(number) / number


def choose_box_by_box(boxes, scores, iou_threshold, offset=0):
    """The definition, in Python."""

    def iou(one, other):
        sides = [min(one[axis + 2], other[axis + 2]) - max(one[axis], other[axis]) + offset for axis in (0, 1)]
        common = max(0, sides[0]) * max(0, sides[1])
        areas = [(box[2] - box[0] + offset) * (box[3] - box[1] + offset) for box in (one, other)]
        return common / (sum(areas) - common)

    boxes, chosen = boxes.tolist(), []
    for index in scores.argsort(descending=True, stable=True).tolist():
        if all(iou(boxes[index], boxes[other]) <= iou_threshold for other in chosen):
            chosen.append(index)
    return chosen


@pytest.mark.parametrize('block', [1, 7, 512])
@pytest.mark.parametrize('offset', [0, 1])
@pytest.mark.parametrize('iou_threshold', [0.0, 0.3, 0.7])
def test_the_definition(monkeypatch, block, offset, iou_threshold):
    monkeypatch.setattr(non_maximum_suppression, 'BLOCK', block)
    boxes, scores = draw_boxes(60)
    assert suppress_boxes(boxes, scores, iou_threshold, offset).tolist() == choose_box_by_box(
        boxes, scores, iou_threshold, offset
    )


@needs_operators
@pytest.mark.parametrize('number', [0, 1, 30, 1500])
@pytest.mark.parametrize('offset', [0, 1])
def test_the_same_as_mmcv(number, offset):
    from mmcv import ops

    boxes, scores = draw_boxes(number)
    expected = ops.nms(boxes, scores, 0.5, offset=offset)[1]
    assert torch.equal(suppress_boxes(boxes, scores, 0.5, offset), expected)


def test_a_chain_of_overlaps():
    # each box overlaps its neighbours, so every second one stays
    left = torch.arange(0.0, 50, 5)
    boxes = torch.stack([left, torch.zeros(10), left + 8, torch.ones(10)], dim=1)
    assert suppress_boxes(boxes, torch.linspace(1, 0.1, 10), 0.1).tolist() == [0, 2, 4, 6, 8]


def test_equal_scores_keep_their_order():
    boxes = torch.tensor([[0.0, 0, 4, 4], [10, 10, 14, 14], [0, 0, 4, 4]])
    assert suppress_boxes(boxes, torch.ones(3), 0.5).tolist() == [0, 1]


def test_boxes_of_another_memory_layout():
    boxes, scores = draw_boxes(40)
    assert torch.equal(suppress_boxes(boxes.T.contiguous().T, scores, 0.5), suppress_boxes(boxes, scores, 0.5))


@pytest.mark.parametrize('boxes, scores', [((3, 5), 3), ((3,), 3), ((3, 4), 2)])
def test_bad_shapes(boxes, scores):
    with pytest.raises(ValueError, match=r'suppress_boxes needs boxes \(M, 4\) and scores \(M,\), got'):
        suppress_boxes(torch.zeros(boxes), torch.zeros(scores), 0.5)
