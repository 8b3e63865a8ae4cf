# The embedded demo set: tools/dataset_converters/make_demo_data.py --out data/demo --seed 0
data_root = '{{$WSIS_DEMO_ROOT:data/demo/}}'
num_classes = 8
metainfo = dict(classes=('bird', 'butterfly', 'cactus', 'car', 'fish', 'flower', 'ladybird', 'mushroom'))
photo_folder = data_root + '/JPEGImages/'  # what `file_name` of instances is relative to

weak_dataset = dict(type='VOCTagDataset', data_root=data_root, metainfo=metainfo, ann_file='ImageSets/Segmentation/train.txt')
label_dataset = weak_dataset
val_dataset = dict(type='VOCTagDataset', data_root=data_root, metainfo=metainfo, ann_file='ImageSets/Segmentation/val.txt')
