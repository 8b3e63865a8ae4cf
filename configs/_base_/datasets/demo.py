# The demo set: tools/dataset_converters/make_demo_data.py --out data/demo --seed 0
classes = ('bird', 'butterfly', 'cactus', 'car', 'fish', 'flower', 'ladybird', 'mushroom')
num_classes = len(classes)
metainfo = dict(classes=classes)
data_root = 'data/demo/'
photo_folder = data_root + 'JPEGImages/'
points_file = data_root + 'points.json'  # one point per object, if there are points (configs/pam/README.md)

weak_dataset = dict(
    type='VOCTagDataset', data_root=data_root, metainfo=metainfo, ann_file='ImageSets/Segmentation/train.txt')
label_dataset = weak_dataset
val_dataset = dict(weak_dataset, ann_file='ImageSets/Segmentation/val.txt')
