# Training on the true masks, for comparison only: the data set's settings, and the steps in the place of those that load the
# photo and its pseudo labels.
true_mask_dataset = dict(with_masks=True, filter_cfg=dict(filter_empty_tags=True))
load_true_semantic = [
    dict(type='LoadPhoto'), dict(type='LoadEvaluationMasks'), dict(type='LoadSemanticFromMasks')]
load_true_instances = [
    dict(type='LoadPhoto'), dict(type='LoadEvaluationMasks'), dict(type='LoadInstancesFromMasks')]
