# Sizes of the demo's networks in the pipelines of the stages (see light.py): its images have 192 pixels.
sizes = {
    'LoadPhoto': dict(cache_megabytes=64),  # all of its training images, which take 35
    'RandomResizeLongSide': dict(length_range=(136, 208)),
    'RandomRescale': dict(factor_range=(.75, 1.25)),
    'RandomCropAndPad': dict(crop_size=160),
    'Resize': dict(scale=(192, 192)),
    'ResizeWithin': dict(scale=(192, 192)),
}
left_out = ('RandomColorJitter', 'mmseg.PhotoMetricDistortion')
