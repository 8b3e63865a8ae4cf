# AffinityNet (CVPR 2018) on SEAM's CAMs with the settings of SEAM's and PPC's official codes.
_base_ = [
    '../_base_/models/affinitynet_resnet38.py', '../_base_/datasets/voc2012.py', '../_base_/stages/affinitynet.py',
    '../_base_/schedules/sgd_poly_8e.py', '../_base_/default_runtime.py'
]
labels = dict(
    _base_.label_dataset.get('data_prefix', {}), inter_pixel_labels='work_dirs/affinity-labels_voc2012/inter_pixel_labels')
cams = dict(_base_.label_dataset.get('data_prefix', {}), cams='work_dirs/seam_resnet38_8e_voc2012/cams')
# small images lie on black: the official codes crop before they normalise
train_pipeline = [
    dict(step, pad_value=(0., 0., 0.)) if step.type == 'RandomCropAndPad' else step for step in _base_.train_pipeline
]
train_dataloader = dict(dataset=dict(_base_.label_dataset, data_prefix=labels, pipeline=train_pipeline))
test_dataloader = dict(dataset=dict(_base_.label_dataset, data_prefix=cams))
