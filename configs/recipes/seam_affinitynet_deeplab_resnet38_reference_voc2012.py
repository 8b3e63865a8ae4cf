# The chain of the SEAM paper on VOC 2012 as in the official code, with the DeepLab V1 that its README names.
_base_ = './ppc_seam_affinitynet_deeplab_resnet38_reference_voc2012.py'
configs = dict(
    cam='configs/seam/seam_resnet38_reference_voc2012.py',
    affinity_labels='configs/affinitynet/affinity-labels_voc2012.py',
    deeplab='configs/deeplab/deeplab-v1-seam_resnet38_20k_voc2012.py')
# SEAM's background is a power of what is left, and its masks are not refined
options = dict(pseudo_labels={'model.test_cfg.background_score': None, 'model.test_cfg.crf': None})
