# The same classifier's CAMs at full size, from which the public IRNet code mines its inter-pixel labels (its random walk
# takes those of stride 4). Each view is enlarged to the photo's size rounded up to a multiple of 16, then cut.
# For tools/test.py with the checkpoint of cam_r50_reference_voc2012.py; 16 times the disk space of stride 4.
_base_ = './cam_r50_reference_voc2012.py'
model = dict(test_cfg=dict(stride=1, size_divisor=16))
