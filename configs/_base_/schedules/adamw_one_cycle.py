# AdamW with a warm-up, for the demo's networks, which start from scratch or from a classifier trained from scratch.
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=4e-3, weight_decay=.05))
param_scheduler = [
    dict(type='OneCycleLR', eta_max=4e-3, total_steps=36, by_epoch=True, convert_to_iter_based=True)
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=36, val_interval=12)
