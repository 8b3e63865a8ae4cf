# Sizes of light networks for two CPU cores. They replace the papers' sizes in the pipelines of the stages: settings by the type
# of a step, and the steps that are left out (colours stay unchanged).
sizes = {
    'RandomResizeLongSide': dict(length_range=(256, 448)),
    'RandomCropAndPad': dict(crop_size=256),
    'mmcv.Resize': dict(scale=(320, 320)),
    'Resize': dict(scale=(320, 320)),
    'ResizeWithin': dict(scale=(320, 320)),
}
left_out = ('RandomColorJitter', 'mmseg.PhotoMetricDistortion')
