/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tells when another file may be behind a path: inotify on each step that leads there, that is, on
 * every directory above it and on every symbolic link on the way, each watched in the directory
 * that holds it. So an edit in place is noticed, a rename over the file, a link that is made to
 * point elsewhere, and a directory that is exchanged. What is mounted over a step is not.
 */
#pragma once

#include "common/err.h"

struct path_watch;

/* path: relative to the current directory of now, if it is not absolute. */
int path_watch_new(const char *path, struct path_watch **ret, struct err *err);
void path_watch_free(struct path_watch *w);
DEFINE_CLEANUP(struct path_watch, path_watch_free);

/*
 * Follows the path as it leads now. Call before each look at the file: a change behind it is then
 * told. 0, also where the path leads nowhere yet, or -errno: some changes may stay unseen.
 */
int path_watch_follow(struct path_watch *w, struct err *err);

/* Poll for reading; then path_watch_read tells whether the file may be another. Never waits. */
int path_watch_fd(const struct path_watch *w);
bool path_watch_read(struct path_watch *w);
