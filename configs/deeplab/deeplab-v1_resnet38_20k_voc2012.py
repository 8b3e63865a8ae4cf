# DeepLab V1 with large field of view on ResNet-38, as in SEAM and PPC, trained on AffinityNet's pseudo masks of VOC 2012
# trainaug.
_base_ = ['./deeplab-v2_r101_20k_voc2012.py', '../_base_/models/resnet38.py']
model = dict(
    backbone=dict(_delete_=True, **_base_.resnet38),
    decode_head=dict(
        in_channels=4096, dilations=(12, ), hidden_channels=512, dropout_ratio=.5, norm_cfg=dict(type='BN')))

train_pipeline = [
    dict(step, crop_size=448) if step.type == 'RandomCropAndPad' else step for step in _base_.train_pipeline
]
masks = dict(semantic_masks='work_dirs/affinitynet_resnet38_8e_voc2012/semantic_masks')
train_dataloader = dict(dataset=dict(data_prefix=masks, pipeline=train_pipeline))
optim_wrapper = dict(optimizer=dict(lr=1e-3))
# as there, the decay is divided by one step more than the training has
param_scheduler = [dict(_base_.param_scheduler[0], end=20001)]
