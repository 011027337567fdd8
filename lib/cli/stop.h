/*
 * stop.h: SIGINT, SIGTERM and SIGHUP as a readable descriptor, for programs
 * that end cleanly.
 */
#ifndef CLI_STOP_H
#define CLI_STOP_H

/* Block the signals and return the descriptor. */
int stop_signals(void);
/* 128 + the signal that made it readable. */
int stop_status(int fd);

#endif
