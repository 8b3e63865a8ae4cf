# Masks of VOC 2012 from the CAMs of eps_resnet38_20k_voc2012.py, as EPS makes them: background .20, no CRF.
_base_ = [
    '../_base_/models/precomputed.py', '../_base_/datasets/voc2012.py', '../_base_/stages/cam_masks.py',
    '../_base_/default_runtime.py'
]
cams = dict(_base_.label_dataset.get('data_prefix', {}), cams='work_dirs/eps_resnet38_20k_voc2012/cams')
test_dataloader = dict(dataset=dict(_base_.label_dataset, data_prefix=cams))
