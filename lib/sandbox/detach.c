#include "sandbox/detach.h"

#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <unistd.h>

void
detach(const char *name)
{
	struct sigaction act = {.sa_handler = SIG_DFL};
	sigset_t all;
	int sig;

	for (sig = 1; sig < NSIG; sig++)
		(void)sigaction(sig, &act, NULL);
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	(void)setsid();
	(void)prctl(PR_SET_NAME, name);
}
