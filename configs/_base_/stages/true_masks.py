# Training on true masks, for comparison only: settings of the data set, and the steps that replace those which load the image
# and its pseudo labels.
true_mask_dataset = dict(with_masks=True, filter_cfg=dict(filter_empty_tags=True))
load_true_semantic = [
    dict(type='LoadPhoto'), dict(type='LoadEvaluationMasks'), dict(type='LoadSemanticFromMasks')]
load_true_instances = [
    dict(type='LoadPhoto'), dict(type='LoadEvaluationMasks'), dict(type='LoadInstancesFromMasks')]
