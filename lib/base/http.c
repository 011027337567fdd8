/* Everything that knows libcurl, which one file alone may include: hence a
 * little over the room of a module.  Lines of a head are read in httphead.c. */
#include "base/http.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/httphead.h"
#include "base/mem.h"

/* The functions of libcurl that are used, found by name. */
struct api {
	CURLcode (*global_init)(long);
	CURL *(*easy_init)(void);
	CURLcode (*easy_setopt)(CURL *, CURLoption, ...);
	void (*easy_reset)(CURL *);
	void (*easy_cleanup)(CURL *);
	const char *(*easy_strerror)(CURLcode);
	struct curl_slist *(*slist_append)(struct curl_slist *, const char *);
	void (*slist_free_all)(struct curl_slist *);
	CURLM *(*multi_init)(void);
	CURLMcode (*multi_add_handle)(CURLM *, CURL *);
	CURLMcode (*multi_remove_handle)(CURLM *, CURL *);
	CURLMcode (*multi_perform)(CURLM *, int *);
	CURLMcode (*multi_poll)(
	    CURLM *, struct curl_waitfd *, unsigned, int, int *);
	CURLMsg *(*multi_info_read)(CURLM *, int *);
	CURLMcode (*multi_cleanup)(CURLM *);
};

struct http {
	struct api api;
	void *library; /* never closed: it may have its own at-exit work */
	CURL *easy;
	CURLM *multi;
};

/* One request under way. */
struct transfer {
	const struct http_request *req;
	struct http_result *out;
	int64_t heard;  /* when bytes last came */
	int64_t enough; /* since when the rest does not matter */
	int64_t given;  /* bytes of the file */
	bool refused, too_large;
	char error[CURL_ERROR_SIZE];
};

enum { CONNECT_MS = 30000 };

static int
load(struct http *h, struct err *e)
{
	const struct {
		const char *name;
		void *where;
	} all[] = {
	    {"curl_global_init", &h->api.global_init},
	    {"curl_easy_init", &h->api.easy_init},
	    {"curl_easy_setopt", &h->api.easy_setopt},
	    {"curl_easy_reset", &h->api.easy_reset},
	    {"curl_easy_cleanup", &h->api.easy_cleanup},
	    {"curl_easy_strerror", &h->api.easy_strerror},
	    {"curl_slist_append", &h->api.slist_append},
	    {"curl_slist_free_all", &h->api.slist_free_all},
	    {"curl_multi_init", &h->api.multi_init},
	    {"curl_multi_add_handle", &h->api.multi_add_handle},
	    {"curl_multi_remove_handle", &h->api.multi_remove_handle},
	    {"curl_multi_perform", &h->api.multi_perform},
	    {"curl_multi_poll", &h->api.multi_poll},
	    {"curl_multi_info_read", &h->api.multi_info_read},
	    {"curl_multi_cleanup", &h->api.multi_cleanup},
	};
	void *sym;
	size_t i;

	h->library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
	if (h->library == NULL)
		return err_set(e, EX_UNAVAILABLE, 0,
		    "cannot load libcurl (install libcurl4): %.200s",
		    dlerror());
	for (i = 0; i < COUNT_OF(all); i++) {
		sym = dlsym(h->library, all[i].name);
		if (sym == NULL)
			return err_set(e, EX_UNAVAILABLE, 0,
			    "libcurl is too old: it has no '%s'", all[i].name);
		/* POSIX dlsym: an object pointer that is a function's. */
		memcpy(all[i].where, &sym, sizeof(sym));
	}
	return 0;
}

