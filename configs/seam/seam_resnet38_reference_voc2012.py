# SEAM as in the official code (YudeWang/SEAM), for converted weights and for training in the same way:
#   python tools/model_converters/convert_reference.py --from seam IN OUT
# Network, losses and schedule are those of seam_resnet38_8e_voc2012.py. As in the official code, and unlike that config:
# - images are resized by PIL, which smooths when it shrinks, to sizes rounded half to even (that config: OpenCV, half up);
# - CAMs are normalised at full size (that config: at stride 4, with a sixteenth of the disk space).
# Remaining differences: colours are jittered after flipping by OpenCV instead of PIL, and the padding around small training
# images is the mean colour rounded to 8 bits (normalised: .01 at most), not exactly 0.
_base_ = './seam_resnet38_8e_voc2012.py'
model = dict(test_cfg=dict(stride=1))

train_pipeline = [dict(type='PILRescale', long_side_range=step.length_range) if 'length_range' in step else step
                  for step in _base_.train_pipeline]
tta_pipeline = _base_.pil_tta_pipeline
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
test_dataloader = dict(dataset=dict(pipeline=tta_pipeline))
