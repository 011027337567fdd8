#include "bundle/codec.h"

#include <assert.h>
#include <zstd.h>

#include "base/mem.h"

/* Small frames are packed better than large ones: it takes 1 ms for 20 KiB. */
enum { LEVEL = 3, LEVEL_SMALL = 15, SMALL = 64 << 10 };

struct codec {
	int level;       /* 0: as the size says */
	ZSTD_CCtx *pack; /* made when first needed */
	ZSTD_DCtx *unpack;
};

void
codec_new(int level, struct codec **out)
{
	struct codec *c = mem_new(1, sizeof(*c));

	c->level = level;
	*out = c;
}

void
codec_free(struct codec *c)
{
	if (c == NULL)
		return;
	(void)ZSTD_freeCCtx(c->pack);
	(void)ZSTD_freeDCtx(c->unpack);
	free(c);
}

size_t
codec_bound(size_t n)
{
	return ZSTD_compressBound(n);
}

static void
start_packing(struct codec *c)
{
	c->pack = ZSTD_createCCtx();
	if (c->pack == NULL)
		abort();
	(void)ZSTD_CCtx_setParameter(c->pack, ZSTD_c_checksumFlag, 1);
}

size_t
codec_pack(struct codec *c, const void *data, size_t n, void *out, size_t room)
{
	size_t r;

	int level = c->level != 0 ? c->level : n <= SMALL ? LEVEL_SMALL : LEVEL;

	if (c->pack == NULL)
		start_packing(c);
	(void)ZSTD_CCtx_setParameter(c->pack, ZSTD_c_compressionLevel, level);
	r = ZSTD_compress2(c->pack, out, room, data, n);
	/* Fails only for want of room or of memory. */
	assert(!ZSTD_isError(r));
	return r;
}

int
codec_unpack(struct codec *c, const void *data, size_t n, void *out,
    size_t want, struct err *e)
{
	size_t r;

	if (ZSTD_getFrameContentSize(data, n) != want ||
	    ZSTD_findFrameCompressedSize(data, n) != n)
		return err_set(e, EX_DATAERR, 0,
		    "a frame is not as long as the seek table says");
	if (c->unpack == NULL)
		c->unpack = ZSTD_createDCtx();
	if (c->unpack == NULL)
		abort();
	r = ZSTD_decompressDCtx(c->unpack, out, want, data, n);
	if (ZSTD_isError(r))
		return err_set(e, EX_DATAERR, 0, "a frame is damaged: %s",
		    ZSTD_getErrorName(r));
	if (r != want)
		return err_set(e, EX_DATAERR, 0,
		    "a frame holds %zu bytes, not %zu", r, want);
	return 0;
}
