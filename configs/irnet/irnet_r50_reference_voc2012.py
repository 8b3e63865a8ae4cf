# IRNet as in the official code (jiwoon-ahn/irn), for converted weights and for training in the same way:
#   python tools/model_converters/convert_reference.py --from irn IN OUT
# The network, the mean logit of image and mirror image, the displacement of the image alone, and the displacement mean in
# evaluation mode are those of irnet_r50_3e_voc2012.py. As in the official code, and unlike that config:
# - images are padded with zeros (right and below, after normalisation) to 512 before the network, which changes the
#   statistics of the GroupNorm in the branches and therefore the outputs (that config: no padding). The official code crops
#   images over 512 pixels to 512; here they are padded to the next multiple, so that every part of an image gets labels;
# - the displacement mean is measured on train (that config: on trainaug);
# - images and label maps are resized by PIL in training (that config: OpenCV, which does not smooth when it shrinks).
# Remaining differences: the padding around small training images is the mean colour rounded to 8 bits (normalised: .01 at
# most), not exactly 0 after normalisation; and each image counts once in the displacement mean, including those of the last
# incomplete batch.
_base_ = './irnet_r50_3e_voc2012.py'
model = dict(data_preprocessor=dict(pad_size_divisor=512))

train_pipeline = [
    dict(step, type='PILRescale') if step.type == 'RandomRescale' else step for step in _base_.train_pipeline
]
labels = dict(inter_pixel_labels='work_dirs/inter-pixel-labels_reference_voc2012/inter_pixel_labels')
cams = dict(cams='work_dirs/cam_r50_reference_two-sizes_voc2012/cams')
train_dataloader = dict(dataset=dict(data_prefix=labels, pipeline=train_pipeline))
mean_dataloader = dict(dataset=dict(ann_file='ImageSets/Segmentation/train.txt'))
test_dataloader = dict(dataset=dict(data_prefix=cams))
