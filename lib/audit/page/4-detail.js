/* One record: what it says, what it belongs to, why it was let through. */

function link(label, r)
{
	const b = el('button', {type: 'button'}, label + ' ',
	    el('b', {}, '#' + r.s));

	b.onclick = () => {
		if (!passes(r))
			clearFilters();
		pick(r);
	};
	return b;
}

/* Only what records name: nothing is guessed by time. */
function links(r)
{
	const b = object(r.b), out = [];
	const to = (label, x) => {
		if (x !== undefined && x !== r)
			out.push(link(label, x));
	};

	switch (r.y) {
	case 'model.call':
	case 'model.reply':
		to('model.call', find(r.a, 'model.call', b.call));
		to('model.reply', find(r.a, 'model.reply', b.call));
		for (let i = 0; i < list(b.calls).length; i++)
			to('tool.call', find(r.a, 'tool.call', r.s + '.' + i));
		break;
	case 'tool.call':
	case 'tool.result':
	case 'ask':
		if (/^\d+\.\d+$/.test(text(b.call)))
			to('model.reply', find(r.a, 'seq', parseInt(b.call, 10)));
		to('tool.call', find(r.a, 'tool.call', b.call));
		to('ask', find(r.a, 'ask of', b.call));
		to('wait', find(r.a, 'wait of', b.call));
		to('tool.result', find(r.a, 'tool.result', b.call));
		to('approved', find(r.a, 'answer',
		    object(b.decision).approval));
		to('answer', find(r.a, 'answer', b.request));
		break;
	case 'answer':
		to('ask', find(r.a, 'ask', b.request));
		break;
	case 'grant':
		to('revoked', find(r.a, 'revoke', b.grant));
		break;
	case 'revoke':
		to('grant', find(r.a, 'grant', b.grant));
		break;
	}
	for (const c of r.y === 'fork' ? list(b.children) : []) {
		const a = agents.findIndex((x) => x.id === object(c).id);
		if (a >= 0)
			to(agentName(a), find(a, 'seq', firsts[a]));
	}
	if (r.y === 'born' && agents[r.a].from !== undefined)
		to('forked from', find(r.a, 'seq', r.s - 1));
	if (r.y === 'wait')
		to('tool.call', find(r.a, 'tool.call', b.call));
	if (r.y === 'restore' && b.seq)
		to('back to', find(r.a, 'seq', b.seq));
	return out;
}

/* ---- why ---- */

function grantRow(a, id)
{
	const g = find(a, 'grant', id), gone = find(a, 'revoke', id);
	const b = object(g && g.b);
	const from = [text(b.from), text(b.by)].filter(Boolean).join(', ');

	return el('tr', {}, el('th', {className: 'mono'}, id),
	    el('td', {className: 'mono'}, text(b.line)),
	    el('td', {className: 'dim'}, from ? 'from ' + from : ''),
	    el('td', {className: 'links'}, g ? link('grant', g) : '',
		gone ? link('revoked', gone) : ''));
}

function decision(r)
{
	const d = object(r.b.decision), out = [el('h4', {}, 'Decision')];

	out.push(el('div', {}, el('span', {className: 'verdict ' + text(d.verdict)},
	    text(d.verdict)), ' ', text(d.why)));
	if (list(d.grants).length > 0) {
		const t = el('table', {});
		for (const id of d.grants)
			t.append(grantRow(r.a, text(id)));
		out.push(t);
	}
	return out;
}

/* ---- what ---- */

function cutNotes(r)
{
	return list(r.c).map((c) =>
	    el('p', {className: 'note cut'}, c.path.slice(1) +
	    ' is only the beginning: all of it is ' + bytes(c.bytes) +
	    (c.blob ? ', the blob ' + c.blob : '') + '. See agent-audit show ' +
	    r.s + ' ' + agents[r.a].id + '.'));
}

function pretty(s)
{
	try {
		return JSON.stringify(JSON.parse(s), null, 2);
	} catch (e) {
		return s;
	}
}

