# SEAM + PPC on COCO 2014, refined by AffinityNet, then DeepLab V1 on ResNet-38. Its labels are mined by a CRF of the scores of
# the tags: one of all 81 labels, as PPC's official code has it for VOC, takes many times as long.
_base_ = ['./ppc_seam_affinitynet_deeplab_resnet38_voc2012.py', '../_base_/recipes/coco2014.py']
configs = dict(affinity_labels='configs/affinitynet/affinity-labels_voc2012.py')
options = dict(deeplab=_base_.deeplab_of_coco)
