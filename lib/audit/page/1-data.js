/*
 * The records, and what belongs together.  A block of data holds one JSON
 * object a line:
 *	{"a":agent,"s":seq,"t":microseconds,"y":type,"d":digest,"b":body,
 *	 "c":[{"path":"/text","bytes":n,"blob":digest}]}	what was cut
 *	{"a":agent,"s":seq,"y":"diff","files":[…]}	of a checkpoint
 */
'use strict';

const records = [];
const byKey = new Map();	/* what(agent, kind, id) to a record */
const diffs = new Map();	/* of a ckpt record */
const meta = JSON.parse(document.getElementById('meta').textContent);
const agents = meta.agents;
const many = agents.length > 1;

const key = (a, kind, id) => a + '\t' + kind + '\t' + id;
const keep = (r, kind, id) => {
	if (id !== undefined && !byKey.has(key(r.a, kind, id)))
		byKey.set(key(r.a, kind, id), r);
};

/* The record of that kind, of this agent or of one that it was forked from:
 * of those only what came before. */
function find(a, kind, id)
{
	let before = Infinity;

	for (let hops = 0; a >= 0 && hops <= agents.length; hops++) {
		const r = byKey.get(key(a, kind, id));
		if (r !== undefined && r.s < before)
			return r;
		before = Math.min(before, firsts[a]);
		a = agents[a].from === undefined ? -1 : agents[a].from;
	}
	return undefined;
}

/* Of each agent: its first own record, and how many turns there were. */
const firsts = agents.map(() => Infinity);
const turns = agents.map(() => 0);

/* A journal that was made up can hold anything where a text belongs. */
const text = (v) => v === undefined || v === null ? '' :
    typeof v === 'object' ? JSON.stringify(v) : String(v);
const list = (v) => Array.isArray(v) ? v : [];
const object = (v) => typeof v === 'object' && v !== null ? v : {};

function index(r)
{
	const b = object(r.b);

	r.state = '';
	r.tool = '';
	firsts[r.a] = Math.min(firsts[r.a], r.s);
	keep(r, 'seq', r.s);
	switch (r.y) {
	case 'model.call':
		if (find(r.a, 'model.call', b.call) === undefined)
			turns[r.a]++;
		keep(r, 'model.call', b.call);
		break;
	case 'model.reply':
		keep(r, 'model.reply', b.call);
		r.state = b.bad ? 'failed' : text(b.stop);
		break;
	case 'tool.call':
		keep(r, 'tool.call', b.call);
		r.tool = text(b.tool);
		r.state = text(object(b.decision).verdict);
		if (r.state === 'allow')
			r.state = '';
		break;
	case 'tool.result': {
		const call = find(r.a, 'tool.call', b.call);
		keep(r, 'tool.result', b.call);
		r.tool = call ? call.tool : '';
		r.state = text(b.status);
		break;
	}
	case 'grant':
		keep(r, 'grant', b.grant);
		break;
	case 'revoke':
		keep(r, 'revoke', b.grant);
		break;
	case 'ask':
		keep(r, 'ask', b.request);
		keep(r, 'ask of', b.call);
		break;
	case 'wait':
		keep(r, 'wait of', b.call);
		break;
	case 'answer':
		keep(r, 'answer', b.request);
		r.state = text(b.verdict);
		break;
	case 'exit':
		r.state = text(b.state);
		break;
	}
	r.turn = turns[r.a];
	r.bad = isBad(r);
}

const BAD = new Set(['failed', 'denied', 'deny', 'interrupted', 'unknown',
    'timeout', 'killed', 'refusal']);

const isBad = (r) => BAD.has(r.state);

function add(line)
{
	const r = JSON.parse(line);

	if (r.y === 'diff') {
		diffs.set(key(r.a, 'diff', r.s), r);
		return;
	}
	index(r);
	r.i = records.length;
	records.push(r);
}

