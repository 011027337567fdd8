#include "cli/screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/utf8.h"
#include "cli/opt.h"

/* xterm's control sequences: alternate screen, cursor hidden, no wrapping. */
#define TAKE "\033[?1049h\033[?25l\033[?7l\033[2J"
#define GIVE "\033[?7h\033[?25h\033[?1049l"

static void
put(const char *s, size_t n)
{
	ssize_t w;

	while (n > 0) {
		w = write(STDOUT_FILENO, s, n);
		if (w < 0 && errno != EINTR && errno != EAGAIN)
			return;
		if (w > 0) {
			s += w;
			n -= (size_t)w;
		}
	}
}

bool
screen_possible(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && term != NULL && term[0] != '\0' &&
	       strcmp(term, "dumb") != 0;
}

static void
measure(struct screen *s)
{
	struct winsize w;

	s->columns = 80;
	s->rows = 24;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0 &&
	    w.ws_row > 0) {
		s->columns = w.ws_col;
		s->rows = w.ws_row;
	}
}

static void
take(struct screen *s)
{
	struct termios raw;

	s->keys =
	    isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &s->before) == 0;
	if (s->keys) {
		raw = s->before;
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		raw.c_cc[VMIN] = 0;
		raw.c_cc[VTIME] = 0;
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	}
	put(TAKE, sizeof(TAKE) - 1);
	measure(s);
}

static void
give(const struct screen *s)
{
	put(GIVE, sizeof(GIVE) - 1);
	if (s->keys)
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &s->before);
}

void
screen_open(struct screen *s)
{
	static const int watched[] = {
	    SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH};
	sigset_t set;
	size_t i;

	*s = (struct screen){0};
	(void)fflush(stdout);
	(void)sigemptyset(&set);
	for (i = 0; i < COUNT_OF(watched); i++)
		(void)sigaddset(&set, watched[i]);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->signals < 0)
		die(EX_OSERR, "cannot watch signals: %s", strerror(errno));
	take(s);
}

void
screen_close(struct screen *s)
{
	give(s);
	(void)close(s->signals);
}

/* ---- events ---------------------------------------------------------------------------------- */

static enum screen_event
read_signal(struct screen *s, int *what)
{
	struct signalfd_siginfo si;

	if (read(s->signals, &si, sizeof(si)) != sizeof(si))
		return SCREEN_TICK;
	switch (si.ssi_signo) {
	case SIGTSTP:
		/* The terminal is the shell's until we go on. */
		give(s);
		(void)raise(SIGSTOP);
		take(s);
		return SCREEN_RESIZED;
	case SIGWINCH:
		measure(s);
		return SCREEN_RESIZED;
	default:
		*what = EX_SIGNAL + (int)si.ssi_signo;
		return SCREEN_STOP;
	}
}

/* One key; of an escape sequence only arrows mean something. */
static enum screen_event
read_key(int *what)
{
	char c[16];
	ssize_t n = read(STDIN_FILENO, c, sizeof(c));

	if (n <= 0) {
		*what = EX_SIGNAL + SIGHUP;
		return SCREEN_STOP;
	}
	*what = (unsigned char)c[0];
	if (c[0] != '\033')
		return SCREEN_KEY;
	*what = n == 3 && c[1] == '[' && c[2] == 'A'   ? 'k'
		: n == 3 && c[1] == '[' && c[2] == 'B' ? 'j'
						       : 0;
	return SCREEN_KEY;
}

enum screen_event
screen_wait(struct screen *s, int ms, int *what)
{
	struct pollfd p[] = {{.fd = s->signals, .events = POLLIN},
	    {.fd = s->keys ? STDIN_FILENO : -1, .events = POLLIN}};

	*what = 0;
	if (poll(p, 2, ms) <= 0)
		return SCREEN_TICK;
	if (p[0].revents != 0)
		return read_signal(s, what);
	return read_key(what);
}

/* ---- frames ---------------------------------------------------------------------------------- */

/* East Asian wide and fullwidth characters and pictures, Unicode UAX #11; an
 * unknown one counts one column, a combining one none. */
static size_t
width(uint32_t c)
{
	static const struct {
		uint32_t from, to;
		size_t columns;
	} ranges[] = {{0x0300, 0x036f, 0}, {0x1100, 0x115f, 2},
	    {0x2e80, 0xa4cf, 2}, {0xac00, 0xd7a3, 2}, {0xf900, 0xfaff, 2},
	    {0xfe30, 0xfe6f, 2}, {0xff00, 0xff60, 2}, {0xffe0, 0xffe6, 2},
	    {0x1f300, 0x1f64f, 2}, {0x1f680, 0x1f6ff, 2}, {0x1f900, 0x1f9ff, 2},
	    {0x20000, 0x3fffd, 2}};
	size_t i;

	for (i = 0; i < COUNT_OF(ranges); i++)
		if (c >= ranges[i].from && c <= ranges[i].to)
			return ranges[i].columns;
	return 1;
}

size_t
screen_cut(const char *s, size_t len, size_t most, size_t *used)
{
	size_t at = 0, n, w;
	uint32_t c;

	*used = 0;
	while (at < len) {
		n = utf8_next(s + at, len - at, &c);
		if (n == 0)
			break;
		w = width(c);
		if (*used + w > most)
			break;
		*used += w;
		at += n;
	}
	return at;
}

void
screen_draw(const struct screen *s, struct slice frame)
{
	struct buf out CLEANUP_BUF = {0};
	const char *p = frame.data, *end = frame.data + frame.len, *nl;
	size_t row;

	/* As one update, where the terminal knows that (mode 2026). */
	buf_puts(&out, "\033[?2026h\033[H");
	for (row = 0; row < s->rows && p < end; row++, p = nl + 1) {
		nl = memchr(p, '\n', (size_t)(end - p));
		if (nl == NULL)
			nl = end;
		if (row > 0)
			buf_puts(&out, "\r\n");
		buf_add(&out, p, (size_t)(nl - p));
		buf_puts(&out, "\033[m\033[K");
	}
	buf_puts(&out, "\033[J\033[?2026l");
	put(buf_str(&out), out.len);
}
