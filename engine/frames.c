/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Nothing is collected: a frame may say that it has 4 GiB. Pure. */
#include "engine/engine.h"

#include <errno.h>

static int take_header(struct engine_frames *f)
{
	const unsigned char *h = f->header;

	if (h[0] > 3 || h[1] || h[2] || h[3])
		return -EPROTO;
	f->left = (uint32_t)h[4] << 24 | (uint32_t)h[5] << 16 | (uint32_t)h[6] << 8 | h[7];
	if (f->left == 0)
		f->got = 0;
	return 0;
}

int engine_frames_feed(struct engine_frames *f, const void *data, size_t size, engine_frame_fn *fn,
		       void *userdata)
{
	const unsigned char *at = data;

	while (size > 0) {
		size_t n = sizeof(f->header) - f->got;
		int r = 0;

		if (n > 0) {
			n = n < size ? n : size;
			memcpy(f->header + f->got, at, n);
			f->got += n;
			if (f->got == sizeof(f->header))
				r = take_header(f);
		} else {
			n = f->left < size ? f->left : size;
			f->left -= (uint32_t)n;
			if (f->left == 0)
				f->got = 0;
			r = fn(userdata, f->header[0] >= 2 ? 2 : 1, at, n);
		}
		if (r)
			return r;
		at += n;
		size -= n;
	}
	return 0;
}

bool engine_frames_whole(const struct engine_frames *f)
{
	return f->got == 0;
}
