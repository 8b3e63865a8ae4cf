# The chain of the SEAM paper on VOC 2012 exactly as in the official code, up to the masks of AffinityNet; that code names
# DeepLab V1, without its settings: they are those of PPC here.
_base_ = './ppc_seam_affinitynet_deeplab_resnet38_reference_voc2012.py'
configs = dict(
    cam='configs/seam/seam_resnet38_reference_voc2012.py',
    affinity_labels='configs/affinitynet/affinity-labels_voc2012.py')
# SEAM's background is a power of what is left, and its masks are not refined
options = dict(pseudo_labels={'model.test_cfg.background_score': None, 'model.test_cfg.crf': None})
