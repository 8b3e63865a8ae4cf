# BESTIE on COCO 2014, with the settings of VOC 2012, as the public code has none for COCO.
_base_ = [
    '../_base_/models/bestie_r50.py', '../_base_/datasets/coco2014.py', '../_base_/stages/bestie.py',
    '../_base_/schedules/adam_poly_50k.py', '../_base_/iteration_runtime.py'
]
model = dict(head=dict(num_classes=_base_.num_classes))

masks = dict(
    _base_.label_dataset.get('data_prefix', {}), semantic_masks='work_dirs/deeplab-v2_r101_100k_coco2014-maps/semantic_masks')
peaks = 'work_dirs/pam_vgg16_15e_coco2014/peaks.json'
train_dataloader = dict(dataset=dict(_base_.label_dataset, data_prefix=masks, points_file=peaks))
val_dataloader = test_dataloader = dict(dataset=_base_.val_dataset)
