"""The report in a real browser: clicking, typing and looking, as a person does."""

import shutil

import pytest
from hostile_run import CLASSES, EMPTY, NAMES, make_run

from projects.wsis.inspection.report import ReportOptions, write_report

selenium = pytest.importorskip('selenium', reason='selenium (requirements/tests.txt) drives the browser')
from selenium import webdriver  # noqa: E402
from selenium.webdriver.chrome.service import Service  # noqa: E402
from selenium.webdriver.common.action_chains import ActionChains  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.select import Select  # noqa: E402
from selenium.webdriver.support.wait import WebDriverWait  # noqa: E402

FLAGS = (
    *('--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--window-size=1300,1000'),
    '--force-prefers-reduced-motion',  # what is clicked on must not move
    # no connection but the one that the test asks for
    *('--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'),
    '--disable-quic',
)


def find(*names: str) -> str | None:
    return next(filter(None, map(shutil.which, names)), None)


@pytest.fixture(scope='module')
def browser():
    """A headless Chromium."""
    chromium, driver = find('chromium', 'chromium-browser', 'google-chrome'), find('chromedriver')
    if not (chromium and driver):
        pytest.skip('no Chromium with its chromedriver is on this machine')
    settings = webdriver.ChromeOptions()
    settings.binary_location = chromium
    settings.set_capability('goog:loggingPrefs', {'browser': 'ALL'})
    for flag in FLAGS:
        settings.add_argument(flag)
    with webdriver.Chrome(options=settings, service=Service(driver)) as browser:
        yield browser


@pytest.fixture(scope='module')
def page(tmp_path_factory):
    """A report whose last photo has a thumbnail only."""
    folder = tmp_path_factory.mktemp('browser')
    return write_report(make_run(folder), ReportOptions(layers=len(NAMES) - 1), folder / 'report.html')


@pytest.fixture
def opened(browser, page):
    """The browser with the page; at the end its console must be empty and nothing of a name have run."""
    browser.get(page.as_uri())
    yield browser
    assert browser.title.startswith('work'), 'a class name is no code'
    assert [entry for entry in browser.get_log('browser') if entry['level'] == 'SEVERE'] == []


def wait(browser, condition, *arguments):
    return WebDriverWait(browser, 10).until(lambda _: condition(*arguments))


def names(browser) -> list[str]:
    found = browser.find_elements(By.CSS_SELECTOR, '#cards .name')
    return [element.get_property('textContent') for element in found]


def layers(browser, card: int) -> list[str]:
    """The layers of a card that are decoded, in the order in which they lie over each other."""
    script = "return [...document.querySelectorAll('#cards .stack')[arguments[0]].children]"
    script += '.filter((image) => image.complete && image.naturalWidth).map((image) => image.dataset.layer)'
    return browser.execute_script(script, card)


def press(browser, *keys) -> None:
    ActionChains(browser).send_keys(*keys).perform()


def choose(browser, name: str, value: str) -> None:
    Select(browser.find_element(By.ID, name)).select_by_value(value)


def test_layers_are_switched_by_click_and_key(opened):
    opened.execute_script("document.getElementById('photos').scrollIntoView()")
    wait(opened, lambda: layers(opened, 0) == ['photo', 'label'])
    opened.find_element(By.CSS_SELECTOR, '#layers [data-layer=truth]').click()
    wait(opened, lambda: layers(opened, 0) == ['photo', 'label', 'truth'])
    press(opened, '2')  # the CAM, which lies below the others
    wait(opened, lambda: layers(opened, 0) == ['photo', 'cam', 'label', 'truth'])
    press(opened, '1')
    wait(opened, lambda: layers(opened, 0) == ['cam', 'label', 'truth'])
    button = opened.find_element(By.CSS_SELECTOR, '#layers [data-layer=photo]')
    assert button.get_attribute('aria-pressed') == 'false'


def test_sorting_filtering_and_views(opened):
    assert names(opened)[0] == EMPTY and len(names(opened)) == len(NAMES)
    choose(opened, 'sort', 'tag_score:low')
    assert names(opened) == list(reversed(NAMES))
    choose(opened, 'class', '1')
    assert names(opened) == [NAMES[4], NAMES[1]]
    assert opened.find_element(By.ID, 'count').text == '2 of 6 photos'
    opened.find_element(By.ID, 'find').send_keys('SCRIPT')
    assert names(opened) == [NAMES[4]]
    opened.find_element(By.ID, 'reset').click()
    views = {view.text: view for view in opened.find_elements(By.CSS_SELECTOR, '#views button')}
    views['Labels that disagree with the prediction'].click()
    assert names(opened) == [EMPTY, 'a.png', NAMES[2], NAMES[3]], 'those of an agreement up to one half, worst first'
    views['Without an instance'].click()
    assert names(opened) == [EMPTY]
    options = [option.text for option in Select(opened.find_element(By.ID, 'class')).options]
    assert options == ['all classes', *CLASSES]


def test_view_of_a_photo_by_keyboard(opened):
    dialog = opened.find_element(By.ID, 'viewer')
    first, second = opened.find_elements(By.CSS_SELECTOR, '#cards .card')[:2]
    opened.execute_script('arguments[0].focus()', first)
    press(opened, Keys.ARROW_RIGHT)
    assert opened.switch_to.active_element == second
    press(opened, Keys.ARROW_LEFT, Keys.ENTER)
    wait(opened, dialog.is_displayed)
    name = opened.find_element(By.ID, 'viewer-name')
    assert name.text == EMPTY and '1 of 6' in dialog.text
    titles = [caption.text for caption in dialog.find_elements(By.TAG_NAME, 'figcaption')]
    assert titles == ['Photo', 'CAM', 'Pseudo label', 'Prediction', 'Truth']
    assert 'Pseudo instances: 0' in dialog.text and CLASSES[1] in dialog.text
    press(opened, Keys.ARROW_RIGHT)
    wait(opened, lambda: '2 of 6' in dialog.text)
    press(opened, 's')
    wait(opened, lambda: len(dialog.find_elements(By.TAG_NAME, 'figure')) == 1)
    script = "return JSON.parse(document.getElementById('facts').textContent).photos.findIndex((one) => !one.layered)"
    plain = opened.execute_script(script)
    press(opened, *[Keys.ARROW_LEFT] * 9, *[Keys.ARROW_RIGHT] * plain)
    wait(opened, lambda: f'{plain + 1} of 6' in dialog.text)
    wait(opened, lambda: 'The layers of this photo are not in this page' in dialog.text)
    press(opened, Keys.ESCAPE)
    wait(opened, lambda: not dialog.is_displayed())


def test_light_dark_and_a_phone(opened):
    def ground():
        return opened.execute_script('return getComputedStyle(document.body).backgroundColor')

    before = ground()
    opened.find_element(By.ID, 'theme').click()
    assert ground() != before
    opened.execute_cdp_cmd(
        'Emulation.setDeviceMetricsOverride', dict(width=360, height=740, deviceScaleFactor=2, mobile=True)
    )
    try:
        opened.refresh()
        assert opened.execute_script('return document.documentElement.scrollWidth') <= 360
        assert len(names(opened)) == len(NAMES)
    finally:
        opened.execute_cdp_cmd('Emulation.clearDeviceMetricsOverride', {})
