/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A line of the control socket: parsed or refused, and what is parsed is within its limits. */
#include "netguard/control_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct control_request r;
	struct err err;

	if (control_request_parse((const char *)data, size, &r, &err) < 0)
		return 0;
	if (r.kind == CONTROL_WAIT &&
	    (strlen(r.container) != 64 || r.timeout_ms < 1 || r.timeout_ms > CONTROL_WAIT_MS_MAX))
		abort();
	if (r.kind == CONTROL_EXPLAIN &&
	    (strnlen(r.from, sizeof(r.from)) > CONTROL_END_MAX ||
	     strnlen(r.to, sizeof(r.to)) > CONTROL_END_MAX || r.uid < -1 || r.uid >= UINT32_MAX))
		abort();
	return 0;
}
