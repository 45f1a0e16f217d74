/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/image_ref.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = xmalloc(size + 1);
	struct image_ref ref = {0}, again = {0};

	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	if (image_ref_parse(text, &ref))
		return 0;
	/* what goes to the engine is itself a reference, and means the same */
	if (image_ref_parse(ref.text, &again) || !streq(again.text, ref.text))
		abort();
	if (!image_ref_matches(&ref, ref.full) || !image_ref_matches(&ref, "*"))
		abort();
	(void)image_ref_matches(&ref, text);
	image_ref_done(&ref);
	image_ref_done(&again);
	return 0;
}
