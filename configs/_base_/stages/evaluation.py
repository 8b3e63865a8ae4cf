# Evaluation on val without tags, one photo at a time; masks are for metrics only. The data set comes with the config:
# `val_dataloader = test_dataloader = dict(dataset=_base_.val_dataset)`.
val_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(mode='predict', with_masks=True, test_mode=True))
test_dataloader = val_dataloader
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
# `LoadImageFromFile` is the name that the inferencers of mmdet and mmseg look for; our data sets open images as LoadPhoto does
load_new_image = [dict(type='LoadImageFromFile'), dict(type='LoadEvaluationMasks')]
