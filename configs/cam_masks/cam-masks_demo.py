# Masks of the demo set from the CAMs of eps_r18_36e_demo.py, as EPS makes them: background .20, no CRF.
_base_ = [
    '../_base_/models/precomputed.py', '../_base_/datasets/demo.py', '../_base_/stages/cam_masks.py',
    '../_base_/default_runtime.py'
]
cams = dict(_base_.label_dataset.get('data_prefix', {}), cams='work_dirs/eps_r18_36e_demo/cams')
test_dataloader = dict(num_workers=2, dataset=dict(_base_.label_dataset, data_prefix=cams))
