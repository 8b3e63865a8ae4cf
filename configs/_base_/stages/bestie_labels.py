# Pseudo instances: the predictions of BESTIE on its training images, restricted to the tags of each image. The configs named
# *-labels.py build their `test_dataloader` and `test_evaluator` from this.
bestie_label_evaluator = [
    dict(type='SemanticMaskWriter'),
    dict(type='InstanceWriter'),
    dict(type='SemanticIoUMetric'),
    dict(type='VOCInstanceMetric'),
]
bestie_label_dataset = dict(
    mode='pseudo_label', with_masks=True, test_mode=True, filter_cfg=dict(filter_empty_tags=True))
