/* The time line: a lane an agent, what took how long, and what it cost. */
let spans = [];		/* {r, end, kind} in order of their beginning */
let spent = [];		/* {r, tokens, cost}: sums behind each reply */
let byTime = true;
let from = 0, to = 1;	/* what is seen of the axis */
let colours = {};

const at = (r) => byTime ? r.t : r.i;
const ends = (s) => s.end ? at(s.end) : whole()[1];

function whole()
{
	if (records.length === 0)
		return [0, 1];
	const first = records[0], last = records[records.length - 1];
	return byTime ? [first.t, Math.max(last.t, first.t + 1000)] :
	    [0, Math.max(1, records.length)];
}

function spansOf(r, waiting)
{
	const b = object(r.b);

	switch (r.y) {
	case 'model.call':
		return {r, end: find(r.a, 'model.reply', b.call), kind: 'model'};
	case 'tool.call': {
		const end = find(r.a, 'tool.result', b.call);
		/* What waits runs nothing. */
		if (find(r.a, 'wait of', b.call) !== undefined)
			return {r, end, kind: 'wait'};
		return {r, end, kind: r.bad || (end && end.bad) ? 'bad' : 'tool'};
	}
	case 'ask':
		return {r, end: find(r.a, 'answer', b.request), kind: 'wait'};
	case 'ckpt':
		return {r, end: r, kind: 'ckpt'};
	case 'wake':
		if (waiting[r.a])
			waiting[r.a].end = r;
		waiting[r.a] = null;
		return null;
	case 'exit':
		if (b.state !== 'waiting' || waiting[r.a])
			return null;
		waiting[r.a] = {r, end: null, kind: 'wait'};
		return waiting[r.a];
	}
	return null;
}

function measure()
{
	const waiting = agents.map(() => null);
	let sum = 0, cost = 0, busy = 0;

	spans = records.map((r) => spansOf(r, waiting)).filter(Boolean);
	spent = [];
	for (const r of records)
		if (r.y === 'model.reply' && r.b !== null) {
			sum += tokens(r.b.usage);
			cost += number(r.b.cost);
			spent.push({r, tokens: sum, cost});
		}
	/* Mostly waiting: by time there would be nothing to see. */
	for (const x of spans)
		if (x.end && x.kind !== 'wait')
			busy += x.end.t - x.r.t;
	const [a, b] = whole();
	byTime = busy > 0.1 * (b - a);
	zoomAll();
}

const laneHeight = () => agents.length <= 6 ? 28 : agents.length <= 14 ? 18 : 10;

function fit(canvas, height)
{
	const w = canvas.parentElement.clientWidth -
	    (canvas.id === 'graph' ? 28 : 0), ratio = devicePixelRatio || 1;

	canvas.style.height = height + 'px';
	canvas.width = Math.max(1, Math.round(w * ratio));
	canvas.height = Math.round(height * ratio);
	const g = canvas.getContext('2d');
	g.scale(ratio, ratio);
	g.font = '11px system-ui, sans-serif';
	return [g, w];
}

function readColours()
{
	const s = getComputedStyle(document.documentElement);

	for (const name of ['model', 'tool', 'bad', 'wait', 'ckpt', 'line',
	    'text', 'dim', 'accent', 'soft'])
		colours[name] = s.getPropertyValue('--' + name).trim();
}

/* All spans, on a canvas of its own: a cursor that moves draws none anew. */
let lanes = null, lanesOf = '';

function drawSpans(g, w, h)
{
	const x = (v) => (v - from) / (to - from) * w;
	const last = agents.map(() => ({}));

	for (let a = 1; a < agents.length; a++) {
		g.fillStyle = colours.line;
		g.fillRect(0, a * h, w, 1);
	}
	for (const s of spans) {
		const left = x(at(s.r)), right = x(ends(s)), seen = last[s.r.a];
		const wide = Math.max(s.kind === 'bad' || s.kind === 'ckpt' ?
		    2.5 : 1, right - left - (right - left > 3 ? 0.5 : 0));

		/* One rectangle a pixel is enough. */
		if (right < 0 || left > w || left + wide <= (seen[s.kind] || -1))
			continue;
		seen[s.kind] = Math.max(left + wide, Math.floor(left) + 0.7);
		g.fillStyle = colours[s.kind];
		g.globalAlpha = s.kind === 'wait' ? 0.45 : 1;
		const top = s.r.a * h + 3, half = (h - 6) / 2;
		if (s.kind === 'model')
			g.fillRect(left, top, wide, half);
		else if (s.kind === 'tool' || s.kind === 'bad')
			g.fillRect(left, top + half, wide, half);
		else
			g.fillRect(left, top + (s.kind === 'wait' ? half / 2 : 0),
			    wide, s.kind === 'wait' ? half : 2 * half);
	}
	g.globalAlpha = 1;
}

function drawNames(g, h)
{
	if (!many || h < 18)
		return;
	agents.forEach((_, a) => {
		g.lineWidth = 3;
		g.strokeStyle = colours.soft;
		g.fillStyle = colours.text;
		g.strokeText(oneLine(agentName(a), 30), 4, a * h + 13);
		g.fillText(oneLine(agentName(a), 30), 4, a * h + 13);
	});
}

function drawLanes()
{
	const canvas = $('canvas'), h = laneHeight();
	const [g, w] = fit(canvas, h * agents.length + 4);
	const what = [from, to, byTime, canvas.width, canvas.height,
	    spans.length, colours.model].join();

	const anew = what !== lanesOf;

	if (anew) {
		lanes = document.createElement('canvas');
		lanes.width = canvas.width;
		lanes.height = canvas.height;
		const own = lanes.getContext('2d');
		own.setTransform(g.getTransform());
		own.font = g.font;
		drawSpans(own, w, h);
		drawNames(own, h);
		lanesOf = what;
	}
	g.drawImage(lanes, 0, 0, w, h * agents.length + 4);
	if (picked !== null && at(picked) >= from && at(picked) <= to) {
		g.fillStyle = colours.text;
		g.fillRect(Math.round((at(picked) - from) / (to - from) * w), 0, 1,
		    h * agents.length + 4);
	}
	return anew;
}

