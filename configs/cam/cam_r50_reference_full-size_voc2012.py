# CAMs of cam_r50_reference_voc2012.py at full size, from which the official IRNet code mines its inter-pixel labels (its
# random walk uses those of stride 4). Each view is enlarged to the image size rounded up to a multiple of 16, then cropped.
# For tools/test.py with the checkpoint of that config; the CAMs need 16 times the disk space of stride 4.
_base_ = './cam_r50_reference_voc2012.py'
model = dict(test_cfg=dict(stride=1, size_divisor=16))
