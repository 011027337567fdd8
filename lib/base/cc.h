/*
 * cc.h: the compiler attributes that this code uses, and the functions that
 * it never does.  Every source file includes it, most through another header.
 */
#ifndef BASE_CC_H
#define BASE_CC_H

#include <stddef.h>

#define CLEANUP(f)     __attribute__((cleanup(f)))
#define NORETURN       __attribute__((noreturn))
#define PRINTF(m, n)   __attribute__((format(printf, m, n)))
#define UNUSED         __attribute__((unused))
#define MUST_CHECK     __attribute__((warn_unused_result))
#define COUNT_OF(a)    (sizeof(a) / sizeof((a)[0]))

/*
 * Banned: unbounded writes, silent failure, hidden state or a shell.  The
 * headers that declare them come first; a use then names nothing there is.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BANNED(name)      banned_function_##name
#undef sprintf	/* macros already where clang meets _FORTIFY_SOURCE */
#undef vsprintf
#define strcpy(...)       BANNED(strcpy)
#define strcat(...)       BANNED(strcat)
#define strncpy(...)      BANNED(strncpy)
#define strncat(...)      BANNED(strncat)
#define sprintf(...)      BANNED(sprintf)
#define vsprintf(...)     BANNED(vsprintf)
#define strtok(...)       BANNED(strtok)
#define gets(...)         BANNED(gets)
#define atoi(...)         BANNED(atoi)
#define atol(...)         BANNED(atol)
#define atoll(...)        BANNED(atoll)
#define strtol(...)       BANNED(strtol)
#define scanf(...)        BANNED(scanf)
#define sscanf(...)       BANNED(sscanf)
#define fscanf(...)       BANNED(fscanf)
#define system(...)       BANNED(system)
#define popen(...)        BANNED(popen)
#define mktemp(...)       BANNED(mktemp)
#define tmpnam(...)       BANNED(tmpnam)
#define tempnam(...)      BANNED(tempnam)
#define signal(...)       BANNED(signal)
#define gmtime(...)       BANNED(gmtime)
#define localtime(...)    BANNED(localtime)

#endif
