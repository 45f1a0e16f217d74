/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Image references, [HOST[:PORT]/]PATH[:TAG][@DIGEST], parsed by hand in linear time. Pure.
 * Source: the grammar of the OCI distribution reference (distribution/reference).
 */
#pragma once

#include "common/base.h"

struct image_ref {
	char *name; /* as written, without tag and digest: "busybox" */
	char *tag;  /* "latest" where neither tag nor digest was given; NULL with a digest alone */
	char *digest; /* "sha256:..." or NULL */
	char *text;   /* for the engine: NAME@DIGEST where there is a digest, else NAME:TAG */
	/* for policy, with host and "library/": "docker.io/library/busybox:latest", or NAME@DIGEST
	 */
	char *full;
};

/* Returns NULL and sets *ret, or what is wrong, *ret untouched. */
const char *image_ref_parse(const char *text, struct image_ref *ret);
void image_ref_done(struct image_ref *r);

/* What the pull request names beside NAME: the digest, else the tag. */
const char *image_ref_version(const struct image_ref *r);

/* Whether the full reference matches a policy's glob, where * stands for any text, / included. */
bool image_ref_matches(const struct image_ref *r, const char *glob);
