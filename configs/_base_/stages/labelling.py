# Making labels of tagged photos, one photo at a time; masks, where there are any, are for metrics only. The data set comes
# with the config: `test_dataloader = dict(dataset=_base_.label_dataset)`.
_base_ = './views.py'
test_pipeline = [*_base_.load_with_masks, dict(type='LoadCAMs'), dict(type='PackTagInputs')]
test_dataloader = dict(
    batch_size=1,
    num_workers=2,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(
        with_masks=True, test_mode=True, filter_cfg=dict(filter_empty_tags=True), pipeline=test_pipeline))
test_cfg = dict(type='PseudoLabelLoop')
