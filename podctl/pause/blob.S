/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pause program's bytes, for pause_image.c. PAUSE_FILE: its path, from the Makefile. */
	.section .rodata
	.balign 16
	.global podctl_pause_start
	.global podctl_pause_end
podctl_pause_start:
	.incbin PAUSE_FILE
podctl_pause_end:
	.byte 0
	.section .note.GNU-stack,"",%progbits
