// Keys, light and dark, and the start of it all.
function pressInViewer(key) {
  if (key === 'ArrowLeft') showPhoto(place - 1);
  else if (key === 'ArrowRight') showPhoto(place + 1);
  else if (key === 's') turnSides();
  else return false;
  return true;
}

// Moves the focus among the cards of a grid as the eye sees them.
function moveFocus(key) {
  const card = document.activeElement.closest('.cards .card');
  const item = card && card.parentElement;
  if (!item) return false;
  const items = [...item.parentElement.children];
  const columns = items.filter((one) => one.offsetTop === items[0].offsetTop).length;
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[key];
  const next = step && items[items.indexOf(item) + step];
  if (!next) return false;
  next.firstElementChild.focus();
  return true;
}

function press(event) {
  const isTyping = event.target.matches('input:not([type=checkbox]), select');
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  const layer = layerKeys[Number(event.key) - 1];
  let done = true;
  if (layer) toggleLayer(layer);
  else if (byId('viewer').open) done = pressInViewer(event.key);
  else if (event.key === '/') byId('find').focus();
  else done = moveFocus(event.key);
  if (done) event.preventDefault();
}

function makeThemeButton() {
  const root = document.documentElement;
  const system = matchMedia('(prefers-color-scheme: dark)');
  const isDark = () => (root.dataset.theme || (system.matches ? 'dark' : 'light')) === 'dark';
  const name = () => byId('theme').setAttribute('aria-label', isDark() ? 'Light colours' : 'Dark colours');
  byId('theme').addEventListener('click', () => {
    root.dataset.theme = isDark() ? 'light' : 'dark';
    name();
  });
  system.addEventListener('change', name);
  byId('theme').hidden = false;
  name();
}

makeThemeButton();
if (facts) {
  makeGallery();
  makeViewer();
  document.addEventListener('keydown', press);
}
