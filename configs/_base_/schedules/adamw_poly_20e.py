# AdamW with polynomial decay, for refinement networks that train for fewer steps than SGD in the papers. It follows no official
# code, and has mmengine's decay, whose last step has the rate 0.
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=2e-3, weight_decay=1e-4))
param_scheduler = [
    dict(type='PolyLR', power=.9, eta_min=0., begin=0, end=20, by_epoch=True, convert_to_iter_based=True)
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=20)
