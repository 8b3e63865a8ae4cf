# Making labels of tagged images, one image at a time; masks, if there are any, are read by metrics only. The config adds the
# data set: `test_dataloader = dict(dataset=_base_.label_dataset)`.
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
