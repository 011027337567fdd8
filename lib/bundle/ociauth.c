#include "bundle/ociauth.h"

#include <fcntl.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"

#define AUTH_MAX ((size_t)1 << 20)

void
oci_login_free(struct oci_login *l)
{
	if (l->basic != NULL)
		mem_wipe(l->basic, strlen(l->basic));
	free(l->basic);
	l->basic = NULL;
}

static void
wipe_buf(struct buf *b)
{
	if (b->data != NULL)
		mem_wipe(b->data, b->cap);
	buf_free(b);
}

/* It becomes part of a header line. */
static bool
is_base64(const char *s)
{
	size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuv"
			     "wxyz0123456789+/=");

	return n > 0 && s[n] == '\0';
}

static void
make_basic(const char *user, const char *password, struct oci_login *out)
{
	struct buf pair CLEANUP(wipe_buf) = {0}, text CLEANUP(wipe_buf) = {0};

	/* Growing would leave copies behind. */
	buf_reserve(&pair, strlen(user) + strlen(password) + 2);
	buf_reserve(&text, (strlen(user) + strlen(password)) * 2 + 8);
	buf_printf(&pair, "%s:%s", user, password);
	base64_encode(&text, pair.data, pair.len);
	out->basic = mem_strdup(buf_str(&text));
}

static int
take(const struct json *entry, struct oci_login *out, struct err *e)
{
	const char *auth = json_get_string(entry, "auth");
	const char *user = json_get_string(entry, "username");
	const char *password = json_get_string(entry, "password");

	if (auth != NULL && auth[0] != '\0') {
		if (!is_base64(auth))
			return err_set(e, EX_DATAERR, 0, "'auth' is no base64");
		out->basic = mem_strdup(auth);
	} else if (user != NULL && password != NULL) {
		make_basic(user, password, out);
	}
	return 0;
}

int
oci_login_parse(const char *text, size_t len, const struct oci_ref *ref,
    struct oci_login *out, struct err *e)
{
	char *key CLEANUP_FREE = mem_printf("%s/%s", ref->host, ref->name);
	struct json *j CLEANUP_JSON = NULL;
	const struct json *entry;
	char *slash;

	if (json_parse(text, len, &j, e) < 0)
		return -1;
	for (;;) {
		entry = json_get(json_get(j, "auths"), key);
		if (entry != NULL)
			return take(entry, out, e);
		slash = strrchr(key, '/');
		if (slash == NULL)
			return 0;
		*slash = '\0';
	}
}

int
oci_login_find(const struct oci_ref *ref, struct oci_login *out, struct err *e)
{
	const char *user = getenv("AGENT_REGISTRY_USER");
	const char *password = getenv("AGENT_REGISTRY_PASSWORD");
	const char *file = getenv("REGISTRY_AUTH_FILE"), *home = getenv("HOME");
	struct buf text CLEANUP(wipe_buf) = {0};
	char *path CLEANUP_FREE = NULL;
	bool named = file != NULL && file[0] != '\0';

	if (user != NULL && password != NULL) {
		make_basic(user, password, out);
		return 0;
	}
	if (!named && home == NULL)
		return 0;
	path = named ? mem_strdup(file)
		     : mem_printf("%s/.docker/config.json", home);
	if (file_read(AT_FDCWD, path, AUTH_MAX, &text, e) < 0) {
		if (e->status == EX_NOINPUT && !named)
			return 0;
		e->status = EX_CONFIG;
		return -1;
	}
	if (oci_login_parse(buf_str(&text), text.len, ref, out, e) < 0) {
		e->status = EX_CONFIG;
		return err_wrap(e, "'%s'", path);
	}
	return 0;
}
