"""Settings of Sphinx for these pages: `make docs`."""

import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent
sys.path[:0] = [str(FOLDER), str(ROOT)]

from repository_pages import drop_empty_patterns, rewrite_links, write_pages  # noqa: E402  beside this file

from projects.wsis.version import __version__  # noqa: E402  from this checkout, whatever is installed

project = 'WSIS'
author = 'WSIS contributors'
copyright = author
version = release = __version__

extensions = [
    'myst_parser',
    'sphinx.ext.autodoc',
    'sphinx.ext.autosummary',
    'sphinx.ext.napoleon',
    'sphinx.ext.viewcode',
    'sphinx_copybutton',
]
exclude_patterns = ['_build']
html_theme = 'sphinx_rtd_theme'
html_title = f'WSIS {release}'
html_theme_options = dict(navigation_depth=3)

myst_enable_extensions = ['colon_fence', 'deflist']
myst_heading_anchors = 4  # links to headings are written as on GitHub: page.md#its-title

napoleon_numpy_docstring = False
napoleon_use_rtype = False  # `Returns:` may be a sentence with a colon, and annotations name the type
napoleon_use_ivar = True  # attributes of data classes are documented once, with the class
autodoc_member_order = 'bysource'
autodoc_typehints = 'signature'
autodoc_typehints_format = 'short'
autodoc_default_options = {'members': True, 'show-inheritance': True}
autosummary_generate = False

copybutton_exclude = '.linenos, .gp, .go'
linkcheck_timeout = 20
linkcheck_retries = 2
# pages that answer a program with an error, or that make the anchors of their headings by a script
linkcheck_anchors = False


def setup(app):
    """Make the pages of the methods, and let links into the repository work on every page."""
    write_pages()
    app.connect('source-read', rewrite_source)


def rewrite_source(app, docname, source):
    """Make Sphinx understand a page that is written for reading in the repository."""
    path = Path(app.env.doc2path(docname))
    if path.suffix == '.md':
        source[0] = rewrite_links(drop_empty_patterns(source[0]), path, path)
