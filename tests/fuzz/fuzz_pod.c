/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A pod file as far as its create requests: what is valid must be sendable. */
#include "podctl/create.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct settings *make_settings(void)
{
	static const char yaml[] = "mount_root: /srv/pods\n"
				   "port_whitelist: {80: web, 443: other, 8000-8009: web, "
				   "53/udp: web}\n"
				   "policy: {labels_reserved: [traefik.]}\n";
	struct problems problems = {0};
	struct settings *s = NULL;

	if (settings_parse(yaml, sizeof(yaml) - 1, "host1", &problems, &s) < 0)
		abort();
	problems_done(&problems);
	return s;
}

/* No path out of the pod's folder, nor over the container's own file systems, gets through. */
static void check_mounts(const struct pod_container *c)
{
	for (size_t i = 0; i < c->mounts.n; i++) {
		const struct pod_mount *m = pod_mount_at(c, i);

		if (m->source[0] == '/' || streq(m->source, "..") || startswith(m->source, "../") ||
		    strstr(m->source, "/../") || m->target[0] != '/' || strstr(m->target, "/../") ||
		    startswith(m->target, "/proc/"))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(settings_freep)
	struct settings *s = make_settings();
	_cleanup_(pod_freep)
	struct pod *pod = NULL;
	struct problems problems = {0};

	if (pod_parse("web", (const char *)data, size, s, &problems, &pod) == 0) {
		const struct values values = {0};
		struct create create = {.pod = pod,
					.settings = s,
					.values = &values,
					.pause_image = "podctl-pause:x"};
		json_t *root = create_root(&create, NULL);

		json_decref(root);
		for (size_t i = 0; i < pod_n_containers(pod); i++) {
			const struct pod_container *c = pod_container_at(pod, i);
			json_t *body = create_container(&create, c, "id");

			check_mounts(c);
			json_decref(body);
		}
	} else if (problems.n_errors == 0) {
		abort();
	}
	problems_done(&problems);
	return 0;
}
