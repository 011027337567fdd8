#!/bin/bash
# The examples in README.md and the man pages do what they say.
exec "$SRC/scripts/check-examples"
