/* Filters, keys, and the start. */
let needle = '';
let onlyBad = false;
const off = {types: new Set(), tools: new Set(), states: new Set(),
	agents: new Set()};

/* What a reader of the conversation wants. */
const SAID = new Set(['goal', 'mail', 'model.reply', 'tool.call',
    'tool.result', 'ask', 'answer', 'ckpt', 'restore', 'fork', 'join',
    'compact', 'exit']);
const valueOf = {types: (r) => r.y, tools: (r) => r.tool,
	states: (r) => r.state, agents: (r) => r.a};

function passes(r)
{
	for (const group in off)
		if (off[group].size > 0 && off[group].has(valueOf[group](r)))
			return false;
	return (!onlyBad || r.bad) && (!tall || SAID.has(r.y)) &&
	    (needle === '' || haystack(r).includes(needle));
}

function filter()
{
	const list = $('list');

	shown = records.filter(passes);
	$('count').textContent = shown.length === records.length ?
	    count(records.length) + ' records' :
	    count(shown.length) + ' of ' + count(records.length) + ' records';
	resizeList();
	if (picked !== null && passes(picked))
		reveal(picked);
	else
		list.scrollTop = Math.min(list.scrollTop, list.scrollHeight);
	drawRows();
}

function clearFilters()
{
	for (const group in off)
		off[group].clear();
	onlyBad = tall = false;
	needle = '';
	$('search').value = '';
	$('view').setAttribute('aria-pressed', 'false');
	$('problems').setAttribute('aria-pressed', 'false');
	for (const box of document.querySelectorAll('#side input'))
		box.checked = true;
	filter();
}

/* ---- what can be chosen ---- */

/* A click hides it, a double click shows it alone. */
function choice(group, value, label, n, dot, indent)
{
	const box = el('input', {type: 'checkbox',
		checked: !off[group].has(value)});
	const e = el('label', {className: 'choice', title: visible(label)}, box,
	    dot !== undefined ? el('span', {className: 'dot ' + dot}) : '',
	    el('span', {className: 'what'}, label),
	    el('span', {className: 'n'}, count(n)));

	e.style.paddingLeft = 4 + 12 * (indent || 0) + 'px';
	box.onchange = () => {
		if (box.checked)
			off[group].delete(value);
		else
			off[group].add(value);
		filter();
	};
	e.ondblclick = (event) => {
		event.preventDefault();
		off[group].clear();
		for (const other of e.parentElement.querySelectorAll('input')) {
			other.checked = other === box;
			if (other !== box)
				off[group].add(other.value_);
		}
		filter();
	};
	box.value_ = value;
	return e;
}

function tally(value)
{
	const n = new Map();

	for (const r of records)
		n.set(value(r), (n.get(value(r)) || 0) + 1);
	return n;
}

function depth(a)
{
	let d = 0;

	for (let p = agents[a].up; p !== undefined && d < 20; p = agents[p].up)
		d++;
	return d;
}

/* Children behind their parents. */
function tree()
{
	const out = [];
	const walk = (up) => agents.forEach((x, a) => {
		if (x.up === up && !out.includes(a)) {
			out.push(a);
			walk(a);
		}
	});

	walk(undefined);
	return out;
}

function fillSide()
{
	const n = tally(valueOf.agents);

	$('agents').replaceChildren(...tree().map((a) => choice('agents', a,
	    agentName(a), n.get(a) || 0, agents[a].state === 'failed' ? 'bad' :
	    agents[a].state === 'waiting' ? 'wait' : 'tool', depth(a))));
	for (const group of ['types', 'tools', 'states']) {
		const t = tally(valueOf[group]), names = [...t.keys()].sort();
		$(group).replaceChildren(...names.filter((x) => x !== '')
		    .map((x) => choice(group, x, x, t.get(x),
			group === 'types' ? DOTS[x] || '' :
			group === 'states' && BAD.has(x) ? 'bad' : undefined)));
		$(group).parentElement.hidden = $(group).childElementCount === 0;
	}
}

/* What can be checked without believing this page. */
function fillProof()
{
	$('proof').replaceChildren(el('p', {},
	    'Each record was proved to follow the one before it. Heads, for ' +
	    'agent-audit verify --head:'), ...agents.slice(0, 50).map((x) =>
	    el('p', {title: x.id}, (x.name || x.short) + ' #' + x.seq + ' ',
		el('code', {}, x.head))));
}

function fillTotals()
{
	const t = spent.length > 0 ? spent[spent.length - 1] :
	    {tokens: 0, cost: 0};
	const put = (name, value) => $('totals').append(el('div', {},
	    el('dt', {}, name), el('dd', {}, value)));
	const tools = tally((r) => r.y).get('tool.call') || 0;

	$('totals').replaceChildren();
	if (many)
		put('agents', count(agents.length));
	put('turns', count(turns.reduce((x, y) => x + y, 0)));
	put('tool calls', count(tools));
	put('tokens', count(t.tokens));
	if (t.cost > 0)
		put('cost', money(t.cost));
	if (records.length > 0) {
		const [first, last] = [records[0], records[records.length - 1]];
		put('took', span(last.t - first.t));
	}
	if (!many)
		put('state', agents[0].state || '');
}

