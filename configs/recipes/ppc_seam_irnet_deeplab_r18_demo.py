# The demo set: SEAM + PPC, refined by IRNet, then DeepLab V2.
_base_ = './irnet_deeplab_r18_demo.py'
configs = dict(cam='configs/ppc/ppc-seam_r18_36e_demo.py')
