/* The verb watch: a family as it runs. */
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "cli/auditverb.h"
#include "cli/live.h"
#include "cli/screen.h"
#include "cli/show.h"
#include "cli/stop.h"

/* Widths of the columns; what is left is for two texts. */
enum {
	WHO = 22,
	STATE = 8,
	TURNS = 5,
	TOKENS = 7,
	COST = 8,
	LEFT = 13,
	SEEN = 6
};

struct watching {
	struct live live;
	struct screen screen;
	bool colour;
	size_t top; /* the first row that is seen */
};

/* ---- cells --------------------------------------------------------------------------------- */

/* A text in exactly so many columns, and one between. */
static void
cell(struct buf *out, const char *s, size_t columns, bool right)
{
	size_t used, n = screen_cut(s, strlen(s), columns, &used);
	int pad = (int)(columns - used);

	if (right)
		buf_printf(out, "%*s", pad, "");
	if (s[n] != '\0' && n > 0 && used == columns && columns > 1) {
		n = screen_cut(s, n, columns - 1, &used);
		buf_add(out, s, n);
		buf_puts(out, "…");
		pad = (int)(columns - used - 1);
	} else {
		buf_add(out, s, n);
	}
	if (!right)
		buf_printf(out, "%*s", pad, "");
	buf_putc(out, ' ');
}

static const char *
colour_of(const char *state)
{
	static const char *const colours[][2] = {{"running", "\033[32m"},
	    {"waiting", "\033[33m"}, {"paused", "\033[33m"},
	    {"failed", "\033[31m"}, {"killed", "\033[31m"},
	    {"damaged", "\033[31m"}, {"done", "\033[2m"}};
	size_t i;

	for (i = 0; i < COUNT_OF(colours); i++)
		if (strcmp(state, colours[i][0]) == 0)
			return colours[i][1];
	return "";
}

static const char *
name_of(const struct live_row *r)
{
	/* The beginning of an id is its time; its end tells agents apart. */
	return r->name != NULL ? r->name : r->id + ULID_TEXT - 1 - 8;
}

/* Columns that only a wider terminal has room for. */
static bool
wide(const struct watching *v)
{
	return v->screen.columns >= 100;
}

static size_t
rest_of(const struct watching *v)
{
	size_t fixed = WHO + STATE + TURNS + 3;

	if (wide(v))
		fixed += TOKENS + COST + LEFT + SEEN + 4;
	return v->screen.columns > fixed ? v->screen.columns - fixed : 0;
}

static void
put_figures(const struct live_row *r, struct buf *out)
{
	char text[32];

	show_count(r->usage.input + r->usage.output, text);
	cell(out, text, TOKENS, true);
	show_money(r->usage.cost, text);
	cell(out, text, COST, true);
	cell(out, r->left, LEFT, false);
	show_time(r->time == 0 ? 0 : clock_real() - r->time, text);
	cell(out, text, SEEN, true);
}

static void
put_row(const struct watching *v, const struct live_row *r, struct buf *out)
{
	size_t rest = rest_of(v);
	char *who CLEANUP_FREE = mem_printf(
	    "%*s%s", (int)(2 * (r->depth > 8 ? 8 : r->depth)), "", name_of(r));
	char text[32];

	cell(out, who, WHO, false);
	if (v->colour)
		buf_puts(out, colour_of(r->state));
	cell(out, r->state, STATE, false);
	if (v->colour)
		buf_puts(out, "\033[m");
	(void)snprintf(text, sizeof(text), "%" PRId64, r->usage.turns);
	cell(out, text, TURNS, true);
	if (wide(v))
		put_figures(r, out);
	if (rest > 60) {
		cell(out, r->doing, rest / 2, false);
		cell(out, r->text, rest - rest / 2 - 2, false);
	} else if (rest > 1) {
		cell(out, r->doing, rest - 1, false);
	}
	buf_putc(out, '\n');
}

static void
put_head(const struct watching *v, struct buf *out)
{
	static const char *const states[] = {
	    "running", "waiting", "ready", "paused", "done", "failed"};
	struct buf line CLEANUP_BUF = {0};
	char now[CLOCK_TEXT];
	size_t i, k, n;

	clock_text(clock_real(), now);
	buf_printf(
	    &line, "%zu agent%s", v->live.count, v->live.count == 1 ? "" : "s");
	for (k = 0; k < COUNT_OF(states); k++) {
		for (n = i = 0; i < v->live.count; i++)
			n += strcmp(v->live.rows[i].state, states[k]) == 0;
		if (n > 0)
			buf_printf(&line, "  %zu %s", n, states[k]);
	}
	buf_printf(&line, "  %.8s UTC  q: quit, j k: scroll", now + 11);
	cell(out, buf_str(&line), v->screen.columns - 1, false);
	buf_puts(out, v->colour ? "\n\033[7m" : "\n");
	buf_clear(&line);
	buf_printf(&line, "%-*s %-*s %*s ", WHO, "AGENT", STATE, "STATE", TURNS,
	    "TURN");
	if (wide(v))
		buf_printf(&line, "%*s %*s %-*s %*s ", TOKENS, "TOKENS", COST,
		    "COST", LEFT, "LEFT", SEEN, "SEEN");
	buf_puts(&line, "DOES OR WAITS FOR, AND SAID LAST");
	cell(out, buf_str(&line), v->screen.columns - 1, false);
	buf_putc(out, '\n');
}

