/*
 * Text of others: it reaches the page as text nodes alone, and what would not
 * be seen, or would turn letters around, is shown as a sign.
 */
const $ = (id) => document.getElementById(id);

/* Controls but newline and tab, and what is invisible or changes direction
 * (Unicode UAX #9; CVE-2021-42574). */
const HIDDEN = new RegExp('[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f' +
    '\\u00ad\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180e' +
    '\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164' +
    '\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb]|' +
    '[\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e0fff}]|' +
    '\\p{Surrogate}', 'gu');

function sign(c)
{
	const n = c.codePointAt(0);

	if (n < 0x20)
		return String.fromCodePoint(0x2400 + n);
	if (n === 0x7f)
		return '\u2421';
	return '<U+' + n.toString(16).toUpperCase().padStart(4, '0') + '>';
}

const visible = (s) => String(s).replace(HIDDEN, sign);
const oneLine = (s, most) =>
	visible(s.slice(0, most)).replace(/\s+/g, ' ') +
	    (s.length > most ? '…' : '');

/* el('td', {className: 'x'}, 'text', node, …) */
function el(name, props, ...children)
{
	const e = document.createElement(name);

	for (const [k, v] of Object.entries(props || {}))
		if (k.includes('-') || k === 'role')
			e.setAttribute(k, v);
		else
			e[k] = v;
	for (const c of children)
		if (c instanceof Node)
			e.append(c);
		else if (c !== undefined && c !== null)
			e.append(document.createTextNode(visible(c)));
	return e;
}

/* A text of any length: what is laid out at once is bounded. */
const AT_ONCE = 1 << 16;

function block(text, className)
{
	const pre = el('pre', {className: className || '', tabIndex: 0});

	pre.append(document.createTextNode(visible(text.slice(0, AT_ONCE))));
	if (text.length <= AT_ONCE)
		return pre;
	const more = el('button', {type: 'button'},
	    'Show all ' + count(text.length) + ' characters');
	more.onclick = () => {
		pre.append(document.createTextNode(
		    visible(text.slice(AT_ONCE))));
		more.remove();
	};
	const both = document.createDocumentFragment();
	both.append(pre, more);
	return both;
}

/* A unified diff, a line a colour. */
function diffBlock(text)
{
	const pre = el('pre', {className: 'diff', tabIndex: 0});
	const lines = text.split('\n');
	const kinds = {'+': 'a', '-': 'r', '@': 'h'};

	if (lines[lines.length - 1] === '')
		lines.pop();
	for (const line of lines.slice(0, 5000))
		pre.append(el('span', {className: kinds[line[0]] || 'c'},
		    line === '' ? ' ' : line));
	if (lines.length > 5000)
		pre.append(el('span', {className: 'h'}, count(lines.length - 5000) +
		    ' more lines'));
	return pre;
}

/* Mark what was searched for, without touching the text. */
function highlight(where, needle)
{
	if (!('highlights' in CSS))
		return;
	CSS.highlights.delete('found');
	if (needle === '')
		return;
	const ranges = [];
	const walk = document.createTreeWalker(where, NodeFilter.SHOW_TEXT);

	while (walk.nextNode() && ranges.length < 500) {
		const node = walk.currentNode, text = node.data.toLowerCase();
		for (let at = text.indexOf(needle); at >= 0 && ranges.length < 500;
		    at = text.indexOf(needle, at + needle.length)) {
			if (at + needle.length > node.data.length)
				break;
			const r = new Range();
			r.setStart(node, at);
			r.setEnd(node, at + needle.length);
			ranges.push(r);
		}
	}
	CSS.highlights.set('found', new Highlight(...ranges));
}
