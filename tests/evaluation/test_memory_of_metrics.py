"""What a metric keeps of each photo until the end is small: a tensor of each of millions would fill the memory."""

import numpy as np
import torch

from projects.wsis.evaluation.metrics import MultiLabelMetric


def test_the_metric_of_tags_keeps_numbers_and_not_the_tensors_they_came_in():
    metric = MultiLabelMetric()
    metric.dataset_meta = dict(classes=('cat', 'dog'))
    batch = torch.rand(1000, 2)
    metric.process({}, [dict(pred_scores=batch[7], gt_tags=torch.tensor([0, 1]), img_path='a.jpg')])
    scores, tags = metric.results[0]['measure']
    assert np.frombuffer(scores, np.float32).tolist() == batch[7].tolist()
    assert np.frombuffer(tags, bool).tolist() == [False, True]
