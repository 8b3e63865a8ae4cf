// The grid of photos: cards are made as one scrolls, pictures are read when they come near the window.
const PER_STEP = 60;
let chosen = [];
let made = 0;

function describeValue(photo) {
  const key = filter.sort.split(':')[0];
  const measure = measures.find((one) => one.key === key) || measures[0];
  return measure ? { title: measure.title, text: show(value(photo, measure.key)) } : { title: '', text: '' };
}

function makeCard(photo, list) {
  const shown = describeValue(photo);
  const tags = photo.tags.map((label) => facts.classes[label].name).join(', ');
  const card = make(
    'button',
    { class: 'card', type: 'button', 'aria-label': `${photo.name}: ${tags}; ${shown.title} ${shown.text}` },
    make('span', { class: 'tile' }, makeLazyStack(photo)),
    make('span', { class: 'about' },
      make('span', { class: 'line' },
        make('span', { class: 'name', title: photo.name }, make('bdi', { text: photo.name })),
        make('span', { class: 'value', title: shown.title, text: shown.text })),
      make('span', { class: 'tags' }, ...photo.tags.map(makeTag)))
  );
  card.addEventListener('click', () => openViewer(list(), photo));
  return make('li', {}, card);
}

const atEnd = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && showMore(), {
  rootMargin: '1200px',
});

function showMore() {
  const next = chosen.slice(made, made + PER_STEP);
  byId('cards').append(...next.map((photo) => makeCard(photo, () => chosen)));
  made += next.length;
  byId('more').hidden = made >= chosen.length;
  atEnd.unobserve(byId('more')); // asked anew, it tells again whether the end is near
  atEnd.observe(byId('more'));
}

function showCards() {
  chosen = choosePhotos();
  made = 0;
  byId('cards').replaceChildren();
  const own = chosen.length === photos.length ? `${photos.length} photos` : `${chosen.length} of ${photos.length} photos`;
  byId('count').textContent = chosen.length ? own : 'No photo fits; reset the filters to see all.';
  showMore();
}

function fillSelect(select, options, change) {
  select.replaceChildren(...options.map(([key, title]) => make('option', { value: key, text: title })));
  select.addEventListener('change', () => change(select.value));
}

function showFilter() {
  byId('find').value = filter.find;
  byId('class').value = filter.label;
  byId('sort').value = filter.sort;
  if (measures.length) byId('measure').value = filter.measure;
  byId('low').value = filter.low;
  byId('high').value = filter.high;
  byId('layered').checked = filter.layered;
}

function change(settings) {
  Object.assign(filter, settings);
  for (const button of byId('views').children) button.setAttribute('aria-pressed', false);
  showFilter();
  showCards();
}

function makeControls() {
  for (const view of listViews()) {
    const button = make('button', { type: 'button', 'aria-pressed': false, text: view.title });
    button.addEventListener('click', () => {
      change({ ...initial, ...view.change });
      if (view.layer && !active.has(view.layer)) toggleLayer(view.layer);
      button.setAttribute('aria-pressed', true);
    });
    byId('views').append(button);
  }
  byId('views').children[0].setAttribute('aria-pressed', true);
  const classes = facts.classes.map((one, label) => [label, one.name]);
  fillSelect(byId('class'), [['', 'all classes'], ...classes], (label) => change({ label }));
  fillSelect(byId('sort'), listSorts(), (sort) => change({ sort }));
  fillSelect(byId('measure'), measures.map((measure) => [measure.key, measure.title]), (measure) => change({ measure }));
  for (const end of ['low', 'high']) byId(end).addEventListener('input', (event) => change({ [end]: event.target.value }));
  byId('find').addEventListener('input', (event) => change({ find: event.target.value }));
  byId('layered').addEventListener('change', (event) => change({ layered: event.target.checked }));
  byId('reset').addEventListener('click', () => change({ ...initial }));
  for (const id of ['measure', 'low', 'high']) byId(id).parentElement.hidden = !measures.length;
  byId('layered').parentElement.hidden = photos.every((photo) => photo.layered);
}

function makeGallery() {
  makeSwitches(byId('layers'));
  makeControls();
  byId('controls').hidden = false;
  byId('filters').open = !matchMedia('(max-width: 40rem)').matches;
  showFilter();
  if (byId('first')) {
    const worst = photos.slice(0, 6);
    byId('first').append(...worst.map((photo) => makeCard(photo, () => photos)));
  }
  showCards();
  byId('more').addEventListener('click', showMore);
}