function line(g, w, h, what, colour)
{
	const top = spent[spent.length - 1][what];
	let last = -1, value = 0;

	if (!(top > 0))
		return;
	g.strokeStyle = colour;
	g.lineWidth = 1.5;
	g.beginPath();
	g.moveTo(0, h - 2);
	for (const p of spent) {
		const x = (at(p.r) - from) / (to - from) * w;
		const y = (v) => h - 2 - v / top * (h - 16);
		if (x > w)
			break;
		if (x - last >= 0.5 && x >= 0) {
			g.lineTo(x, y(value));
			g.lineTo(x, y(p[what]));
			last = x;
		} else if (x < 0)
			g.moveTo(0, y(p[what]));
		value = p[what];
	}
	g.lineTo(w, h - 2 - value / top * (h - 16));
	g.stroke();
}

function drawGraph()
{
	const total = spent.length > 0 ? spent[spent.length - 1] : null;
	const any = total !== null && (total.tokens > 0 || total.cost > 0);

	$('graph').hidden = !any;
	if (!any)
		return;
	const h = 54, [g, w] = fit($('graph'), h);
	g.fillStyle = colours.line;
	g.fillRect(0, h - 2, w, 1);
	line(g, w, h, 'tokens', colours.accent);
	line(g, w, h, 'cost', colours.ckpt);
	g.fillStyle = colours.accent;
	g.fillText(count(total.tokens) + ' tokens', 0, 11);
	if (total.cost > 0) {
		g.fillStyle = colours.ckpt;
		g.fillText('cost ' + money(total.cost), 110, 11);
	}
}

function note(text)
{
	const [a, b] = [from, to];

	$('time-note').textContent = text !== undefined ? text : byTime ?
	    instant(a).slice(0, 19).replace('T', ' ') + ' UTC, ' + span(b - a) :
	    'records ' + count(Math.floor(a) + 1) + ' to ' + count(Math.floor(b));
}

let asked = false;

function drawTime()
{
	if (asked)
		return;
	asked = true;
	requestAnimationFrame(() => {
		asked = false;
		readColours();
		if (drawLanes())
			drawGraph();
		note();
	});
}

function look(a, b)
{
	const [first, last] = whole(), least = byTime ? 1000 : 4;
	const size = Math.min(Math.max(b - a, least), last - first);

	from = Math.max(first, Math.min(a, last - size));
	to = from + size;
	drawTime();
}

const zoomAll = () => look(...whole());

function zoom(by, x)
{
	const middle = from + (to - from) * (x === undefined ? 0.5 : x);

	look(middle - (middle - from) * by, middle + (to - middle) * by);
}

/* The span at a place of the canvas. */
function spanAt(e)
{
	const box = $('canvas').getBoundingClientRect(), h = laneHeight();
	const v = (px) => from + (px - box.left) / box.width * (to - from);
	const a = Math.floor((e.clientY - box.top) / h);
	const low = v(e.clientX - 3), high = v(e.clientX + 3);
	const upper = (e.clientY - box.top) % h < h / 2;
	let best;

	for (const s of spans)
		if (s.r.a === a && at(s.r) <= high && ends(s) >= low &&
		    (best === undefined || (s.kind === 'model') === upper ||
			best.kind === 'wait'))
			best = s;
	return best;
}

function describe(s)
{
	const took = s.end && s.end !== s.r ? ', ' + span(s.end.t - s.r.t) : '';

	note('#' + s.r.s + ' ' + s.r.y + took + '  ' + oneLine(summary(s.r), 120));
}

function startTime()
{
	const canvas = $('canvas');
	let drag = null;

	canvas.addEventListener('wheel', (e) => {
		const box = canvas.getBoundingClientRect();
		e.preventDefault();
		if (e.shiftKey || Math.abs(e.deltaX) > Math.abs(e.deltaY)) {
			const by = (e.deltaX || e.deltaY) / box.width * (to - from);
			look(from + by, to + by);
		} else
			zoom(e.deltaY > 0 ? 1.25 : 0.8,
			    (e.clientX - box.left) / box.width);
	}, {passive: false});
	canvas.onpointerdown = (e) => {
		drag = {x: e.clientX, from, to, moved: false};
		canvas.setPointerCapture(e.pointerId);
	};
	canvas.onpointermove = (e) => {
		if (drag === null) {
			const s = spanAt(e);
			if (s !== undefined)
				describe(s);
			else
				note();
			return;
		}
		const by = (drag.x - e.clientX) / canvas.clientWidth *
		    (drag.to - drag.from);
		drag.moved = drag.moved || Math.abs(e.clientX - drag.x) > 3;
		look(drag.from + by, drag.to + by);
	};
	canvas.onpointerup = (e) => {
		const s = drag !== null && !drag.moved ? spanAt(e) : undefined;
		drag = null;
		if (s !== undefined) {
			if (!passes(s.r))
				clearFilters();
			pick(s.r);
		}
	};
	canvas.onpointerleave = () => note();
	$('zoom-in').onclick = () => zoom(0.5);
	$('zoom-out').onclick = () => zoom(2);
	$('zoom-all').onclick = zoomAll;
	$('axis').onclick = () => {
		byTime = !byTime;
		$('axis').textContent = byTime ? 'by time' : 'by record';
		zoomAll();
	};
}
