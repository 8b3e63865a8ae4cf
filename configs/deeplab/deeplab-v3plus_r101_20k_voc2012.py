# DeepLab V3+ on ResNet-101, trained on IRNet's pseudo masks of VOC 2012 trainaug.
_base_ = [
    '../_base_/models/deeplab_v3plus_r101.py', '../_base_/datasets/voc2012.py', '../_base_/stages/deeplab.py',
    '../_base_/schedules/sgd_poly_20k.py', '../_base_/mmseg_iteration_runtime.py'
]
model = dict(decode_head=dict(num_classes=_base_.num_classes + 1))

sizes = dict(RandomRescale=dict(factor_range=(.5, 2.)), RandomCropAndPad=dict(crop_size=512))
train_pipeline = [dict(step, **sizes.get(step.type, {})) for step in _base_.train_pipeline]
masks = dict(
    _base_.label_dataset.get('data_prefix', {}), semantic_masks='work_dirs/irnet_r50_3e_voc2012/semantic_masks')
train_dataloader = dict(batch_size=16, dataset=dict(_base_.label_dataset, data_prefix=masks, pipeline=train_pipeline))
auto_scale_lr = dict(base_batch_size=16)
val_dataloader = test_dataloader = dict(dataset=_base_.val_dataset)

optim_wrapper = dict(
    optimizer=dict(momentum=.9), paramwise_cfg=dict(custom_keys={'decode_head': dict(lr_mult=10)}))
param_scheduler = [dict(_base_.param_scheduler[0], eta_min=1e-4)]
