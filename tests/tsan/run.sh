#!/bin/sh
# run.sh PROGRAM: runs it at addresses that ThreadSanitizer can live with, where that can be had.
if setarch -R true 2>/dev/null; then
    exec setarch -R "$@"
fi
exec "$@"
