# Inter-pixel labels of COCO 2014 from the CAMs of cam_r50_5e_coco2014.py.
_base_ = [
    '../_base_/models/precomputed.py', '../_base_/datasets/coco2014.py', '../_base_/stages/inter_pixel_labels.py',
    '../_base_/default_runtime.py'
]
cams = dict(_base_.label_dataset.get('data_prefix', {}), cams='work_dirs/cam_r50_5e_coco2014/cams')
test_dataloader = dict(dataset=dict(_base_.label_dataset, data_prefix=cams))
