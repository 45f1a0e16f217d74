#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Images from real registries: pulled once, with and without a password, and whose credentials and
# credential helpers are used with whose rights.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

e2e_begin
put_config <<'END'
mount_root: /srv/pods
network_name: pods
guard: { required: false }
END
printf 'bob ALL=(root) NOPASSWD:SETENV: %s/podctl\n' "$BUILD" | put_file /etc/sudoers.d/podctl
inside chmod 440 /etc/sudoers.d/podctl
inside install -d -o bob -g bob -m 700 /home/bob/.docker

note "a registry with a password beside the open one, with the same images"
put_file /root/htpasswd <<'END'
bob:$2b$04$S4EDqShJoMGCo899qgNFAO9Ip.AfbwVP6vGkgPXHb8nPO09yVGmXO
END
put_file /root/registry.yml <<END
version: 0.1
storage: { filesystem: { rootdirectory: $SANDBOX/registry } }
http: { addr: 127.0.0.1:5001, secret: sandbox }
auth: { htpasswd: { realm: sandbox, path: /root/htpasswd } }
END
registry_start() {
	background sh -c 'echo $$ > /run/registry.pid; exec docker-registry serve /root/registry.yml'
}
registry_start
check "it answers, and wants a password" wait_for 10 inside sh -c \
	'curl -s -o /dev/null -w "%{http_code}" http://127.0.0.1:5001/v2/ | grep -q 401'

