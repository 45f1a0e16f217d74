/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An image's volume inside of a mount: the runtime makes the folder that it is mounted on, as the
 * host's root, by a path that a container of the pod can lead elsewhere at that very moment, by a
 * link (CVE-2024-45310). So there is none, as there is no mount inside of another. Pure.
 */
#include "podctl/plan.h"

#include <errno.h>

static int check(const struct pod_container *c, const struct plan_image *image, const char *said,
		 struct err *err)
{
	_cleanup_free_ char *volume = text_clean_path(said);
	char shown[256];

	for (size_t i = 0; i < c->mounts.n; i++) {
		const char *target = pod_mount_at(c, i)->target;

		/* at the very place there is the mount only */
		if (text_path_below(volume, target) && !streq(volume, target))
			return err_set(err, EINVAL,
				       "container %s: its image %s has a volume at %s, inside of "
				       "its mount at %s, where no other can be",
				       c->entry.key, image->ref->text,
				       text_printable(shown, sizeof(shown), volume), target);
	}
	return 0;
}

int plan_volumes_check(const struct pod *pod, const struct plan_images *images, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < pod_n_containers(pod); i++) {
		const struct pod_container *c = pod_container_at(pod, i);
		const struct plan_image *image = plan_images_find(images, &c->ref);

		for (size_t j = 0; r == 0 && image && j < image->volumes.n; j++)
			r = check(c, image, image->volumes.items[j], err);
	}
	return r;
}