/* A call's arguments: texts of several lines read better as they are. */
function callArguments(r)
{
	const out = [el('h4', {}, 'Arguments')];
	let v = null;

	try {
		v = JSON.parse(r.b.arguments);
	} catch (e) {
		/* As the model wrote it. */
	}
	if (v === null || typeof v !== 'object' || Array.isArray(v)) {
		out.push(block(text(r.b.arguments)));
		return out;
	}
	const t = el('table', {});
	for (const [k, x] of Object.entries(v))
		t.append(el('tr', {}, el('th', {}, k), el('td', {},
		    block(typeof x === 'string' ? x : JSON.stringify(x, null, 2)))));
	out.push(t);
	return out;
}

function files(d)
{
	const out = [el('h4', {}, 'The workspace, since the checkpoint before')];

	if (d.note)
		out.push(el('p', {className: 'note'}, d.note));
	for (const f of d.files || []) {
		const s = el('summary', {}, f.change + ' ', el('code', {}, f.path),
		    f.binary ? '  binary' :
		    '  +' + f.added + ' −' + f.removed);
		const box = el('details', {open: d.files.length <= 8}, s);
		if (f.diff)
			box.append(diffBlock(f.diff));
		if (f.bytes)
			box.append(el('p', {className: 'note cut'},
			    'Only the beginning of ' + bytes(f.bytes) + '.'));
		out.push(box);
	}
	if (d.files && d.files.length === 0)
		out.push(el('p', {className: 'note'}, 'Nothing differs.'));
	if (d.more)
		out.push(el('p', {className: 'note'}, 'and ' + count(d.more) +
		    ' more paths: agent-ckpt diff shows all'));
	return out;
}

const SHOWN = new Set(['salt', 'text', 'arguments', 'decision', 'calls',
    'system', 'line']);

function scalars(r)
{
	const t = el('table', {});

	for (const [k, v] of Object.entries(r.b))
		if (!SHOWN.has(k) && v !== null && !(Array.isArray(v) &&
		    v.length === 0))
			t.append(el('tr', {}, el('th', {}, k), el('td',
			    {className: 'mono'}, k === 'cost' ? money(number(v)) :
			    text(v))));
	return t;
}

function body(r)
{
	const b = r.b, out = [scalars(r)];
	const diff = diffs.get(key(r.a, 'diff', r.s));

	if (b.decision)
		out.push(...decision(r));
	if (b.line)
		out.push(el('h4', {}, 'Line'), block(text(b.line)));
	if (b.arguments !== undefined)
		out.push(...callArguments(r));
	if (b.system)
		out.push(el('h4', {}, 'System prompt'), block(text(b.system)));
	if (text(b.text) !== '')
		out.push(el('h4', {}, 'Text'), block(text(b.text)));
	for (const c of list(b.calls)) {
		const f = object(object(c).function);
		out.push(el('h4', {}, 'Asks for ', el('code', {}, text(f.name))),
		    block(pretty(text(f.arguments))));
	}
	out.push(...cutNotes(r));
	if (r.y === 'model.call')
		out.push(el('p', {className: 'note'},
		    'The exact request: agent-audit show --request ' + r.s + ' ' +
		    agents[r.a].id));
	if (diff !== undefined)
		out.push(...files(diff));
	return out;
}

function showDetail(r)
{
	const box = $('detail'), names = links(r);
	const raw = el('details', {}, el('summary', {}, 'Record'));

	raw.addEventListener('toggle', () => {
		if (raw.childElementCount === 1)
			raw.append(block(JSON.stringify({seq: r.s,
			    time: instant(r.t), type: r.y, digest: r.d,
			    body: r.b}, null, 2)));
	});
	box.replaceChildren(el('div', {className: 'd-head'},
	    el('h3', {}, r.y), el('span', {className: 'dim'}, '#' + r.s),
	    el('span', {}, r.tool || ''),
	    r.state ? el('span', {className: r.bad ? 'bad-text' : 'dim'},
		r.state) : '',
	    el('span', {className: 'dim'}, instant(r.t)),
	    many ? el('span', {className: 'dim'}, agentName(r.a)) : '',
	    el('span', {className: 'dim'}, 'turn ' + r.turn)),
	    el('div', {className: 'links'}, ...names),
	    ...(r.b === null ? [el('p', {className: 'note'},
		'This body was redacted; the chain still holds.')] : body(r)),
	    el('p', {className: 'note mono'}, 'digest ' + r.d), raw);
	box.scrollTop = 0;
	highlight(box, needle);
}