static void
draw(struct watching *v)
{
	struct buf out CLEANUP_BUF = {0};
	size_t i, fit = v->screen.rows > 2 ? v->screen.rows - 2 : 1;

	if (v->top + fit > v->live.count)
		v->top = v->live.count > fit ? v->live.count - fit : 0;
	put_head(v, &out);
	for (i = v->top; i < v->live.count && i < v->top + fit; i++)
		put_row(v, &v->live.rows[i], &out);
	screen_draw(&v->screen, (struct slice){out.data, out.len});
}

/* ---- on a terminal ------------------------------------------------------------------------- */

/* True: leave. */
static bool
key(struct watching *v, int c)
{
	switch (c) {
	case 'q':
		return true;
	case 'j':
		v->top++;
		break;
	case 'k':
		v->top -= v->top > 0;
		break;
	case ' ':
		v->top += v->screen.rows > 3 ? v->screen.rows - 3 : 1;
		break;
	case 'g':
		v->top = 0;
		break;
	default:
		break;
	}
	return false;
}

static int
on_terminal(struct watching *v, int64_t interval)
{
	int64_t due = 0;
	struct err e;
	int what;

	v->colour = show_colour(stdout);
	screen_open(&v->screen);
	for (;;) {
		if (clock_mono() >= due) {
			if (live_look(&v->live, &e) < 0) {
				screen_close(&v->screen);
				die_err(&e);
			}
			due = clock_deadline(interval);
		}
		draw(v);
		switch (screen_wait(&v->screen, clock_poll_ms(due), &what)) {
		case SCREEN_STOP:
			screen_close(&v->screen);
			return what;
		case SCREEN_KEY:
			if (!key(v, what))
				break;
			screen_close(&v->screen);
			return 0;
		default:
			break;
		}
	}
}

/* ---- as lines ------------------------------------------------------------------------------ */

/* What changed, a line each; texts are safe already. */
static void
print_row(const struct live_row *r)
{
	char now[CLOCK_TEXT], tokens[16], cost[32];

	clock_text(r->time == 0 ? clock_real() : r->time, now);
	show_count(r->usage.input + r->usage.output, tokens);
	show_money(r->usage.cost, cost);
	printf("%.8s %s %s turn %" PRId64 " tokens %s cost %s%s%s%s%s\n",
	    now + 11, name_of(r), r->state, r->usage.turns, tokens, cost,
	    r->doing[0] == '\0' ? "" : ": ", r->doing,
	    r->text[0] == '\0' ? "" : " | ", r->text);
}

static int
as_lines(struct watching *v, int64_t interval)
{
	int fd = stop_signals();
	struct pollfd p = {.fd = fd, .events = POLLIN};
	struct err e;
	size_t i;

	for (;;) {
		if (live_look(&v->live, &e) < 0)
			die_err(&e);
		for (i = 0; i < v->live.count; i++)
			if (v->live.rows[i].changed)
				print_row(&v->live.rows[i]);
		if (fflush(stdout) != 0 || live_over(&v->live))
			return 0;
		if (poll(&p, 1, clock_poll_ms(clock_deadline(interval))) > 0)
			return stop_status(fd);
	}
}

int
auditverb_watch(const struct audit_args *a, char *args[])
{
	struct watching v = {.live.family = a->family};
	struct err e;
	int status;

	if (a->open == NULL)
		die_err(&a->why);
	if ((args[0] == NULL) != a->all)
		die_usage(a->program, "watch: want agents, or --all");
	v.live.root = a->open;
	while (args[v.live.id_count] != NULL)
		v.live.id_count++;
	v.live.ids = mem_new(v.live.id_count, sizeof(*v.live.ids));
	for (size_t i = 0; i < v.live.id_count; i++)
		if (root_find(a->open, args[i], v.live.ids[i], &e) < 0)
			die_err(&e);
	status = screen_possible() ? on_terminal(&v, a->interval)
				   : as_lines(&v, a->interval);
	live_free(&v.live);
	return status;
}
