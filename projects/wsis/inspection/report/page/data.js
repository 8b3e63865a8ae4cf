// What the page holds: facts of all photos, and pictures in chunks that are parsed when one of them is needed.
const byId = (id) => document.getElementById(id);
const facts = byId('facts') ? JSON.parse(byId('facts').textContent) : null;
const photos = facts ? facts.photos : [];
const chunks = new Map();

// Positions of photos in the chunks of their kind; both follow the order of the photos.
let layeredCount = 0;
let plainCount = 0;
photos.forEach((photo, index) => {
  photo.index = index;
  photo.position = photo.layered ? layeredCount++ : plainCount++;
});

const pageIsRead = new Promise((resolve) => {
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', resolve, { once: true });
  else resolve();
});

async function readChunk(id) {
  if (!chunks.has(id)) {
    if (!byId(id)) await pageIsRead; // the page may still be on its way
    chunks.set(id, JSON.parse(byId(id).textContent));
  }
  return chunks.get(id);
}

async function readPictures(photo) {
  const size = photo.layered ? facts.layersPerChunk : facts.thumbnailsPerChunk;
  const kind = photo.layered ? 'layers' : 'thumbnails';
  const chunk = await readChunk(`${kind}-${Math.floor(photo.position / size)}`);
  const found = chunk[photo.position % size];
  return photo.layered ? found : { photo: found };
}

// PNG and WebP are told apart by how they begin.
const toAddress = (text) => `data:image/${text.startsWith('iVBOR') ? 'png' : 'webp'};base64,${text}`;

// Makes an element: names and texts of the run are never read as HTML.
function make(kind, settings = {}, ...children) {
  const element = document.createElement(kind);
  for (const [name, value] of Object.entries(settings)) {
    if (name === 'class') element.className = value;
    else if (name === 'text') element.textContent = value;
    else if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function makeDot(label) {
  const dot = make('span', { class: 'dot' });
  dot.style.background = facts.classes[label].color;
  return dot;
}

const makeTag = (label) => make('span', {}, makeDot(label), facts.classes[label].name);
const show = (value) => (value === null || value === undefined ? '–' : value.toFixed(0));
