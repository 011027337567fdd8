#include "agent/postfiles.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"

/* ---- sending ------------------------------------------------------------------- */

/* How files begin; `*` is any byte. */
static const struct {
	const char *begins;
	size_t len;
	const char *type;
} magics[] = {
    {"\x89PNG\r\n\x1a\n", 8, "image/png"},
    {"\xff\xd8\xff", 3, "image/jpeg"},
    {"GIF87a", 6, "image/gif"},
    {"GIF89a", 6, "image/gif"},
    {"RIFF****WEBP", 12, "image/webp"},
    {"RIFF****WAVE", 12, "audio/wav"},
    {"ID3", 3, "audio/mpeg"},
    {"OggS", 4, "audio/ogg"},
    {"fLaC", 4, "audio/flac"},
    {"%PDF-", 5, "application/pdf"},
    {"****ftyp", 8, "video/mp4"},
};

static bool
begins(const char *data, const char *magic, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (magic[i] != '*' && magic[i] != data[i])
			return false;
	return true;
}

const char *
postfiles_type(const void *data, size_t len)
{
	size_t i;

	for (i = 0; i < COUNT_OF(magics); i++)
		if (len >= magics[i].len &&
		    begins(data, magics[i].begins, magics[i].len))
			return magics[i].type;
	if (memchr(data, '\0', len) == NULL && utf8_valid(data, len) == len)
		return "text/plain";
	return "application/octet-stream";
}

int
postfiles_add(const struct root *root, struct post *p, const char *name,
    struct slice data, struct err *e)
{
	struct post_file f = {.bytes = (int64_t)data.len};

	if (p->file_count == POST_FILES)
		return err_set(
		    e, EX_USAGE, 0, "more than %d attachments", POST_FILES);
	if (data.len > POST_FILE)
		return err_set(
		    e, EX_DATAERR, 0, "'%s' is larger than 32 MiB", name);
	if (!post_file_name_ok(name))
		return err_set(e, EX_DATAERR, 0,
		    "'%s' cannot be the name of an attachment", name);
	if (secrets_in(root->secrets, data.data, data.len))
		return err_set(
		    e, EX_NOPERM, 0, "'%s' holds the value of a secret", name);
	if (blob_put(root, data.data, data.len, &f.blob, e) < 0)
		return -1;
	f.name = mem_strdup(name);
	f.type = mem_strdup(postfiles_type(data.data, data.len));
	p->files[p->file_count++] = f;
	return 0;
}

/* ---- into the workspace ------------------------------------------------------------- */

static int
open_inbox(const char *workspace, int *fd, struct err *e)
{
	int work CLEANUP_FD = -1;

	if (file_open_dir(workspace, false, &work, e) < 0)
		return -1;
	if (mkdirat(work, POSTFILES_FOLDER, 0700) < 0 && errno != EEXIST)
		return err_set(e, EX_CANTCREAT, errno, "cannot make '%s'",
		    POSTFILES_FOLDER);
	return file_open(work, POSTFILES_FOLDER,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, fd, e);
}

/* Is there a file of this name with other contents? */
static bool
is_taken(int inbox, const char *name, const struct post_file *f)
{
	struct buf now CLEANUP_BUF = {0};
	int fd CLEANUP_FD = -1;
	struct digest is;
	struct stat st;
	struct err e;

	if (fstatat(inbox, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	if (!S_ISREG(st.st_mode) || st.st_size != f->bytes ||
	    file_open(inbox, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, &fd,
		&e) < 0 ||
	    file_read_fd(fd, name, POST_FILE, &now, &e) < 0)
		return true;
	digest_of(now.data, now.len, &is);
	return !digest_equal(&is, &f->blob);
}

/* What stands there under its name is not touched: then it gets another. */
static int
put_file(const char *workspace, struct post_file *f, const struct buf *data,
    struct err *e)
{
	char *name CLEANUP_FREE = mem_strdup(f->name);
	char hex[DIGEST_HEX + 1];
	int inbox CLEANUP_FD = -1;

	if (open_inbox(workspace, &inbox, e) < 0)
		return -1;
	if (is_taken(inbox, name, f)) {
		free(name);
		digest_hex(&f->blob, hex);
		name = mem_printf("%.8s-%s", hex, f->name);
		if (is_taken(inbox, name, f))
			return err_set(e, EX_CANTCREAT, 0,
			    "its name is taken in '%s'", POSTFILES_FOLDER);
	}
	if (file_replace(inbox, name, data->data, data->len, 0600, e) < 0)
		return -1;
	f->path = mem_printf("%s/%s", POSTFILES_FOLDER, name);
	return 0;
}

/* ---- for the model --------------------------------------------------------------------- */

static void
put_text(struct jsonw *w, const char *text, size_t len)
{
	jsonw_object(w, NULL);
	jsonw_string(w, "type", "text");
	jsonw_text(w, "text", text, len);
	jsonw_end(w, '}');
}

static void
put_image(struct jsonw *w, const char *type, const struct buf *data)
{
	struct buf url CLEANUP_BUF = {0};

	buf_printf(&url, "data:%s;base64,", type);
	base64_encode(&url, data->data, data->len);
	jsonw_object(w, NULL);
	jsonw_string(w, "type", "image_url");
	jsonw_object(w, "image_url");
	jsonw_text(w, "url", url.data, url.len);
	jsonw_end(w, '}');
	jsonw_end(w, '}');
}

static void
put_parts(struct jsonw *w, const struct post_file *f, const struct buf *data,
    const char *why)
{
	bool image =
	    strncmp(f->type, "image/", 6) == 0 && data->len <= POSTFILES_IMAGE;
	bool text = strcmp(f->type, "text/plain") == 0;
	struct buf said CLEANUP_BUF = {0};
	size_t n =
	    text ? utf8_cut(buf_str(data), data->len, POSTFILES_TEXT) : 0;

	buf_printf(&said, "[attachment %s, %s, %" PRId64 " bytes", f->name,
	    f->type, f->bytes);
	if (f->path != NULL)
		buf_printf(&said, ", in %s", f->path);
	else
		buf_printf(&said, ", not in the workspace: %s", why);
	if (n < data->len && text)
		buf_printf(&said, ", the first %zu bytes", n);
	buf_puts(&said, n > 0 ? "]\n" : "]");
	buf_add(&said, buf_str(data), n);
	put_text(w, said.data, said.len);
	if (image)
		put_image(w, f->type, data);
}

/* Text is what its contents say, whatever the letter calls it. */
static int
take_file(
    struct session *s, struct post_file *f, struct jsonw *w, struct err *e)
{
	struct buf data CLEANUP_BUF = {0};
	struct err why = {0};

	if (blob_get(s->root, &f->blob, &data, e) < 0)
		return -1;
	if ((int64_t)data.len != f->bytes)
		return err_set(e, EX_DATAERR, 0,
		    "the attachment '%s' has another size", f->name);
	free(f->type);
	f->type = mem_strdup(postfiles_type(buf_str(&data), data.len));
	(void)put_file(s->workspace, f, &data, &why);
	put_parts(w, f, &data, why.msg);
	return 0;
}

int
postfiles_take(
    struct session *s, struct post *p, struct buf *parts, struct err *e)
{
	struct jsonw w = {.out = parts};
	size_t i;

	jsonw_array(&w, NULL);
	for (i = 0; i < p->file_count; i++)
		if (take_file(s, &p->files[i], &w, e) < 0) {
			e->status = EX_DATAERR;
			return -1;
		}
	jsonw_end(&w, ']');
	return 0;
}
