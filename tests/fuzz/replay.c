/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs a fuzz target over files or folders of inputs, without a fuzzer: each file is one test.
 * So that `make check` replays every corpus under the sanitizers with any compiler.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned replay_count;

static int replay_file(const char *path)
{
	FILE *f = fopen(path, "re");
	uint8_t *data = NULL;
	struct stat st;
	size_t size;

	if (!f || fstat(fileno(f), &st) < 0) {
		perror(path);
		exit(1);
	}
	data = malloc((size_t)st.st_size + 1);
	if (!data)
		abort();
	size = fread(data, 1, (size_t)st.st_size, f);
	fclose(f);
	/* a buffer of exactly its size, so that a read behind it is seen */
	if (size < (size_t)st.st_size || !(data = realloc(data, size ? size : 1)))
		abort();
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	printf("ok %u - %s\n", ++replay_count, path);
	return 0;
}

static int replay_path(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	if (!dir)
		return replay_file(path);
	while ((entry = readdir(dir))) {
		char child[4096];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(child, sizeof(child), "%s/%s", path, entry->d_name);
		replay_file(child);
	}
	closedir(dir);
	return 0;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		replay_path(argv[i]);
	return replay_count > 0 ? 0 : 1;
}