static int
prepare(struct http *h, struct err *e)
{
	if (h->multi != NULL)
		return 0;
	if (h->library == NULL && load(h, e) < 0) {
		h->library = NULL;
		return -1;
	}
	if (h->api.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(e, EX_UNAVAILABLE, 0, "libcurl does not start");
	h->easy = h->api.easy_init();
	h->multi = h->api.multi_init();
	if (h->easy == NULL || h->multi == NULL)
		return err_set(e, EX_UNAVAILABLE, 0, "libcurl does not start");
	return 0;
}

void
http_open(struct http **out)
{
	*out = mem_new(1, sizeof(**out));
}

void
http_close(struct http *h)
{
	if (h == NULL)
		return;
	if (h->easy != NULL)
		h->api.easy_cleanup(h->easy);
	if (h->multi != NULL)
		(void)h->api.multi_cleanup(h->multi);
	free(h);
}

static size_t
on_header(char *line, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	size_t len = size * n;

	t->heard = clock_mono();
	http_head_line(&t->out->head, line, len);
	return len;
}

static size_t
on_body(char *data, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	size_t len = size * n;

	t->heard = clock_mono();
	t->out->received += len;
	if (t->out->received > t->req->max) {
		t->too_large = true;
		return 0;
	}
	if (t->enough != 0)
		return len;
	switch (t->req->on_data(t->req->arg, &t->out->head, data, len)) {
	case HTTP_MORE:
		return len;
	case HTTP_ENOUGH:
		t->enough = t->heard;
		return len;
	default:
		t->refused = true;
		return 0;
	}
}

static size_t
on_read(char *to, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	const struct http_file *f = t->req->file;
	size_t most = size * n;
	ssize_t got;

	t->heard = clock_mono();
	if ((int64_t)most > f->length - t->given)
		most = (size_t)(f->length - t->given);
	do
		got = pread(f->fd, to, most, f->offset + t->given);
	while (got < 0 && errno == EINTR);
	/* A file that is shorter than it was is told as a broken transfer. */
	if (got < 0 || (got == 0 && most > 0))
		return CURL_READFUNC_ABORT;
	t->given += got;
	if (f->sent != NULL)
		f->sent(t->req->arg, got);
	return (size_t)got;
}

/* A connection that was kept turns out to be gone: from the start again. */
static int
on_seek(void *arg, curl_off_t to, int origin)
{
	struct transfer *t = arg;
	const struct http_file *f = t->req->file;

	if (origin != SEEK_SET || to < 0 || to > f->length)
		return CURL_SEEKFUNC_FAIL;
	if (f->sent != NULL)
		f->sent(t->req->arg, to - t->given);
	t->given = to;
	return CURL_SEEKFUNC_OK;
}

static curl_socket_t
on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
	const struct transfer *t = arg;

	(void)purpose;
	if (t->req->permit != NULL && !t->req->permit(t->req->arg, &a->addr))
		return CURL_SOCKET_BAD;
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

static void
set_method(
    CURLcode (*set)(CURL *, CURLoption, ...), CURL *c, struct transfer *t)
{
	static const char *const names[] = {
	    [HTTP_PUT] = "PUT", [HTTP_PATCH] = "PATCH"};
	const struct http_request *q = t->req;

	if (q->method == HTTP_HEAD) {
		set(c, CURLOPT_NOBODY, 1L);
	} else if (q->file != NULL) {
		set(c, CURLOPT_UPLOAD, 1L);
		set(c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)q->file->length);
		set(c, CURLOPT_READFUNCTION, on_read);
		set(c, CURLOPT_READDATA, t);
		set(c, CURLOPT_SEEKFUNCTION, on_seek);
		set(c, CURLOPT_SEEKDATA, t);
	} else if (q->body.data != NULL || q->method != HTTP_GET_OR_POST) {
		set(c, CURLOPT_POST, 1L);
		set(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body.len);
		set(c, CURLOPT_POSTFIELDS,
		    q->body.data == NULL ? "" : q->body.data);
	}
	if (q->method == HTTP_PUT || q->method == HTTP_PATCH)
		set(c, CURLOPT_CUSTOMREQUEST, names[q->method]);
}

