#include "agent/statelabels.h"

void
labels_put(struct jsonw *w, const char *key, unsigned labels)
{
	unsigned i;

	jsonw_array(w, key);
	for (i = 0; grant_label_name(i) != NULL; i++)
		if ((labels >> i & 1) != 0)
			jsonw_string(w, NULL, grant_label_name(i));
	jsonw_end(w, ']');
}

unsigned
labels_get(const struct json *body, const char *key)
{
	const struct json *v = json_first(json_get(body, key));
	unsigned labels = 0;

	for (; v != NULL; v = json_next(v))
		if (json_string(v) != NULL)
			labels |= grant_label(json_string(v));
	return labels;
}

void
labels_put_files(
    struct jsonw *w, const char *key, const struct labelled_list *l)
{
	size_t i;

	jsonw_array(w, key);
	for (i = 0; i < l->count; i++) {
		jsonw_object(w, NULL);
		jsonw_string(w, "path", l->items[i].body);
		labels_put(w, "labels", l->items[i].labels);
		jsonw_end(w, '}');
	}
	jsonw_end(w, ']');
}

void
labels_get_files(
    const struct json *body, const char *key, struct labelled_list *l)
{
	const struct json *v = json_first(json_get(body, key));

	for (; v != NULL; v = json_next(v))
		if (json_get_string(v, "path") != NULL)
			labelled_add(l, json_get_string(v, "path"),
			    labels_get(v, "labels"));
}
