# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The registry's contents, made without a network and without an engine: two images, written straight into the
# layout that docker-registry's filesystem driver reads. Sourced by make.sh.
#
# library/busybox:latest  the machine's static busybox, a link in /bin for each applet
# library/probe:latest    the same layer and one with /bin/probe, which is its entrypoint

# The machine's architecture by the name that images use.
image_arch() {
	case $(uname -m) in
	x86_64) echo amd64 ;;
	aarch64) echo arm64 ;;
	i?86) echo 386 ;;
	armv*) echo arm ;;
	*) uname -m ;;
	esac
}

build_probe() { # prints its path; built again when the source is newer
	local out=$REPO/build/sandbox/probe
	local source
	for source in "$HERE"/probe* "$HERE/build-probe"; do
		[ "$out" -nt "$source" ] || { "$HERE/build-probe" "$out"; break; }
	done
	echo "$out"
}

# The same input gives the same bytes, thus the same digests, on every machine.
pack_layer() { # ROOTFS-DIR OUT.tar
	tar -C "$1" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --format=gnu -cf "$2" .
}

busybox_rootfs() { # BUSYBOX DIR
	local applet
	mkdir -p "$2"/{bin,etc,root,dev,proc,sys,tmp,var,usr,home}
	chmod 1777 "$2/tmp"
	install -m 755 "$1" "$2/bin/busybox"
	for applet in $("$1" --list); do
		[ "$applet" = busybox ] || ln -s busybox "$2/bin/$applet"
	done
	echo 'root:x:0:0:root:/root:/bin/sh' >"$2/etc/passwd"
	echo 'nobody:x:65534:65534:nobody:/:/bin/false' >>"$2/etc/passwd"
	printf 'root:x:0:\nnogroup:x:65534:\n' >"$2/etc/group"
}

put_blob() { # STORAGE FILE; prints its digest's hex part
	local hex
	hex=$(sha256sum <"$2")
	hex=${hex%% *}
	mkdir -p "$1/blobs/sha256/${hex:0:2}/$hex"
	cp -- "$2" "$1/blobs/sha256/${hex:0:2}/$hex/data"
	echo "$hex"
}

put_link() { # DIR HEX
	mkdir -p "$1"
	printf 'sha256:%s' "$2" >"$1/link"
}

# The manifest and configuration of an image of the given layers (each a .tar with a .tar.gz beside it).
put_image() { # STORAGE NAME RUNTIME-CONFIG-JSON LAYER.tar...
	local storage=$1 name=$2 config=$3 work layer hex diffs='' layers='' revision repository
	shift 3
	work=$(dirname -- "$1")
	repository=$storage/repositories/library/$name
	for layer; do
		diffs+=${diffs:+,}\"sha256:$(sha256sum <"$layer" | cut -d' ' -f1)\"
		hex=$(put_blob "$storage" "$layer.gz")
		put_link "$repository/_layers/sha256/$hex" "$hex"
		layers+=${layers:+,}'{"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip",'
		layers+="\"size\":$(stat -c %s "$layer.gz"),\"digest\":\"sha256:$hex\"}"
	done
	printf '{"architecture":"%s","os":"linux","created":"1970-01-01T00:00:00Z","config":%s,%s}' \
		"$(image_arch)" "$config" "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[$diffs]}" >"$work/config"
	hex=$(put_blob "$storage" "$work/config")
	put_link "$repository/_layers/sha256/$hex" "$hex"
	printf '{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"%s","size":%d,"digest":"%s"},"layers":[%s]}' \
		application/vnd.docker.distribution.manifest.v2+json \
		application/vnd.docker.container.image.v1+json \
		"$(stat -c %s "$work/config")" "sha256:$hex" "$layers" >"$work/manifest"
	revision=$(put_blob "$storage" "$work/manifest")
	put_link "$repository/_manifests/revisions/sha256/$revision" "$revision"
	put_link "$repository/_manifests/tags/latest/current" "$revision"
	put_link "$repository/_manifests/tags/latest/index/sha256/$revision" "$revision"
}

build_images() { # BUSYBOX PROBE OUT
	local work=$3/work storage=$3/docker/registry/v2
	local path='"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]'
	mkdir -p "$work/probe/bin" "$storage"
	busybox_rootfs "$1" "$work/busybox"
	install -m 755 "$2" "$work/probe/bin/probe"
	pack_layer "$work/busybox" "$work/busybox.tar"
	pack_layer "$work/probe" "$work/probe.tar"
	gzip -1nk "$work/busybox.tar" "$work/probe.tar"
	put_image "$storage" busybox "{$path,\"Cmd\":[\"sh\"]}" "$work/busybox.tar"
	put_image "$storage" probe "{$path,\"Entrypoint\":[\"/bin/probe\"]}" "$work/busybox.tar" "$work/probe.tar"
	rm -rf -- "$work"
}

# Copies the registry's storage to STORAGE and the probe to PROBE, from a cache named by everything that goes in.
images_into() { # STORAGE PROBE
	local probe busybox cache key tmp
	probe=$(build_probe)
	cp -- "$probe" "$2"
	busybox=$(command -v busybox) || die "busybox is not installed (busybox-static)"
	cache=${XDG_CACHE_HOME:-/var/cache}/netguard-sandbox
	key=$(cat -- "$busybox" "$2" "$HERE/lib/images.sh" | sha256sum | cut -c1-32)
	if [ ! -d "$cache/$key" ]; then
		say "building the images"
		mkdir -p "$cache"
		# what older sources made, and nobody used for a week
		find "$cache" -mindepth 1 -maxdepth 1 -mtime +7 -exec rm -rf -- {} +
		tmp=$(mktemp -d "$cache/tmp.XXXXXX")
		build_images "$busybox" "$2" "$tmp"
		# if another sandbox was quicker, its result is the same
		mv --no-target-directory -- "$tmp" "$cache/$key" 2>/dev/null || rm -rf -- "$tmp"
	fi
	touch -- "$cache/$key"
	cp -a --reflink=auto -- "$cache/$key" "$1"
}
