/*
 * insidewrite edit|write JSON: the body of edit_file or write_file as a plain
 * function, so that its system calls can be traced.  It goes on once it can
 * read a byte.
 */
#include <string.h>

#include "tool/inside.h"

int
main(int argc, char *argv[])
{
	struct slice arguments;

	if (argc != 3)
		return 64;
	arguments = (struct slice){argv[2], strlen(argv[2])};
	return strcmp(argv[1], "edit") == 0 ? inside_edit_file(arguments)
					    : inside_write_file(arguments);
}
