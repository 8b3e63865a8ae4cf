// Pictures of a photo that lie over each other, and the switches of the layers, which all of them follow.
const layerKeys = facts ? facts.layers.map((layer) => layer.key) : [];
const active = new Set(['photo', layerKeys.includes('label') ? 'label' : 'photo']);
const stacks = new Set(); // those in the document
const switches = [];

function makeStack(photo) {
  const stack = make('span', { class: `stack ${photo.size[1] * 3 >= photo.size[0] * 4 ? 'wide' : 'tall'}` });
  stack.style.setProperty('--ratio', `${photo.size[1] / photo.size[0]}`);
  return stack;
}

// Shows these layers of a photo in a stack; what is there already stays, so that nothing flickers.
async function fillStack(stack, photo, keys) {
  const pictures = await readPictures(photo);
  const wanted = layerKeys.filter((key) => keys.has(key) && pictures[key]);
  if (!photo.layered) wanted.splice(0, wanted.length, 'photo');
  for (const image of [...stack.children]) if (!wanted.includes(image.dataset.layer)) image.remove();
  for (const key of wanted) {
    let image = [...stack.children].find((child) => child.dataset.layer === key);
    if (!image) {
      image = make('img', { class: key === 'photo' ? 'photo' : 'layer', alt: '', decoding: 'async' });
      image.dataset.layer = key;
      image.src = toAddress(pictures[key]);
    }
    stack.append(image); // in the order of the layers
  }
  stack.classList.toggle('covered', wanted.some((key) => key !== 'photo'));
}

const inView = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      inView.unobserve(entry.target);
      stacks.add(entry.target);
      fillStack(entry.target, entry.target.photo, active);
    }
  },
  { rootMargin: '600px' }
);

// A stack that follows the switches, and reads its pictures when it comes near the window.
function makeLazyStack(photo) {
  const stack = makeStack(photo);
  stack.photo = photo;
  inView.observe(stack);
  return stack;
}

function toggleLayer(key) {
  if (!layerKeys.includes(key)) return;
  if (!active.delete(key)) active.add(key);
  for (const button of switches) button.setAttribute('aria-pressed', active.has(button.dataset.layer));
  for (const stack of stacks) {
    if (stack.isConnected) fillStack(stack, stack.photo, active);
    else stacks.delete(stack);
  }
}

function makeSwitches(row) {
  facts.layers.forEach((layer, index) => {
    const button = make('button', { type: 'button', 'aria-pressed': active.has(layer.key), text: layer.title });
    button.dataset.layer = layer.key;
    button.append(make('kbd', { text: index + 1, 'aria-hidden': true }));
    button.addEventListener('click', () => toggleLayer(layer.key));
    switches.push(button);
    row.append(button);
  });
  const range = make('input', { type: 'range', min: 0.1, max: 1, step: 0.05, value: 0.85 });
  range.addEventListener('input', () => document.documentElement.style.setProperty('--cover', range.value));
  row.append(make('label', { class: 'slider' }, 'Opacity', range));
}
