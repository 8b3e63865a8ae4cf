# Masks of your own photos from the CAMs of eps_mobilenet-v2_5e_photos.py, as EPS makes them: background .20, no CRF.
_base_ = [
    '../_base_/models/precomputed.py', '../_base_/datasets/photos.py', '../_base_/stages/cam_masks.py',
    '../_base_/default_runtime.py'
]
cams = dict(_base_.label_dataset.get('data_prefix', {}), cams='work_dirs/eps_mobilenet-v2_5e_photos/cams')
test_dataloader = dict(num_workers=2, dataset=dict(_base_.label_dataset, data_prefix=cams))
