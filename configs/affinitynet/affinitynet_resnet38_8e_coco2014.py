# AffinityNet on SEAM's CAMs of COCO 2014. The papers have no COCO: the settings are those of VOC 2012.
_base_ = [
    '../_base_/models/affinitynet_resnet38.py', '../_base_/datasets/coco2014.py', '../_base_/stages/affinitynet.py',
    '../_base_/schedules/sgd_poly_8e.py', '../_base_/default_runtime.py'
]
labels = dict(
    _base_.label_dataset.get('data_prefix', {}), inter_pixel_labels='work_dirs/affinity-labels_coco2014/inter_pixel_labels')
cams = dict(_base_.label_dataset.get('data_prefix', {}), cams='work_dirs/seam_resnet38_8e_coco2014/cams')
train_dataloader = dict(dataset=dict(_base_.label_dataset, data_prefix=labels))
test_dataloader = dict(dataset=dict(_base_.label_dataset, data_prefix=cams))
