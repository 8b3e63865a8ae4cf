# Pseudo instances by BESTIE on the photos it was trained on, out of the tags of each: what a labels config makes of its
# `test_dataloader` and `test_evaluator`.
bestie_label_evaluator = [
    dict(type='SemanticMaskWriter'),
    dict(type='InstanceWriter'),
    dict(type='SemanticIoUMetric'),
    dict(type='VOCInstanceMetric'),
]
bestie_label_dataset = dict(
    mode='pseudo_label', with_masks=True, test_mode=True, filter_cfg=dict(filter_empty_tags=True))