private=127.0.0.1:5001/library/busybox:latest
bob() { as bob sudo -n "$BUILD/podctl" "$@"; }
pod() { # IMAGE...: bob's pod of a container for each
	local i=0 image
	{
		echo "containers:"
		for image; do
			i=$((i + 1))
			echo "  app$i: { image: \"$image\", command: [sleep, '1000'], restart: 'no' }"
		done
	} | put_file /home/bob/web.yml
}
forget() { # takes the pod and the private image away
	bob down web > /dev/null 2>&1
	inside docker rmi "$private" > /dev/null 2>&1
	inside rm -rf /home/bob/.docker/config.json
}
login() { inside sh -c 'cat > /home/bob/.docker/config.json && chown bob: /home/bob/.docker/config.json &&
	chmod 600 /home/bob/.docker/config.json'; }
auths() { # PASSWORD
	printf '{"auths":{"127.0.0.1:5001":{"auth":"%s"}}}' "$(printf 'bob:%s' "$1" | base64)" | login
}
pulls() { inside docker events --since "$1" --until "$(inside date +%s.%N)" --filter event=pull --format '{{.ID}}'; }

note "pulled once, in parallel"
pod busybox:latest docker.io/library/busybox probe:latest
since=$(inside date +%s.%N)
check_status "three containers of two images" 0 'pulled busybox:latest: .* in [0-9.]+ s' bob /home/bob/web.yml
check_equal "... and each pulled once" "busybox:latest probe:latest" "$(pulls "$since" | sort | xargs)"
since=$(inside date +%s.%N)
check "down, and apply again" sh -c '"$@" down web && "$@" --quiet /home/bob/web.yml' sh \
	"$SANDBOX_CMD" exec "$SANDBOX" --user bob -- sudo -n "$BUILD/podctl"
check_equal "... leaves no warning of it behind" "" "$(bob --quiet /home/bob/web.yml 2>&1)"

note "an image that moves under its tag"
open_busybox=$(inside docker inspect -f '{{.Id}}' busybox:latest)
moved() { # makes busybox:latest of the registry mean another image: the probe's, or back
	local from=$SANDBOX/registry/docker/registry/v2/repositories/library
	cp "$from/$1/_manifests/tags/latest/current/link" "$from/busybox/_manifests/tags/latest/current/link"
	mkdir -p "$from/busybox/_manifests/revisions" "$from/busybox/_layers"
	cp -rn "$from/$1/_manifests/revisions/." "$from/busybox/_manifests/revisions/"
	cp -rn "$from/$1/_layers/." "$from/busybox/_layers/"
}
saved=$SANDBOX/registry/docker/registry/v2/repositories/library/busybox/_manifests/tags/latest/current/link
cp "$saved" "$SANDBOX/link"
printf 'containers: { app: { image: busybox, command: ["1000"], entrypoint: [sleep], update_image: false } }\n' | put_file /home/bob/web.yml
check "apply" bob /home/bob/web.yml
moved probe
since=$(inside date +%s.%N)
check_status "update_image: false: not asked for" 0 'nothing to change' bob /home/bob/web.yml
check_equal "... nothing is pulled" "" "$(pulls "$since")"
inside sed -i 's/, update_image: false//' /home/bob/web.yml
check_status "by default it is updated, and the container replaced" 0 'updated busybox:latest' bob /home/bob/web.yml
check "... by the new one" test "$(inside docker inspect -f '{{.Image}}' web.app)" != "$open_busybox"
cp "$SANDBOX/link" "$saved"
check_status "and back" 0 'app replaced' bob /home/bob/web.yml
check_equal "... to the old one" "$open_busybox" "$(inside docker inspect -f '{{.Image}}' web.app)"
check_status "again: nothing" 0 'nothing to change' bob /home/bob/web.yml
digest=$(inside docker inspect -f '{{index .RepoDigests 0}}' busybox:latest)
printf 'containers: { app: { image: "%s", command: [sleep, "1000"] } }\n' "$digest" | put_file /home/bob/web.yml
since=$(inside date +%s.%N)
check "by its digest" bob /home/bob/web.yml
check_equal "... which is here: nothing is pulled" "" "$(pulls "$since")"
bob down web > /dev/null

note "a password"
pod "$private"
check_status "none: refused, and says what to do" 1 "image $private: cannot pull it.*docker login" bob /home/bob/web.yml
auths wr0ng-s3cr3t
out=$(bob /home/bob/web.yml 2>&1)
check_status "a wrong one: refused" 1 'credentials are refused' bob /home/bob/web.yml
check "... and not shown" not grep -qE 'wr0ng|s3cr3t|d3Iwbmct' <<< "$out"
auths right-s3cr3t
check_status "the right one" 0 "pulled $private" bob /home/bob/web.yml
check_status "and again: looked for, not changed" 0 'nothing to change' bob /home/bob/web.yml
inside rm /home/bob/.docker/config.json
check_status "an image that is here, and its registry refuses: so do we" 1 'is here, but its registry refuses' bob /home/bob/web.yml
inside sh -c 'kill "$(cat /run/registry.pid)"'
wait_for 5 not inside curl -s -o /dev/null http://127.0.0.1:5001/v2/
check_status "its registry is gone: a warning, and the pod stays" 0 'warning: image .* was not updated' bob /home/bob/web.yml
registry_start
wait_for 10 inside curl -s -o /dev/null http://127.0.0.1:5001/v2/
check_equal "the image runs" "$private" "$(inside docker inspect -f '{{.Config.Image}}' web.app1)"
forget
printf '{"auths":{"http://127.0.0.1:5001/v2/":{"username":"bob","password":"right-s3cr3t"}}}' | login
check_status "as a URL, user name and password apart" 0 "pulled $private" bob /home/bob/web.yml
forget
printf '{"auths":{"127.0.0.1:500":{"auth":"%s"}}}' "$(printf 'bob:right-s3cr3t' | base64)" | login
check_status "one of another port is not sent" 1 'without credentials' bob /home/bob/web.yml

note "whose file"
auths right-s3cr3t
inside sh -c 'cp /home/bob/.docker/config.json /root/config.json && chmod 600 /root/config.json && mkdir -p /root/home/.docker &&
	cp /root/config.json /root/home/.docker'
inside cp -r /home/bob/.docker /home/carol/ && inside sh -c 'chown -R carol: /home/carol/.docker && chmod 755 /home/carol/.docker'
forget
check_status "root's own and \$HOME are nothing to bob" 1 'without credentials' \
	as bob sudo -n HOME=/root/home DOCKER_CONFIG=/root/home/.docker "$BUILD/podctl" /home/bob/web.yml
inside sudo -u bob ln -s /root/config.json /home/bob/.docker/config.json
check_status "a link to root's file: not read" 1 'no registry credentials.*Permission denied' bob /home/bob/web.yml
forget
inside sudo -u bob ln -s /home/carol/.docker/config.json /home/bob/.docker/config.json
check_status "a link to another user's file: not read" 1 'Permission denied' bob /home/bob/web.yml
inside chmod 644 /home/carol/.docker/config.json
check_status "... nor used where it may be read" 1 "another user's" bob /home/bob/web.yml
forget
inside sudo -u bob mkfifo /home/bob/.docker/config.json
check_status "a FIFO does not hang" 1 'not a regular file' timeout 20 "$SANDBOX_CMD" exec "$SANDBOX" --user bob -- \
	sudo -n "$BUILD/podctl" /home/bob/web.yml
forget
auths right-s3cr3t
inside chmod 660 /home/bob/.docker/config.json
check_status "one that others may write is not believed" 1 'chmod go-w' bob /home/bob/web.yml
forget
login <<< 's3cr3t-t0ken: nonsense'
out=$(bob /home/bob/web.yml 2>&1)
check "nonsense is an error that shows nothing of it" sh -c 'echo "$1" | grep -q "not a JSON object" && ! echo "$1" | grep -q s3cr3t' sh "$out"
inside sh -c 'head -c 2000000 /dev/zero > /home/bob/.docker/config.json'
check_status "a large one is not read" 1 'no registry credentials' bob /home/bob/web.yml
forget

note "credential helpers, run as the caller"
inside mount -t tmpfs -o mode=755 tmpfs /usr/local/bin
helper() { inside sh -c 'cat > "/usr/local/bin/docker-credential-$1" && chmod 755 "/usr/local/bin/docker-credential-$1"' sh "$1"; }
use() { printf '{"auths":{"127.0.0.1:5001":{}},"credHelpers":{"127.0.0.1:5001":"%s"}}' "$1" | login; }
helper good <<'END'
#!/bin/sh
server=$(cat)
{ id; env; echo "args $*"; echo "server $server"; ls /proc/self/fd; ps -o tty= -p $$; grep -E '^(Cap|Groups)' /proc/self/status; } > /home/bob/helper.log
[ "$1" = get ] && [ "$server" = 127.0.0.1:5001 ] || exit 1
printf '{"ServerURL":"%s","Username":"bob","Secret":"right-s3cr3t"}\n' "$server"
END
use good
check_status "one that works" 0 "pulled $private" as bob sudo -n LD_PRELOAD=/home/bob/evil.so EVIL=yes "$BUILD/podctl" /home/bob/web.yml
log=$(inside cat /home/bob/helper.log)
check "... ran as bob with bob's groups" grep -q '^uid=1234(bob) gid=1234(bob) groups=1234(bob)$' <<< "$log"
check "... without a capability" grep -qE '^CapEff:\s*0+$' <<< "$log"
check_equal "... in an environment of ours" "HOME=/home/bob LOGNAME=bob PATH=/usr/local/bin:/usr/bin:/bin USER=bob" \
	"$(grep -E '^[A-Z_]+=' <<< "$log" | grep -vE '^(PWD|OLDPWD|SHLVL|_)=' | sort | xargs)"
check_equal "... asked as docker asks" "args get server 127.0.0.1:5001" "$(grep -E '^(args|server) ' <<< "$log" | xargs)"
check "... without a terminal" grep -qx '?' <<< "$log"
check_equal "... and with nothing of ours open" "" "$(grep -xE '[0-9]+' <<< "$log" | awk '$1 > 3')"
forget
store() { printf '{"credsStore":"good"}' | login; }
store
check_status "as the store of all" 0 "pulled $private" bob /home/bob/web.yml
forget
helper bad <<< $'#!/bin/sh\necho s3cr3t-t0ken\nexit 3'
use bad
check_status "one that fails is a warning" 1 'docker-credential-bad: failed' bob /home/bob/web.yml
out=$(bob /home/bob/web.yml 2>&1)
check "... and its words are not shown" not grep -q s3cr3t <<< "$out"
helper none <<< $'#!/bin/sh\necho "credentials not found in native keychain"\nexit 1'
use none
out=$(bob /home/bob/web.yml 2>&1)
check "one that has nothing is none" not grep -q warning <<< "$out"
helper flood <<< $'#!/bin/sh\nexec cat /dev/zero'
use flood
check_status "one that floods is ended" 1 'says more than 65536 bytes' timeout 8 "$SANDBOX_CMD" exec "$SANDBOX" --user bob -- \
	sudo -n "$BUILD/podctl" /home/bob/web.yml
helper hang <<< $'#!/bin/sh\nsleep 98761 & exec sleep 98762'
use hang
check_status "one that hangs is ended" 1 'did not answer within' timeout 18 "$SANDBOX_CMD" exec "$SANDBOX" --user bob -- \
	sudo -n "$BUILD/podctl" /home/bob/web.yml
check_equal "... and what it started" "" "$(inside pgrep -u bob -f "sleep 9876[12]")"
use missing
check_status "one that is not there" 1 'docker-credential-missing: is not in' bob /home/bob/web.yml
use ../../../home/bob/evil
check_status "a path is no name" 1 'letters, digits, _ and -' bob /home/bob/web.yml
inside sudo -u bob sh -c 'mkdir -p ~/bin && printf "#!/bin/sh\nid > ~/ran\n" > ~/bin/docker-credential-own && chmod 755 ~/bin/docker-credential-own'
use own
check_status "... nor is one of bob's PATH run" 1 'is not in' as bob sudo -n PATH=/home/bob/bin:/usr/bin "$BUILD/podctl" /home/bob/web.yml
check "... it did not" not inside test -e /home/bob/ran
forget

note "progress"
inside docker rmi -f probe:latest > /dev/null 2>&1
pod probe:latest
check "on a terminal it is drawn in place" sh -c 'script -qec "$1" /dev/null < /dev/null | grep -q "$(printf "\033\\[J")"' sh \
	"$SANDBOX_CMD exec $SANDBOX --user bob -- sudo -n $BUILD/podctl /home/bob/web.yml"
forget
inside docker rmi -f probe:latest > /dev/null 2>&1
out=$(bob /home/bob/web.yml)
check_equal "into a pipe go lines" "pod web: pulling probe:latest" "$(head -n 1 <<< "$out")"
check "... without a control character" not grep -qP '[\x00-\x08\x0b-\x1f]' <<< "$out"
forget
pod 127.0.0.1:5009/nothing:1
check_status "no registry at all" 1 'image 127.0.0.1:5009/nothing:1: cannot pull it: .*refused' bob /home/bob/web.yml
e2e_end
