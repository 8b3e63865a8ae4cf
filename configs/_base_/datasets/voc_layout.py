# Photos of your own in VOC layout with the 20 classes of VOC; for others set num_classes and metainfo.
# Photos to learn from (tags only): WSIS_WEAK_SPLITS, split files separated by commas.
data_root = '{{$WSIS_DATA_ROOT:data/voc_layout/}}'
num_classes = 20
metainfo = dict()

weak_dataset = dict(
    data_root=data_root, ann_file='{{$WSIS_WEAK_SPLITS:ImageSets/Segmentation/train.txt}}')
val_dataset = dict(data_root=data_root, ann_file='ImageSets/Segmentation/val.txt')
photo_prefix = dict(img=data_root + 'JPEGImages/')
