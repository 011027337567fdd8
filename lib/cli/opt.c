#include "cli/opt.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/utf8.h"

#ifndef VERSION
#define VERSION "0"
#endif

enum { OPT_COMPLETE = 9999 };

static const char *program_name = "agent";

static PRINTF(1, 0) void vwarn_msg(const char *fmt, va_list ap)
{
	struct buf line = {0}, text = {0};
	char raw[1024];

	(void)vsnprintf(raw, sizeof(raw), fmt, ap);
	utf8_safe(&text, raw, strlen(raw), false);
	buf_printf(&line, "%s: %s\n", program_name, buf_str(&text));
	(void)!write(STDERR_FILENO, line.data, line.len);
	buf_free(&line);
	buf_free(&text);
}

void
warn_msg(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vwarn_msg(fmt, ap);
	va_end(ap);
}

void
die(int status, const char *fmt, ...)
{
	va_list ap;

	(void)fflush(stdout);
	va_start(ap, fmt);
	vwarn_msg(fmt, ap);
	va_end(ap);
	exit(status);
}

void
die_err(const struct err *e)
{
	die(e->status == 0 ? EX_SOFTWARE : e->status, "%s", e->msg);
}

void
die_usage(const struct program *p, const char *fmt, ...)
{
	char msg[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	die(EX_USAGE, "%s (see %s -h)", msg, p->name);
}

void
finish(int status)
{
	bool bad = ferror(stdout) != 0;

	if (fclose(stdout) != 0 || bad)
		die(EX_IOERR, "cannot write to the standard output");
	exit(status);
}

static NORETURN void
print_help(const struct program *p)
{
	const struct opt *o;
	char left[64];
	int i;

	for (i = 0; p->usage[i] != NULL; i++)
		printf("%s %s %s\n", i == 0 ? "usage:" : "      ", p->name,
		    p->usage[i]);
	printf("\n%s\n\n", p->purpose);
	for (o = p->opts; o->name != NULL; o++) {
		(void)snprintf(left, sizeof(left), "--%s%s%s", o->name,
		    o->value == NULL ? "" : " ",
		    o->value == NULL ? "" : o->value);
		if (o->letter < 256)
			printf("  -%c, %-22s %s\n", o->letter, left, o->help);
		else
			printf("      %-22s %s\n", left, o->help);
	}
	printf("  -h, %-22s %s\n", "--help", "print this");
	printf("  -V, %-22s %s\n", "--version", "print the version");
	if (p->notes != NULL)
		printf("\n%s\n", p->notes);
	finish(0);
}

/* One word a line: what a completion function offers. */
static NORETURN void
print_completion(const struct program *p)
{
	const struct opt *o;

	for (o = p->opts; o->name != NULL; o++) {
		printf("--%s\n", o->name);
		if (o->letter < 256)
			printf("-%c\n", o->letter);
	}
	printf("--help\n-h\n--version\n-V\n");
	finish(0);
}

static void
tables(const struct opt *opts, struct option *longs, char *shorts)
{
	size_t n = 0;

	*shorts++ = '+'; /* options before operands */
	*shorts++ = ':';
	for (; opts->name != NULL; opts++, n++) {
		longs[n].name = opts->name;
		longs[n].has_arg = opts->value != NULL;
		longs[n].val = opts->letter;
		if (opts->letter < 256) {
			*shorts++ = (char)opts->letter;
			if (opts->value != NULL)
				*shorts++ = ':';
		}
	}
	longs[n++] = (struct option){"help", 0, NULL, 'h'};
	longs[n++] = (struct option){"version", 0, NULL, 'V'};
	longs[n] = (struct option){"complete", 0, NULL, OPT_COMPLETE};
	*shorts++ = 'h';
	*shorts++ = 'V';
	*shorts = '\0';
}

int
opt_next(const struct program *p, int argc, char *argv[], const char **value,
    int *first)
{
	struct option longs[64] = {0};
	char shorts[160];
	size_t n = 0;
	int c;

	program_name = p->name;
	while (p->opts[n].name != NULL)
		n++;
	if (n + 4 > COUNT_OF(longs))
		die(EX_SOFTWARE, "too many options");
	tables(p->opts, longs, shorts);
	opterr = 0;
	c = getopt_long(argc, argv, shorts, longs, NULL);
	switch (c) {
	case 'h':
		print_help(p);
	case 'V':
		printf("%s (agentutils) %s\n", p->name, VERSION);
		finish(0);
	case OPT_COMPLETE:
		print_completion(p);
	case ':':
		die_usage(p, "option '%s' needs a value", argv[optind - 1]);
	case '?':
		die_usage(p, "unknown option '%s'", argv[optind - 1]);
	default:
		*value = optarg;
		*first = optind;
		return c;
	}
}

const char *
opt_verb(const struct program *p, int argc, char *argv[],
    void (*each)(void *arg, int letter, const char *value), void *arg,
    int *first)
{
	const char *value, *verb = NULL;
	int letter, pass;

	for (pass = 0; pass < 2; pass++) {
		while ((letter = opt_next(p, argc, argv, &value, first)) != -1)
			each(arg, letter, value);
		if (pass == 1)
			break;
		if (*first >= argc)
			die_usage(p, "no verb");
		verb = argv[*first];
		optind = *first + 1;
	}
	return verb;
}
