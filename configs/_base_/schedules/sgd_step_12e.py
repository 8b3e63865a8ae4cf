# mmdet's schedule of 12 epochs (1x) for batch size 16: SGD with a linear warm-up, and a tenth of the learning rate from
# epochs 8 and 11 on.
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=.02, momentum=.9, weight_decay=1e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=.001, begin=0, end=500, by_epoch=False),
    dict(type='MultiStepLR', milestones=[8, 11], gamma=.1, begin=0, end=12, by_epoch=True),
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=12, val_interval=4)
