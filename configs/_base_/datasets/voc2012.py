# PASCAL VOC 2012 in its official layout. trainaug.txt: tools/dataset_converters/make_trainaug.py
_base_ = './voc_classes.py'
data_root = '{{$WSIS_VOC2012_ROOT:data/VOCdevkit/VOC2012/}}'
photo_folder = data_root + '/JPEGImages/'  # what `file_name` of instances is relative to

weak_dataset = dict(
    type='VOCTagDataset',
    data_root=data_root, metainfo=_base_.metainfo, ann_file='ImageSets/Segmentation/trainaug.txt')
label_dataset = weak_dataset
val_dataset = dict(type='VOCTagDataset', data_root=data_root, metainfo=_base_.metainfo, ann_file='ImageSets/Segmentation/val.txt')
