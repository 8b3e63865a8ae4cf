# What light networks for two CPU cores change in the pipelines of the stages, which name the papers' sizes: settings by the
# type of a step, and the steps that are left out (colours stay as they are).
sizes = {
    'RandomResizeLongSide': dict(length_range=(256, 448)),
    'RandomCropAndPad': dict(crop_size=256),
    'mmcv.Resize': dict(scale=(320, 320)),
    'Resize': dict(scale=(320, 320)),
    'ResizeWithin': dict(scale=(320, 320)),
}
left_out = ('RandomColorJitter', 'mmseg.PhotoMetricDistortion')
