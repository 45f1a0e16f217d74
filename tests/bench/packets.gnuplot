# SPDX-License-Identifier: GPL-3.0-or-later
# What bench_packets.sh measured, as SVG: gnuplot -e "figures='FILE'; out='FILE.svg'" packets.gnuplot
set terminal svg size 760,420 font "sans-serif,13" background "#ffffff"
set output out
set logscale x
set xrange [0.8:13000]
set yrange [0:1.1]
set xtics (1, 10, 100, "1,000" 1000, "10,000" 10000)
set xlabel "containers"
set ylabel "new connections a second, to no table"
set grid y lc "#dddddd"
set border 3
set key bottom left reverse Left samplen 2
series(name) = sprintf("< sed -n 's/^connect\\.%s\\.//p' %s", name, figures)
plot 1 with lines lc "#999999" dt 2 title "Docker's rules alone", \
	series("guard") using 1:3 with linespoints lw 2 pt 7 lc "#0060a8" title "netguard: all it guards", \
	series("chains") using 1:3 with linespoints lw 2 pt 5 lc "#c08000" title "a chain for each container: published ports only", \
	series("rules") using 1:3 with linespoints lw 2 pt 9 lc "#b02020" title "a rule for each container: published ports only"
