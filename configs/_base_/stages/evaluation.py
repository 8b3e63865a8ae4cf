# Evaluation on val without tags, one image at a time; masks are read by metrics only. The config adds the data set:
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
# the inferencers of mmdet and mmseg look for the name `LoadImageFromFile`; our data sets load images with LoadPhoto
load_new_image = [dict(type='LoadImageFromFile'), dict(type='LoadEvaluationMasks')]
