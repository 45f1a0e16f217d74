/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The head of a request of the engine to its plugin, HTTP/1.1. Pure, and strict: the other end is
 * Go's http.Client, so whatever else HTTP allows (other methods, chunks, folded lines, a bare
 * newline) is refused. Source: RFC 9112; moby, pkg/plugins.
 */
#pragma once

#include "common/base.h"

#define AUTHZ_HEAD_MAX 16384

enum authz_http_what {
	AUTHZ_HTTP_ACTIVATE, /* POST /Plugin.Activate */
	AUTHZ_HTTP_REQUEST,  /* POST /AuthZPlugin.AuthZReq */
	AUTHZ_HTTP_REPLY,    /* POST /AuthZPlugin.AuthZRes */
	AUTHZ_HTTP_OTHER,
};

struct authz_http {
	enum authz_http_what what;
	size_t head;  /* bytes of the head, with its empty line */
	size_t body;  /* bytes that follow */
	bool closing; /* Connection: close */
};

/* 1 and *ret: the head is whole. 0: not yet. -EINVAL: not one of ours. */
int authz_http_parse(const char *data, size_t size, struct authz_http *ret);