/* ---- keys ---- */

const keys = [
	['j ↓', 'next record', ['j', 'ArrowDown'], () => move(1)],
	['k ↑', 'record before', ['k', 'ArrowUp'], () => move(-1)],
	['PgDn', 'a page on', ['PageDown'], () => move(pageful())],
	['PgUp', 'a page back', ['PageUp'], () => move(-pageful())],
	['g', 'first', ['g', 'Home'], () => pick(shown[0])],
	['G', 'last', ['G', 'End'], () => pick(shown[shown.length - 1])],
	['n', 'next that was denied or failed', ['n'], () => moveToBad(1)],
	['N', 'the one before', ['N'], () => moveToBad(-1)],
	['Enter', 'to the details', ['Enter'], () => $('detail').focus()],
	['/', 'search; #123 jumps to a record', ['/'], () => $('search').select()],
	['Esc', 'back to the list; clear the search', ['Escape'], escape_],
	['c', 'texts in the list', ['c'], () => $('view').click()],
	['p', 'only what was denied or failed', ['p'], () => $('problems').click()],
	['a', 'time line by time or by record', ['a'], () => $('axis').click()],
	['+ - 0', 'zoom in, out, all', ['+', '='], () => zoom(0.5)],
	['', '', ['-'], () => zoom(2)],
	['', '', ['0'], zoomAll],
	['d', 'dark or light', ['d'], () => $('theme').click()],
	['?', 'this', ['?'], () => $('help').showModal()],
];

const pageful = () => Math.max(1, Math.floor($('list').clientHeight / height()) - 1);

function escape_()
{
	if (needle !== '') {
		needle = '';
		$('search').value = '';
		filter();
	}
	$('list').focus();
}

function onKey(e)
{
	const typing = e.target === $('search');

	if (e.ctrlKey || e.metaKey || e.altKey || $('help').open)
		return;
	if (typing && e.key === 'Enter') {
		const m = /^#(\d+)$/.exec($('search').value.trim());
		if (m !== null) {
			$('search').value = '';
			needle = '';
			jump(parseInt(m[1], 10));
		}
		$('list').focus();
		e.preventDefault();
		return;
	}
	if (typing && e.key !== 'Escape' ||
	    e.target.tagName === 'INPUT' && e.key === ' ')
		return;
	if (e.key === 'Enter' && e.target !== $('list'))
		return;
	const inDetail = $('detail').contains(e.target);
	if (inDetail && /^(Arrow|Page|Home|End)/.test(e.key))
		return;
	for (const [, , names, action] of keys)
		if (names.includes(e.key)) {
			action();
			e.preventDefault();
			return;
		}
}

/* ---- start ---- */

function fromAddress()
{
	const m = /^#seq-(\d+)(?:@([0-9A-Za-z]+))?$/.exec(location.hash);

	if (m !== null)
		jump(parseInt(m[1], 10), m[2]);
}

function setTheme(name)
{
	document.documentElement.dataset.theme = name;
	drawTime();
}

function startButtons()
{
	const dark = matchMedia('(prefers-color-scheme: dark)');

	dark.addEventListener('change', drawTime);
	$('theme').onclick = () => {
		const now = document.documentElement.dataset.theme ||
		    (dark.matches ? 'dark' : 'light');
		setTheme(now === 'dark' ? 'light' : 'dark');
	};
	$('view').onclick = () => {
		tall = !tall;
		$('view').setAttribute('aria-pressed', String(tall));
		filter();
	};
	$('problems').onclick = () => {
		onlyBad = !onlyBad;
		$('problems').setAttribute('aria-pressed', String(onlyBad));
		filter();
	};
	$('clear').onclick = clearFilters;
	$('help-open').onclick = () => $('help').showModal();
	for (const [shown_, what] of keys)
		if (what !== '')
			$('keys').append(el('tr', {}, el('td', {}, ...shown_.split(' ')
			    .map((k) => el('kbd', {}, k))), el('td', {}, what)));
}

async function start()
{
	let timer;

	document.title = $('title').textContent = visible(meta.title);
	startButtons();
	startTime();
	document.addEventListener('keydown', onKey);
	$('list').addEventListener('scroll', drawRows, {passive: true});
	addEventListener('resize', drawTime);
	new ResizeObserver(drawRows).observe($('list'));
	addEventListener('hashchange', fromAddress);
	$('search').addEventListener('input', () => {
		clearTimeout(timer);
		timer = setTimeout(() => {
			const v = $('search').value;
			needle = /^#\d*$/.test(v) ? '' : v.toLowerCase();
			filter();
		}, 120);
	});
	await load(() => {
		if (shown.length < 200)
			filter();
		else
			$('count').textContent = 'reading… ' + count(records.length);
	});
	measure();
	$('axis').textContent = byTime ? 'by time' : 'by record';
	fillSide();
	fillTotals();
	fillProof();
	filter();
	if (location.hash !== '')
		fromAddress();
	$('list').focus({preventScroll: true});
	document.documentElement.dataset.ready = 'yes';
}

start();
