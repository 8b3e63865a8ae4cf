// One photo: its layers side by side or over each other, and all that is known of it.
let list = [];
let place = 0;
let sideBySide = true;

function openViewer(photosOfList, photo) {
  list = photosOfList;
  showPhoto(list.indexOf(photo));
  if (!byId('viewer').open) byId('viewer').showModal();
}

function showPhoto(index) {
  if (index < 0 || index >= list.length) return;
  place = index;
  const photo = list[place];
  byId('viewer-name').textContent = photo.name;
  byId('viewer-name').title = photo.name;
  byId('viewer-place').textContent = `${place + 1} of ${list.length}`;
  byId('previous').disabled = place === 0;
  byId('next').disabled = place === list.length - 1;
  byId('viewer-facts').replaceChildren(...describePhoto(photo));
  showPictures(photo);
}

async function showPictures(photo) {
  const pictures = await readPictures(photo);
  const several = sideBySide && photo.layered;
  byId('side').setAttribute('aria-pressed', several);
  byId('viewer-layers').hidden = several || !photo.layered;
  byId('viewer-pictures').className = several ? '' : 'single';
  if (photo !== list[place]) return; // one has gone on meanwhile
  if (!several) {
    const stack = makeLazyStack(photo);
    const note = photo.layered ? [] : [make('figcaption', { text: 'The layers of this photo are not in this page.' })];
    byId('viewer-pictures').replaceChildren(make('figure', {}, stack, ...note));
    return;
  }
  const figures = facts.layers
    .filter((layer) => pictures[layer.key])
    .map((layer) => {
      const stack = makeStack(photo);
      fillStack(stack, photo, new Set(['photo', layer.key]));
      return make('figure', {}, stack, make('figcaption', { text: layer.title }));
    });
  byId('viewer-pictures').replaceChildren(...figures);
}

function makeTable(title, heads, rows) {
  const head = heads.map((text, index) => make('th', { scope: 'col', class: index ? 'number' : '', text }));
  return make('div', {}, make('h3', { text: title }),
    make('div', { class: 'scroll' }, make('table', {}, make('thead', {}, make('tr', {}, ...head)),
      make('tbody', {}, ...rows.map((cells) => make('tr', {}, ...cells))))));
}

const makeNumber = (number) => make('td', { class: 'number', text: show(number) });

function describePhoto(photo) {
  const parts = [];
  if (measures.length) {
    const rows = measures.map((measure) => [
      make('th', { scope: 'row', title: measure.note, text: measure.title }), makeNumber(value(photo, measure.key))]);
    parts.push(makeTable('This photo', ['measure', 'percent'], rows));
  }
  const tagged = new Set(photo.tags);
  const columns = [['tag score', 1], ['IoU', 2], ['agreement', 3]].filter(([, at]) =>
    photos.some((one) => one.rows.some((row) => row[at] !== null)));
  const rows = photo.rows.map((row) => [
    make('th', { scope: 'row' }, makeTag(row[0])),
    make('td', { class: 'number', text: tagged.has(row[0]) ? 'yes' : 'no' }),
    ...columns.map(([, at]) => makeNumber(row[at])),
  ]);
  parts.push(makeTable('Classes', ['class', 'tag', ...columns.map(([title]) => title)], rows));
  for (const [title, key] of [['Pseudo instances', 'instances'], ['Predicted instances', 'detected']]) {
    if (!photo[key]) continue;
    const found = photo[key].map(([label, score]) => [make('th', { scope: 'row' }, makeTag(label)), makeNumber(score)]);
    parts.push(makeTable(`${title}: ${found.length}`, ['class', 'score'], found));
  }
  return parts;
}

function makeViewer() {
  makeSwitches(byId('viewer-layers'));
  byId('previous').addEventListener('click', () => showPhoto(place - 1));
  byId('next').addEventListener('click', () => showPhoto(place + 1));
  byId('close').addEventListener('click', () => byId('viewer').close());
  byId('side').addEventListener('click', turnSides);
  let start = null;
  byId('viewer-pictures').addEventListener('touchstart', (event) => (start = event.touches[0].clientX), { passive: true });
  byId('viewer-pictures').addEventListener('touchend', (event) => {
    const moved = event.changedTouches[0].clientX - start;
    if (Math.abs(moved) > 60) showPhoto(place - Math.sign(moved));
  });
}

function turnSides() {
  sideBySide = !sideBySide;
  showPictures(list[place]);
}
