# DeepLab V2 on ResNet-101, trained on IRNet's pseudo masks of VOC 2012 trainaug.
_base_ = [
    '../_base_/models/deeplab_v2_r101.py', '../_base_/datasets/voc2012.py', '../_base_/stages/deeplab.py',
    '../_base_/schedules/sgd_poly_20k.py', '../_base_/mmseg_iteration_runtime.py'
]
model = dict(decode_head=dict(num_classes=_base_.num_classes + 1))

masks = dict(
    _base_.label_dataset.get('data_prefix', {}), semantic_masks='work_dirs/irnet_r50_3e_voc2012/semantic_masks')
train_dataloader = dict(dataset=dict(_base_.label_dataset, data_prefix=masks))
val_dataloader = test_dataloader = dict(dataset=_base_.val_dataset)

optim_wrapper = dict(
    optimizer=dict(lr=2.5e-4, momentum=.9), paramwise_cfg=dict(custom_keys={'decode_head': dict(lr_mult=10)}))
