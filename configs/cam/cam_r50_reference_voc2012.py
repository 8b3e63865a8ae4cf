# The classifier of the public IRNet code (jiwoon-ahn/irn), for weights converted from it and for training as it does:
#   python tools/model_converters/convert_reference.py --from irn-cam IN OUT
# The network and the merging of views are the same in cam_r50_5e_voc2012.py: strides (2, 2, 2, 1) without dilation, CAMs
# rectified before photo and mirror image are added, every view brought to stride 4 (corners not aligned) and summed,
# maximum + 1e-5 as the divisor. What differs there, and is here as in the public code:
# - photos are resized by PIL, which smooths what it shrinks, to sizes rounded half to even (there: OpenCV, half up);
# - the classification layer starts as torch's convolutions do (there: normal, .01).
# What remains: the ground around small training photos is the mean colour rounded to 8 bits (normalised: .01 at most), not
# exactly 0 after normalisation.
_base_ = './cam_r50_5e_voc2012.py'
model = dict(
    head=dict(
        init_cfg=dict(
            type='Kaiming', layer='Conv2d', a=5**.5, mode='fan_in', nonlinearity='leaky_relu', distribution='uniform')))

train_pipeline = [
    dict(type='PILRescale', long_side_range=step.length_range) if step.type == 'RandomResizeLongSide' else step
    for step in _base_.train_pipeline
]
tta_pipeline = _base_.pil_tta_pipeline
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
test_dataloader = dict(dataset=dict(pipeline=tta_pipeline))
