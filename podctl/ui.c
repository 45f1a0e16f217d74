/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/ui.h"

#include "common/err.h"
#include "podctl/live.h"

#include <stdio.h>

static void _printf_(4, 0)
	line(FILE *to, const char *prefix, const struct ui *ui, const char *fmt, va_list ap)
{
	const char *pod = ui->pod, *kind = ui->kind ? ui->kind : "pod";
	_cleanup_free_ char *text = xvasprintf(fmt, ap), *shown = NULL;
	size_t size = strlen(text) + 1;

	shown = xmalloc(size);
	text_printable(shown, size, text);
	fprintf(to, "%s%s%s%s%s%s\n", prefix, pod ? kind : "", pod ? " " : "", pod ? pod : "",
		pod ? ": " : "", shown);
}

void ui_say(const struct ui *ui, const char *fmt, ...)
{
	va_list ap;

	if (ui->quiet)
		return;
	live_hide(ui->live);
	va_start(ap, fmt);
	line(stdout, "", ui, fmt, ap);
	va_end(ap);
	fflush(stdout);
}

void ui_error(const struct ui *ui, const char *fmt, ...)
{
	va_list ap;

	live_hide(ui->live);
	fflush(stdout);
	va_start(ap, fmt);
	line(stderr, "podctl: ", ui, fmt, ap);
	va_end(ap);
}

const char *ui_on(const struct ui *ui, enum ui_color color)
{
	static const char *const codes[] = {
		[UI_PLAIN] = "",	  [UI_RED] = "\033[31m", [UI_GREEN] = "\033[32m",
		[UI_YELLOW] = "\033[33m", [UI_BOLD] = "\033[1m", [UI_DIM] = "\033[2m",
	};

	return ui->color ? codes[color] : "";
}

const char *ui_off(const struct ui *ui)
{
	return ui->color ? "\033[0m" : "";
}