static CURLcode
set_up(struct http *h, struct transfer *t, struct curl_slist *headers)
{
	const struct http_request *q = t->req;
	CURLcode (*set)(CURL *, CURLoption, ...) = h->api.easy_setopt;
	const char *store = secure_getenv("SSL_CERT_FILE");
	CURL *c = h->easy;
	CURLcode rc;

	rc = set(c, CURLOPT_URL, q->url);
	set(c, CURLOPT_PROTOCOLS_STR, "http,https");
	set(c, CURLOPT_NOSIGNAL, 1L);
	set(c, CURLOPT_FOLLOWLOCATION, 0L);
	set(c, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	set(c, CURLOPT_TCP_KEEPALIVE, 1L);
	set(c, CURLOPT_USERAGENT, "agentutils/" VERSION);
	set(c, CURLOPT_HTTPHEADER, headers);
	set(c, CURLOPT_ERRORBUFFER, t->error);
	set(c, CURLOPT_HEADERFUNCTION, on_header);
	set(c, CURLOPT_HEADERDATA, t);
	set(c, CURLOPT_WRITEFUNCTION, on_body);
	set(c, CURLOPT_WRITEDATA, t);
	set(c, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	set(c, CURLOPT_OPENSOCKETDATA, t);
	/* Only the program reads it, not the library; all else here trusts by
	 * OpenSSL's own, which does. */
	if (store != NULL && store[0] != '\0')
		set(c, CURLOPT_CAINFO, store);
	/* Of a proxy's connections nobody would be asked. */
	if (q->permit != NULL)
		set(c, CURLOPT_PROXY, "");
	set_method(set, c, t);
	return rc;
}

/* Until when to wait for the next thing to happen. */
static int64_t
next_limit(const struct transfer *t)
{
	int64_t limit = t->req->deadline;

	if (t->enough != 0 && t->enough + CLOCK_SECOND < limit)
		limit = t->enough + CLOCK_SECOND;
	if (t->req->stall > 0 && t->heard + t->req->stall < limit)
		limit = t->heard + t->req->stall;
	return limit;
}

/* Did a limit pass?  Then the transfer is over. */
static bool
limit_passed(struct transfer *t)
{
	int64_t now = clock_mono();

	if (t->enough != 0 && now >= t->enough + CLOCK_SECOND)
		t->out->end = HTTP_DONE;
	else if (now >= t->req->deadline)
		t->out->end = HTTP_LATE;
	else if (t->req->stall > 0 && now >= t->heard + t->req->stall) {
		t->out->end = HTTP_BROKEN;
		(void)snprintf(t->out->why, sizeof(t->out->why),
		    "nothing came for %.3g s",
		    (double)t->req->stall / (double)CLOCK_SECOND);
	} else
		return false;
	return true;
}

static void
ended(const struct http *h, struct transfer *t, CURLcode rc)
{
	if (t->too_large)
		t->out->end = HTTP_TOO_LARGE;
	else if (t->refused)
		t->out->end = HTTP_REFUSED;
	else if (rc == CURLE_OK || t->enough != 0)
		t->out->end = HTTP_DONE;
	else {
		t->out->end = HTTP_BROKEN;
		(void)snprintf(t->out->why, sizeof(t->out->why), "%s",
		    t->error[0] != '\0' ? t->error : h->api.easy_strerror(rc));
	}
}

static void
drive(struct http *h, struct transfer *t)
{
	struct curl_waitfd stop = {t->req->stop_fd, CURL_WAIT_POLLIN, 0};
	unsigned extra = t->req->stop_fd >= 0 ? 1 : 0;
	struct pollfd p = {t->req->stop_fd, POLLIN, 0};
	CURLMsg *m;
	int running, left;

	for (;;) {
		if (h->api.multi_perform(h->multi, &running) != CURLM_OK) {
			t->out->end = HTTP_BROKEN;
			(void)snprintf(
			    t->out->why, sizeof(t->out->why), "libcurl failed");
			return;
		}
		while ((m = h->api.multi_info_read(h->multi, &left)) != NULL)
			if (m->msg == CURLMSG_DONE) {
				ended(h, t, m->data.result);
				return;
			}
		if (poll(&p, extra, 0) > 0) {
			t->out->end = HTTP_STOPPED;
			return;
		}
		if (limit_passed(t))
			return;
		left = clock_poll_ms(next_limit(t));
		(void)h->api.multi_poll(
		    h->multi, &stop, extra, left < 0 ? 60000 : left, NULL);
	}
}

/* libcurl asked not to use signals leaves SIGPIPE to us: TLS may write to a
 * connection that is gone. */
static void
drive_quietly(struct http *h, struct transfer *t)
{
	const struct timespec now = {0, 0};
	sigset_t pipe_only, old, pending;
	bool was_pending;

	(void)sigemptyset(&pipe_only);
	(void)sigaddset(&pipe_only, SIGPIPE);
	(void)sigpending(&pending);
	was_pending = sigismember(&pending, SIGPIPE) == 1;
	(void)sigprocmask(SIG_BLOCK, &pipe_only, &old);
	drive(h, t);
	if (!was_pending)
		while (sigtimedwait(&pipe_only, NULL, &now) > 0)
			;
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
}

int
http_perform(struct http *h, const struct http_request *req,
    struct http_result *out, struct err *e)
{
	struct transfer t = {.req = req, .out = out};
	struct curl_slist *headers = NULL;
	size_t i;
	int rc = 0;

	if (prepare(h, e) < 0)
		return -1;
	memset(out, 0, sizeof(*out));
	for (i = 0; req->headers[i] != NULL; i++)
		headers = h->api.slist_append(headers, req->headers[i]);
	t.heard = clock_mono();
	if (set_up(h, &t, headers) != CURLE_OK ||
	    h->api.multi_add_handle(h->multi, h->easy) != CURLM_OK) {
		rc = err_set(
		    e, EX_UNAVAILABLE, 0, "libcurl refuses the request");
	} else {
		drive_quietly(h, &t);
		(void)h->api.multi_remove_handle(h->multi, h->easy);
	}
	h->api.easy_reset(h->easy);
	h->api.slist_free_all(headers);
	return rc;
}
