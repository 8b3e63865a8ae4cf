# The classifier as in the official IRNet code (jiwoon-ahn/irn), for converted weights and for training in the same
# way:
#   python tools/model_converters/convert_reference.py --from irn-cam IN OUT
# The network and the merging of views are those of cam_r50_5e_voc2012.py: strides (2, 2, 2, 1) without dilation, CAMs
# rectified before image and mirror image are added, every view resized to stride 4 (corners not aligned) and summed,
# maximum + 1e-5 as the divisor. As in the official code, and unlike that config:
# - images are resized by PIL, which smooths when it shrinks, to sizes rounded half to even (that config: OpenCV, half up);
# - the classification layer is initialised like torch's convolutions (that config: normal, .01).
# Remaining difference: the padding around small training images is the mean colour rounded to 8 bits (normalised: .01 at
# most), not exactly 0 after normalisation.
_base_ = './cam_r50_5e_voc2012.py'
model = dict(
    head=dict(
        init_cfg=dict(
            type='Kaiming', layer='Conv2d', a=5**.5, mode='fan_in', nonlinearity='leaky_relu', distribution='uniform')))

train_pipeline = [dict(type='PILRescale', long_side_range=step.length_range) if 'length_range' in step else step
                  for step in _base_.train_pipeline]
tta_pipeline = _base_.pil_tta_pipeline
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
test_dataloader = dict(dataset=dict(pipeline=tta_pipeline))
