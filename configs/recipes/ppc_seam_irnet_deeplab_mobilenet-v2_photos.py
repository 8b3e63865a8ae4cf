# Your own photos: SEAM + PPC, refined by IRNet, then a light DeepLab V3+.
_base_ = './irnet_deeplab_mobilenet-v2_photos.py'
configs = dict(cam='configs/ppc/ppc-seam_mobilenet-v2_5e_photos.py')
# CAMs of SEAM are hardly anywhere 0: what is low does not start the walk (docs/studies/six_classes.md#from-seeds-to-masks)
low_cams = {'model.test_cfg.cam_threshold': .2}
options = dict(irnet=low_cams, pseudo_labels=low_cams)
