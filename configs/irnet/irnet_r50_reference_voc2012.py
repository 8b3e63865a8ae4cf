# IRNet exactly as in the public code (jiwoon-ahn/irn), for weights converted from it and for training as it does:
#   python tools/model_converters/convert_reference.py --from irn IN OUT
# The network, the mean logit of photo and mirror image, the photo's own displacement, and the displacement mean in
# evaluation mode are the same in irnet_r50_3e_voc2012.py. What differs there, and is here as in the public code:
# - photos are padded with zeros (right and below, after normalisation) to 512 before the network, which the GroupNorm of
#   the branches sees, so that outputs depend on it (there: no padding). The public code cuts photos over 512 pixels to
#   512; here they are padded to the next multiple, so that no part of a photo goes without labels;
# - the displacement mean is measured on train (there: on trainaug);
# - photos and label maps are resized by PIL in training (there: OpenCV, which does not smooth what it shrinks).
# What remains: the ground around small training photos is the mean colour rounded to 8 bits (normalised: .01 at most), not
# exactly 0 after normalisation; and each photo counts once in the displacement mean, the last incomplete batch included.
_base_ = './irnet_r50_3e_voc2012.py'
model = dict(data_preprocessor=dict(pad_size_divisor=512))

train_pipeline = [
    dict(step, type='PILRescale') if step.type == 'RandomRescale' else step for step in _base_.train_pipeline
]
labels = dict(inter_pixel_labels='work_dirs/inter-pixel-labels_reference_voc2012/inter_pixel_labels')
labels = dict(inter_pixel_labels='work_dirs/inter-pixel-labels_reference_voc2012/inter_pixel_labels')
cams = dict(cams='work_dirs/cam_r50_reference_voc2012/cams')
train_dataloader = dict(dataset=dict(data_prefix=labels, pipeline=train_pipeline))
mean_dataloader = dict(dataset=dict(ann_file='ImageSets/Segmentation/train.txt'))
test_dataloader = dict(dataset=dict(data_prefix=cams))
