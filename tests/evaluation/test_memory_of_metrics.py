"""What a metric keeps of each photo until the end is small: a tensor of each of millions would fill the memory."""

import torch

from projects.wsis.evaluation.metrics import MultiLabelMetric


def test_the_metric_of_tags_keeps_numbers_and_not_the_tensors_they_came_in():
    metric = MultiLabelMetric()
    metric.dataset_meta = dict(classes=('cat', 'dog'))
    batch = torch.rand(1000, 2)
    metric.process({}, [dict(pred_scores=batch[7], gt_tags=torch.tensor([0, 1]), img_path='a.jpg')])
    scores, tags = metric.results[0]['measure']
    assert scores.tolist() == batch[7].tolist() and tags.tolist() == [False, True]
    # an array with a base keeps all of the batch that it is a part of
    assert scores.base is None and tags.base is None
