/*
 * The list: only the rows that are seen exist, so 10,000 turns cost no more
 * than 40 records.
 */
let shown = [];		/* records that pass the filters */
let picked = null;	/* the selected one */
let tall = false;

const DOTS = {'model.call': 'model', 'model.reply': 'model',
	'tool.call': 'tool', 'tool.result': 'tool', ask: 'wait', answer: 'wait',
	wait: 'wait', ckpt: 'ckpt', restore: 'ckpt', fork: 'ckpt', join: 'ckpt'};
const QUIET = new Set(['seal', 'wake', 'grant', 'born', 'model.call']);

const height = () => tall ? 92 : 26;
const agentName = (a) => agents[a].name || agents[a].short;
const rowId = (r) => 'row-' + r.a + '-' + r.s;

function row(r, at)
{
	const old = at > 0 ? shown[at - 1] : null;
	const turn = old !== null && (old.turn !== r.turn || old.a !== r.a);
	const e = el('div', {role: 'option', id: rowId(r),
		className: 'row' + (QUIET.has(r.y) && !r.bad ? ' quiet' : '') +
		    (turn ? ' turn' : '') + (many ? ' family' : ''),
		'aria-posinset': at + 1, 'aria-setsize': shown.length,
		'aria-selected': r === picked});

	e.append(el('span', {className: 'dot ' +
	    (r.bad ? 'bad' : DOTS[r.y] || '')}),
	    el('span', {className: 'seq'}, '#' + r.s),
	    el('span', {className: 'when', title: instant(r.t)}, clock(r.t)),
	    el('span', {className: 'type'}, r.y));
	if (many)
		e.append(el('span', {className: 'who'}, agentName(r.a)));
	e.append(el('span', {className: 'sum'}, tall ?
	    visible(summary(r).slice(0, 1200)) : oneLine(summary(r), 240)),
	    el('span', {className: 'state' + (r.bad ? ' bad' : '')}, r.state));
	e.onclick = () => pick(r);
	return e;
}

function drawRows()
{
	const list = $('list'), h = height();
	const first = Math.max(0, Math.floor(list.scrollTop / h) - 6);
	const last = Math.min(shown.length,
	    Math.ceil((list.scrollTop + list.clientHeight) / h) + 6);
	const rows = document.createDocumentFragment();

	for (let i = first; i < last; i++)
		rows.append(row(shown[i], i));
	$('rows').replaceChildren(rows);
	$('rows').style.transform = 'translateY(' + first * h + 'px)';
	list.classList.toggle('tall', tall);
	if (picked !== null && $(rowId(picked)) !== null)
		list.setAttribute('aria-activedescendant', rowId(picked));
	else
		list.removeAttribute('aria-activedescendant');
}

/* Where in `shown` the record is, or where it would be. */
function place(r)
{
	let low = 0, high = shown.length;

	while (low < high) {
		const mid = low + high >> 1;
		if (shown[mid].i < r.i)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

function reveal(r)
{
	const list = $('list'), h = height(), top = place(r) * h;

	if (top < list.scrollTop || top + h > list.scrollTop + list.clientHeight)
		list.scrollTop = Math.max(0, top - list.clientHeight / 2 + h);
}

function resizeList()
{
	$('space').style.height = shown.length * height() + 'px';
	drawRows();
}

/* Select: the list, the details, the time line and the address follow. */
let addressing;

function pick(r)
{
	if (r === undefined || r === null)
		return;
	picked = r;
	reveal(r);
	drawRows();
	showDetail(r);
	drawTime();
	/* A key that is held down must not change the address each time. */
	clearTimeout(addressing);
	addressing = setTimeout(() => history.replaceState(null, '',
	    '#seq-' + r.s + (many ? '@' + agents[r.a].id : '')), 100);
}

function move(by)
{
	if (shown.length === 0)
		return;
	let at = picked === null ? -1 : place(picked);

	if (by < 0 && (at < 0 || shown[at] !== picked))
		at = Math.max(at, 0);
	else if (by > 0 && shown[at] !== picked && at >= 0)
		at--;
	pick(shown[Math.max(0, Math.min(shown.length - 1, at + by))]);
}

function moveToBad(by)
{
	let at = picked === null ? -1 : place(picked);

	for (at += by; at >= 0 && at < shown.length; at += by)
		if (shown[at].bad) {
			pick(shown[at]);
			return;
		}
}

/* A record by its number, whatever the filters hide. */
function jump(seq, id)
{
	let a = picked === null ? 0 : picked.a;

	if (id !== undefined)
		a = agents.findIndex((x) => x.id.startsWith(id.toUpperCase()));
	const r = a < 0 ? undefined : find(a, 'seq', seq) ||
	    records.find((x) => x.s === seq);
	if (r === undefined) {
		$('count').textContent = 'There is no record #' + seq + '.';
		return;
	}
	if (!passes(r))
		clearFilters();
	pick(r);
}
