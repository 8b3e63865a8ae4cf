# IRNet (CVPR 2019) with the paper's settings: learning rate .1 (displacement x10), batch 32, 3 epochs, crop 512.
_base_ = [
    '../_base_/models/irnet_r50.py', '../_base_/datasets/voc2012.py', '../_base_/stages/irnet.py',
    '../_base_/schedules/sgd_poly.py', '../_base_/default_runtime.py'
]
cams = 'work_dirs/cam_r50_5e_voc2012/cams'
inter_pixel_labels = 'work_dirs/inter-pixel-labels_voc2012/inter_pixel_labels'
train_dataloader = dict(
    dataset=dict(data_prefix=dict(inter_pixel_labels=inter_pixel_labels), **_base_.label_dataset))
mean_dataloader = dict(dataset=_base_.label_dataset)
test_dataloader = dict(dataset=dict(data_prefix=dict(cams=cams), **_base_.label_dataset))

optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'displacement': dict(lr_mult=10)}))
param_scheduler = [dict(type='PolyLR', power=.9, eta_min=0., begin=0, end=3, by_epoch=True, convert_to_iter_based=True)]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=3)
custom_hooks = [dict(type='DisplacementMeanHook', dataloader='mean_dataloader')]
