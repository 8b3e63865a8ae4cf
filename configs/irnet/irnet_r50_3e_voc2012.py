# IRNet (CVPR 2019) with the paper's settings: learning rate .1 (displacement x10), batch size 32, 3 epochs, crop 512.
_base_ = [
    '../_base_/models/irnet_r50.py', '../_base_/datasets/voc2012.py', '../_base_/stages/irnet.py',
    '../_base_/schedules/sgd_poly.py', '../_base_/default_runtime.py'
]
labels = dict(
    _base_.label_dataset.get('data_prefix', {}), inter_pixel_labels='work_dirs/inter-pixel-labels_voc2012/inter_pixel_labels')
cams = dict(_base_.label_dataset.get('data_prefix', {}), cams='work_dirs/cam_r50_5e_voc2012/cams')
train_dataloader = dict(dataset=dict(_base_.label_dataset, data_prefix=labels))
mean_dataloader = dict(dataset=_base_.label_dataset)
test_dataloader = dict(dataset=dict(_base_.label_dataset, data_prefix=cams))

optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'displacement': dict(lr_mult=10)}))
param_scheduler = [dict(_base_.param_scheduler[0], end=3)]
train_cfg = dict(max_epochs=3)
