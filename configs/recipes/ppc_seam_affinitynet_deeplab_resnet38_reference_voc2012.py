# The chain of the PPC paper on VOC 2012 as in the official code: images are resized by PIL, CAMs are of full size,
# AffinityNet leaves out pairs at the border, and its masks are refined by a dense CRF (see the reference configs).
_base_ = './ppc_seam_affinitynet_deeplab_resnet38_voc2012.py'
configs = dict(
    cam='configs/ppc/ppc-seam_resnet38_reference_voc2012.py',
    affinitynet='configs/affinitynet/affinitynet_resnet38_reference_voc2012.py')
options = dict(pseudo_labels={'model.test_cfg.crf': True})
