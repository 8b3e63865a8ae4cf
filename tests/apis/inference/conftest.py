"""New images, which lie in no data set."""

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import cv2
import numpy as np
import pytest


@pytest.fixture(scope='module')
def new_images(tmp_path_factory):
    """A folder with `one.png`, `sub/two.jpg` (61x94 both), `large.png` (200x300) and a text named as an image."""
    folder, random = tmp_path_factory.mktemp('new images'), np.random.default_rng(0)
    for name, size in (('one.png', (61, 94)), ('sub/two.jpg', (61, 94)), ('large.png', (200, 300))):
        (folder / name).parent.mkdir(exist_ok=True)
        blurred = cv2.GaussianBlur(random.integers(0, 256, (*size, 3), np.uint8), (0, 0), 3)
        cv2.imwrite(str(folder / name), cv2.normalize(blurred, None, 0, 255, cv2.NORM_MINMAX))
    (folder / 'text.jpg').write_text('no picture')
    return folder


@pytest.fixture
def image_url(new_images):
    """The URL of `one.png` on a server of this machine."""
    handler = partial(QuietHandler, directory=str(new_images))
    with ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f'http://127.0.0.1:{server.server_address[1]}/one.png?size=full'
        server.shutdown()


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves a folder without a word."""

    def log_message(self, *_):
        """Say nothing."""
