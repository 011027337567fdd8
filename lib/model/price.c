#include "model/price.h"

#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/num.h"

enum { FILE_MAX = 1 << 20, MILLION = 1000000 };

void
price_list_free(struct price_list *l)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		free(l->items[i].name);
	free(l->items);
	free(l->file);
	memset(l, 0, sizeof(*l));
}

static int
amount(const struct json *model, const char *key, int64_t none, int64_t *out,
    struct err *e)
{
	const struct json *v = json_get(model, key);

	*out = none;
	if (v == NULL && none >= 0)
		return 0;
	if (json_string(v) == NULL || num_money(json_string(v), out) < 0)
		return err_set(e, EX_CONFIG, 0,
		    "'%s' of '%.64s' must be decimal text such as \"2.50\"",
		    key, json_name(model));
	return 0;
}

static int
add_model(struct price_list *l, const struct json *model, struct err *e)
{
	struct price p = {0};

	if (json_type(model) != JSON_OBJECT)
		return err_set(e, EX_CONFIG, 0, "'%.64s' must be an object",
		    json_name(model));
	if (amount(model, "input", -1, &p.input, e) < 0 ||
	    amount(model, "cached", p.input, &p.cached, e) < 0 ||
	    amount(model, "output", -1, &p.output, e) < 0)
		return -1;
	p.name = mem_strdup(json_name(model));
	mem_room(&l->items, l->count, &l->cap, sizeof(*l->items));
	l->items[l->count++] = p;
	return 0;
}

int
price_list_parse(struct price_list *l, struct slice text, struct err *e)
{
	struct json *root CLEANUP_JSON = NULL;
	const struct json *m;

	if (json_parse(text.data, text.len, &root, e) < 0) {
		e->status = EX_CONFIG;
		return -1;
	}
	if (json_type(root) != JSON_OBJECT)
		return err_set(e, EX_CONFIG, 0, "not an object");
	for (m = json_first(root); m != NULL; m = json_next(m))
		if (add_model(l, m, e) < 0)
			return -1;
	return 0;
}

int
price_list_load(struct price_list *l, const char *file, struct err *e)
{
	struct buf text CLEANUP_BUF = {0};
	struct price_list fresh = {0};

	if (file == NULL)
		file = getenv("AGENT_PRICES");
	if (file == NULL || *file == '\0' ||
	    (l->file != NULL && strcmp(l->file, file) == 0))
		return 0;
	if (file_read(AT_FDCWD, file, FILE_MAX, &text, e) < 0)
		return err_wrap(e, "price file");
	if (price_list_parse(
		&fresh, (struct slice){buf_str(&text), text.len}, e) < 0) {
		price_list_free(&fresh);
		return err_wrap(e, "price file '%.200s'", file);
	}
	fresh.file = mem_strdup(file);
	price_list_free(l);
	*l = fresh;
	return 0;
}

static const struct price *
find(const struct price_list *l, const char *name)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		if (strcmp(l->items[i].name, name) == 0)
			return &l->items[i];
	return NULL;
}

/* Millionths of a millionth are carried, so that nothing is lost until the
 * end; what passes the range stays at its end. */
static void
add(int64_t tokens, int64_t price, int64_t *sum)
{
	int64_t v;

	if (tokens < 0)
		tokens = 0;
	if (__builtin_mul_overflow(tokens, price, &v) ||
	    __builtin_add_overflow(*sum, v, sum))
		*sum = INT64_MAX;
}

int64_t
price_cost(const struct price_list *l, const char *spec, const char *name,
    const struct model_usage *u)
{
	const struct price *p = find(l, spec);
	int64_t sum = 0;

	if (p == NULL)
		p = find(l, name);
	if (p == NULL)
		p = find(l, "*");
	if (p == NULL)
		return 0;
	add(u->input - u->cached, p->input, &sum);
	add(u->cached, p->cached, &sum);
	add(u->output, p->output, &sum);
	return sum / MILLION + (sum % MILLION != 0);
}
