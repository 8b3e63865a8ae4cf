# PASCAL VOC 2012 in its official layout. trainaug.txt: tools/dataset_converters/make_trainaug.py
data_root = '{{$WSIS_VOC2012_ROOT:data/VOCdevkit/VOC2012/}}'
num_classes = 20
metainfo = dict()  # the classes of VOC are those of VOCTagDataset

weak_dataset = dict(data_root=data_root, ann_file='ImageSets/Segmentation/trainaug.txt')
val_dataset = dict(data_root=data_root, ann_file='ImageSets/Segmentation/val.txt')
photo_prefix = dict(img=data_root + 'JPEGImages/')
