# Inter-pixel labels mined from full-size CAMs, as in the official IRNet code.
_base_ = './inter-pixel-labels_voc2012.py'
cams = dict(cams='work_dirs/cam_r50_reference_two-sizes_voc2012/full_size_cams')
test_dataloader = dict(dataset=dict(data_prefix=cams))
