"""Run a trained model on a video or a camera, and write a video with its predictions.

Examples:
    python demo/video_demo.py street.mp4 work_dirs/my_images --out found.mp4
    python demo/video_demo.py 0 work_dirs/my_images --show          # camera 0, until Ctrl-C
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'tools'))
import repository_path  # noqa: E402, F401  makes projects.wsis importable

from projects.wsis.apis.errors import report_errors  # noqa: E402
from projects.wsis.apis.inference.arguments import add_model_arguments, build_inferencer  # noqa: E402
from projects.wsis.apis.inference.video import check_video, draw_video  # noqa: E402


def main() -> None:
    """Run the model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('video', help='video file, or number of a camera')
    add_model_arguments(parser)
    parser.add_argument('checkpoint', nargs='?', help='checkpoint of a config, as --weights')
    parser.add_argument('--out', help='video file to write (.mp4)')
    arguments = parser.parse_args()
    if not (arguments.out or arguments.show):
        parser.error('say what to do with the pictures: --out FILE.mp4, --show, or both')
    if arguments.checkpoint and arguments.weights:
        parser.error('name the checkpoint once: behind the config, or by --weights')
    arguments.weights = arguments.weights or arguments.checkpoint
    with report_errors():
        source = int(arguments.video) if arguments.video.isdigit() else arguments.video
        check_video(source, arguments.out)  # before the model is loaded, which takes long
        frames = draw_video(
            build_inferencer(arguments),
            source,
            arguments.out,
            tags=arguments.tags,
            long_side=arguments.long_side,
            pred_score_thr=arguments.pred_score_thr,
            show=arguments.show,
        )
        print(f'{frames} frames' + (f': {Path(arguments.out).resolve()}' if arguments.out else ''))


if __name__ == '__main__':
    main()
