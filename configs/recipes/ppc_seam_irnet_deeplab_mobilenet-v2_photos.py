# Your own photos: SEAM + PPC, refined by IRNet, then a light DeepLab V3+.
_base_ = './irnet_deeplab_mobilenet-v2_photos.py'
configs = dict(cam='configs/ppc/ppc-seam_mobilenet-v2_5e_photos.py')
