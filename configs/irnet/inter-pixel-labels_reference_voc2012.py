# Inter-pixel labels as the public IRNet code mines them: from full-size CAMs.
_base_ = './inter-pixel-labels_voc2012.py'
cams = dict(cams='work_dirs/cam_r50_reference_full-size_voc2012/cams')
test_dataloader = dict(dataset=dict(data_prefix=cams))
