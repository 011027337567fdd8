#include "cli/ckptgate.h"

#include <inttypes.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/utf8.h"
#include "cli/show.h"

/*
 * Text for an attribute of XML 1.0: characters that it cannot hold, escaped or
 * not, become U+FFFD (https://www.w3.org/TR/xml/, section 2.2).
 */
static void
put_xml(struct buf *out, const char *s, size_t len)
{
	static const char *const names[] = {
	    ['<'] = "&lt;", ['>'] = "&gt;", ['&'] = "&amp;", ['"'] = "&quot;"};
	uint32_t cp;
	size_t i, n;

	for (i = 0; i < len; i += n) {
		n = utf8_next(s + i, len - i, &cp);
		if (n == 0)
			n = 1, cp = 0;
		if (cp < COUNT_OF(names) && names[cp] != NULL)
			buf_puts(out, names[cp]);
		else if (cp == '\t' || cp == '\n' || cp == '\r')
			buf_printf(out, "&#%u;", (unsigned)cp);
		else if (cp < 0x20 || cp == 0xfffe || cp == 0xffff)
			buf_puts(out, "\xef\xbf\xbd");
		else
			buf_add(out, s + i, n);
	}
}

static void
put_case(struct buf *out, const struct gate_rule *r, const char *agent,
    const struct gate_verdict *v)
{
	buf_puts(out, "  <testcase classname=\"");
	put_xml(out, agent, strlen(agent));
	buf_puts(out, "\" name=\"");
	put_xml(out, r->text, strlen(r->text));
	if (v->holds) {
		buf_puts(out, "\"/>\n");
		return;
	}
	buf_puts(out, "\">\n    <failure message=\"");
	put_xml(out, buf_str(&v->found), v->found.len);
	buf_puts(out, "\"/>\n  </testcase>\n");
}

static void
show_verdict(const struct gate_rule *r, const struct gate_verdict *v, bool json)
{
	struct buf out CLEANUP_BUF = {0}, safe CLEANUP_BUF = {0};
	struct jsonw w = {.out = &out};

	if (json) {
		jsonw_object(&w, NULL);
		jsonw_string(&w, "rule", r->text);
		jsonw_bool(&w, "ok", v->holds);
		jsonw_text(&w, "found", buf_str(&v->found), v->found.len);
		jsonw_end(&w, '}');
		show_json(stdout, out.data, out.len);
	} else if (!v->holds) {
		buf_printf(&out, "%s: ", r->text);
		buf_add(&out, buf_str(&v->found), v->found.len);
		utf8_safe(&safe, out.data, out.len, false);
		printf("%s\n", buf_str(&safe));
	}
}

int
ckptgate_run(const struct gate *g, const struct gate_subject *s, bool json,
    struct buf *junit, struct err *e)
{
	const struct manifest *m = &chain_newest(s->chain)->manifest;
	struct buf cases CLEANUP_BUF = {0};
	size_t i, broken = 0;
	char agent[128];

	(void)snprintf(
	    agent, sizeof(agent), "%.80s@%" PRId64, m->agent, m->seq);
	for (i = 0; i < g->count; i++) {
		struct gate_verdict v = {0};

		if (gate_judge(&g->rule[i], s, &v, e) < 0)
			return err_wrap(e, "'%s'", g->rule[i].text);
		broken += !v.holds;
		show_verdict(&g->rule[i], &v, json);
		put_case(&cases, &g->rule[i], agent, &v);
		buf_free(&v.found);
	}
	if (junit != NULL) {
		buf_printf(junit,
		    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		    "<testsuite name=\"agent-ckpt check\" tests=\"%zu\" "
		    "failures=\"%zu\">\n",
		    g->count, broken);
		buf_add(junit, buf_str(&cases), cases.len);
		buf_puts(junit, "</testsuite>\n");
	}
	return broken > 0;
}
