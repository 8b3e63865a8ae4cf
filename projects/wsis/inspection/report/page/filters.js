// Which photos are shown, and in which order.
const byName = new Intl.Collator(undefined, { numeric: true });
const measures = facts ? facts.measures : [];
const first = measures.length ? measures[0].key : 'name';
const initial = { find: '', label: '', sort: measures.length ? `${first}:low` : 'name', measure: first, low: '', high: '',
  layered: false, view: null };
const filter = { ...initial };
const ORDER = 'order';

const value = (photo, key) => photo.values[key];
const countInstances = (photo) => (photo.instances ? photo.instances.length : 0);

function isShown(photo) {
  if (filter.find && !photo.name.toLowerCase().includes(filter.find.toLowerCase())) return false;
  if (filter.label !== '' && !photo.rows.some((row) => row[0] === Number(filter.label))) return false;
  if (filter.layered && !photo.layered) return false;
  if (filter.view === 'empty' && countInstances(photo)) return false;
  const bounded = filter.low !== '' || filter.high !== '';
  const own = value(photo, filter.measure);
  if (bounded && own === undefined) return false;
  return !((filter.low !== '' && own < Number(filter.low)) || (filter.high !== '' && own > Number(filter.high)));
}

function compare(a, b) {
  const [key, end] = filter.sort.split(':');
  if (key === ORDER) return a.index - b.index;
  if (key === 'name') return byName.compare(a.name, b.name);
  if (key === 'instances') return countInstances(b) - countInstances(a) || a.index - b.index;
  const [mine, other] = [value(a, key), value(b, key)];
  if (mine === undefined || other === undefined) return (mine === undefined) - (other === undefined) || a.index - b.index;
  return (end === 'low' ? mine - other : other - mine) || a.index - b.index;
}

const choosePhotos = () => photos.filter(isShown).sort(compare);

// Ready-made views; those that this run cannot answer are left out.
function listViews() {
  const has = (key) => measures.some((measure) => measure.key === key);
  const views = [];
  if (measures.length) views.push({ title: 'Worst first', change: { sort: `${first}:low` } });
  if (has('agreement')) {
    views.push({ title: 'Labels that disagree with the prediction', layer: 'prediction',
      change: { sort: 'agreement:low', measure: 'agreement', high: '50' } });
  }
  if (has('tag_score')) views.push({ title: 'Doubtful tags', change: { sort: 'tag_score:low', measure: 'tag_score', high: '50' } });
  if (photos.some((photo) => photo.instances && !photo.instances.length)) {
    views.push({ title: 'Without an instance', change: { sort: 'name', view: 'empty' } });
  }
  views.push({ title: 'By name', change: { sort: 'name' } });
  return views;
}

function listSorts() {
  const sorts = measures.flatMap((measure) => [
    [`${measure.key}:low`, `${measure.title}, lowest first`],
    [`${measure.key}:high`, `${measure.title}, highest first`],
  ]);
  if (photos.some((photo) => photo.instances)) sorts.push(['instances', 'Most instances']);
  return [...sorts, ['name', 'Name']];
}