/* In pieces, so that the page answers meanwhile; `step` after each of them. */
async function load(step)
{
	for (const block of document.querySelectorAll('script.records')) {
		const lines = block.textContent.split('\n');
		let since = performance.now();

		block.remove();
		for (const line of lines) {
			if (line !== '')
				add(line);
			if (performance.now() - since < 12)
				continue;
			step();
			await new Promise((go) => setTimeout(go));
			since = performance.now();
		}
	}
	if (many)
		records.sort((x, y) => x.t - y.t || x.a - y.a || x.s - y.s);
	records.forEach((r, i) => { r.i = i; });
	step();
}

/* ---- what a record says, in a line ---- */

function argumentsOf(r)
{
	const given = text(r.b.arguments);

	try {
		const v = JSON.parse(given), names = Object.keys(v);
		if (names.length === 1 && typeof v[names[0]] === 'string')
			return v[names[0]];
	} catch (e) {
		/* As the model wrote it, then. */
	}
	return given;
}

const number = (v) => typeof v === 'number' ? v : 0;
const tokens = (u) => number(object(u).input) + number(object(u).output);

/* An agent of this page by its name. */
function who(id)
{
	const a = agents.find((x) => x.id === id);

	return a ? a.name || a.short : id;
}

function summary(r)
{
	const b = r.b;

	if (b === null)
		return '(redacted)';
	switch (r.y) {
	case 'born':
		return text(b.model);
	case 'model.call':
		return text(b.model) +
		    (b.attempt > 1 ? ', attempt ' + b.attempt : '');
	case 'model.reply':
		return [text(b.bad), text(b.text), list(b.calls).map((c) =>
		    '→ ' + text(object(object(c).function).name)).join('  ')]
		    .filter(Boolean).join('  ');
	case 'tool.call':
		return r.tool + '  ' + argumentsOf(r);
	case 'tool.result':
		return (b.exit ? 'exit ' + text(b.exit) + '  ' : '') +
		    text(b.text);
	case 'grant':
		return text(b.grant) + '  ' + text(b.line);
	case 'ckpt':
		return bytes(number(b.bytes)) + (b.full ? ', full' : '');
	case 'seal':
		return 'key ' + text(b.key);
	case 'wake':
		return 'pid ' + text(b.pid);
	case 'budget':
		return text(b.limits);
	case 'fork':
		return list(b.children).length + ' children  ' + text(b.text);
	case 'mail':
		return 'from ' + who(text(b.from)) + '  ' +
		    [text(b.kind), text(b.text)].filter(Boolean).join('  ');
	case 'command':
		return text(b.verb);
	}
	return [b.request, b.grant, b.from, b.to, b.child, b.agent, b.why,
	    b.because, b.note, b.text].filter((s) => typeof s === 'string')
	    .join('  ');
}

/* All words of a record, to search in. */
function words(v)
{
	if (typeof v === 'string')
		return v + '\n';
	if (typeof v !== 'object' || v === null)
		return v === null ? '' : v + '\n';
	return Object.entries(v).map(([k, x]) =>
	    k === 'salt' ? '' : words(x)).join('');
}

function haystack(r)
{
	if (r.hay === undefined)
		r.hay = (r.y + '\n' + words(r.b)).toLowerCase();
	return r.hay;
}

/* ---- figures ---- */

function bytes(n)
{
	for (const unit of ['bytes', 'KiB', 'MiB', 'GiB']) {
		if (n < 1024 || unit === 'GiB')
			return (unit === 'bytes' ? n : n.toFixed(1)) + ' ' + unit;
		n /= 1024;
	}
}

const count = (n) => n.toLocaleString('en');

function money(millionths)
{
	return (millionths / 1e6).toFixed(millionths < 1e6 ? 4 : 2);
}

function span(us)
{
	const s = us / 1e6;

	if (s < 1)
		return (us / 1e3).toFixed(us < 1e4 ? 1 : 0) + ' ms';
	if (s < 120)
		return s.toFixed(1) + ' s';
	if (s < 7200)
		return Math.floor(s / 60) + ' min ' + Math.floor(s % 60) + ' s';
	if (s < 172800)
		return Math.floor(s / 3600) + ' h ' +
		    Math.floor(s % 3600 / 60) + ' min';
	return (s / 86400).toFixed(1) + ' days';
}

/* UTC, as the journal has it. */
const instant = (us) => new Date(us / 1e3).toISOString();
const clock = (us) => instant(us).slice(11, 23);
