# Training on tagged images, and making labels of them.
_base_ = './labelling.py'
train_dataloader = dict(
    batch_size=16,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True))
auto_scale_lr = dict(enable=False, base_batch_size=16)
