# cam_r50_reference_voc2012.py with CAMs of two sizes, as in the official IRNet code: those of stride 4 (`cams`) for its random
# walk, and those of full size (`full_size_cams`) for mining inter-pixel labels, which need 16 times the disk space. For these
# each view is enlarged to the image size rounded up to a multiple of 16, then cropped.
_base_ = './cam_r50_reference_voc2012.py'
model = dict(test_cfg=dict(other_sizes=dict(full_size_cams=dict(stride=1, size_divisor=16))))
test_evaluator = [*_base_.test_evaluator, dict(type='CAMWriter', field='full_size_cams')]
