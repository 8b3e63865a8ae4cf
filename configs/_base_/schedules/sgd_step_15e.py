# The schedule of PAM: a tenth of the learning rate from epochs 5 and 10 on; weights of the head learn ten times as fast,
# biases twice as fast.
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=.001, momentum=.9, nesterov=True, weight_decay=5e-4),
    paramwise_cfg=dict(
        bias_lr_mult=2.,
        custom_keys={
            'head': dict(lr_mult=10),
            **{f'head.{name}.bias': dict(lr_mult=20) for name in ('convs.0', 'convs.1', 'convs.2', 'classifier')}
        }))
# the official code counts its epochs from 1 and lowers the rate before the epoch
param_scheduler = [dict(type='MultiStepLR', milestones=[4, 9], gamma=.1, by_epoch=True)]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=15, val_interval=5)
