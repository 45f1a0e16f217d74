/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * /var/lib/podctl/pods/POD.json: what a pod's containers need of the host to start, so that it can
 * be there again after a reboot before the engine starts them. Root's alone; no value stands in it.
 *
 * What it says comes from pod files and leads root to files, so it is checked when it is read as if
 * a user had written it: sources are paths without "..", names have no slash, numbers are bounded.
 */
#pragma once

#include "common/err.h"

#define RECORD_FOLDER	   "/var/lib/podctl/pods"
#define RECORD_SIZE_MAX	   ((size_t)4 * 1024 * 1024)
#define RECORD_SOURCES_MAX 20000
#define RECORD_FOLDERS_MAX 2000
#define RECORD_FILES_MAX   1000 /* of a folder */

/* A folder of secrets, /run/podctl/secrets/POD/ID. */
struct record_folder {
	char *id;
	struct record_file {
		char *name;
		char *source; /* below mount_root/POD */
	} * files;
	size_t n;
};

struct record {
	struct strv sources; /* of mounts */
	struct record_folder *folders;
	size_t n_folders;
	/* Who root of the containers is on the host (remap.h), where that was asked. */
	bool remap_known;
	uint32_t uid, gid;
};

void record_done(struct record *r);

void record_add_source(struct record *r, const char *source); /* once */
/* The folder of that id, empty where it is new. Points into r until the next is added. */
struct record_folder *record_add_folder(struct record *r, const char *id);
void record_add_file(struct record_folder *f, const char *name, const char *source);
/* Adds to r what more has and r has not. What both have stays as r has it. */
void record_merge(struct record *r, const struct record *more);
bool record_is_empty(const struct record *r);

/* Pure. parse: all of it or -EINVAL. format: NULL where it is over the limits; caller frees. */
int record_parse(const char *text, size_t size, struct record *ret, struct err *err);
char *record_format(const struct record *r);

/* ---- record_file.c ---- */

/* -ENOENT: there is none. */
int record_load(const char *pod, struct record *ret, struct err *err);
/* Writes a new file beside the old one, syncs it and renames it. Empty: removes it. */
int record_save(const char *pod, const struct record *r, struct err *err);
/* The pods that have one. */
int record_list(struct strv *ret, struct err *err);
