# Pseudo instances by BESTIE on the photos it was trained on, out of the tags of each: `model` and `test_dataloader` of a labels
# config, whose evaluators and loop these are.
bestie_label_evaluator = [
    dict(type='SemanticMaskWriter'),
    dict(type='InstanceWriter'),
    dict(type='SemanticIoUMetric'),
    dict(type='VOCInstanceMetric'),
]
bestie_label_dataset = dict(mode='pseudo_label', filter_cfg=dict(filter_empty_tags=True))
# where points are given
bestie_point_pipeline = [
    dict(type='LoadPhoto'),
    dict(type='LoadEvaluationMasks'),
    dict(type='LoadPoints', min_score=.7),
    dict(type='mmseg.ResizeToMultiple', size_divisor=32),
    dict(type='PackTagInputs'),
]
