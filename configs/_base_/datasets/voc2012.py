# PASCAL VOC 2012 in its official layout. trainaug.txt: tools/dataset_converters/make_trainaug.py
classes = ('aeroplane', 'bicycle', 'bird', 'boat', 'bottle', 'bus', 'car', 'cat', 'chair', 'cow', 'diningtable', 'dog',
           'horse', 'motorbike', 'person', 'pottedplant', 'sheep', 'sofa', 'train', 'tvmonitor')
num_classes = len(classes)
metainfo = dict(classes=classes)
data_root = 'data/VOCdevkit/VOC2012/'
photo_folder = data_root + 'JPEGImages/'
points_file = data_root + 'points.json'  # one point per object, if there are points (configs/pam/README.md)

weak_dataset = dict(
    type='VOCTagDataset', data_root=data_root, metainfo=metainfo, ann_file='ImageSets/Segmentation/trainaug.txt')
label_dataset = weak_dataset
val_dataset = dict(weak_dataset, ann_file='ImageSets/Segmentation/val.txt')
