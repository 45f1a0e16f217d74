/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Sends raw frames on an interface. */
int cmd_frame(int argc, char **argv);

/*
 * Says "ready", then for some time which frames came in on an interface: of each that has the
 * given bytes, the byte behind them; at last how many they were.
 */
int cmd_sniff(int argc, char **argv);
