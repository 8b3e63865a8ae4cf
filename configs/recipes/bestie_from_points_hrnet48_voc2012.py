# As bestie_from_tags_hrnet48_voc2012.py with given points, the data set's `points_file` (configs/pam/README.md), instead
# of PAM's peaks. The classifier and the semantic maps still learn from tags.
_base_ = ['./irnet_deeplab_r50_voc2012.py', '../_base_/recipes/bestie.py']
stages = [*_base_.stages, *_base_.bestie_stages]
configs = dict(
    cam='configs/ppc/ppc-seam_resnet38_8e_voc2012.py',
    bestie='configs/bestie/bestie-points_hrnet48_50k_voc2012.py',
    bestie_labels='configs/bestie/bestie-points_hrnet48_50k_voc2012-labels.py',
    mask_rcnn='configs/mask_rcnn/mask-rcnn_r50_1x_voc2012.py')
