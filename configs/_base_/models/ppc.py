# Adds PPC to SEAM: `model = _base_.ppc`; ppc_eps.py adds it to EPS. The second view has the size of the official code, so that the
# contrast is computed at 16x16 pixels with a backbone of output stride 8.
ppc = dict(
    contrast_head=dict(
        type='PPCHead',
        channels=128,
        loss_contrast=dict(
            type='PixelPrototypeContrastLoss',
            cross_prototype_weight=.1,
            cross_cam_weight=.1,
            intra_view_weight=.1,
            temperature=.1,
            background_threshold=.2)),
    second_view=dict(scale_factor=None, size=(128, 128)))
