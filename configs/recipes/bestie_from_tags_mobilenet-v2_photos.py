# Your own photos on two CPU cores: CAM, IRNet, DeepLab, PAM, BESTIE and Mask R-CNN with light networks.
_base_ = ['./irnet_deeplab_mobilenet-v2_photos.py', '../_base_/recipes/bestie.py']
stages = [*_base_.stages, *_base_.peak_stages, *_base_.bestie_stages]
configs = dict(
    pam='configs/pam/pam_mobilenet-v2_5e_photos.py',
    bestie='configs/bestie/bestie_mobilenet-v2_20e_photos.py',
    bestie_labels='configs/bestie/bestie_mobilenet-v2_20e_photos-labels.py',
    mask_rcnn='configs/mask_rcnn/mask-rcnn_mobilenet-v2_12e_photos.py')
options = dict(bestie=_base_.learn_from_peaks)
