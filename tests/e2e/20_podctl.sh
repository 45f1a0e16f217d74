#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# podctl against a real engine: made, left alone, changed, refused, taken away.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

e2e_begin
put_config <<'END'
mount_root: /srv/pods
network_name: pods
port_whitelist: { 80: web, 8000-8001: web, 443: other }
guard: { required: true }
END
inside mkdir -p /srv/pods
ids() { inside docker ps -aq --no-trunc --filter label=podctl.pod="$1" | sort; }
id_of() { inside docker inspect -f '{{.Id}}' "$1"; }
field() { inside docker inspect -f "$2" "$1"; }

check_status "no guard where one is required: refused" 1 'guard' inside env \
	"$BUILD/podctl" apply "$REPO/tests/e2e/files/guard-required.yml"
netguard_start

cat <<'END' | put_file /root/web.yml
hostname: web-frontend
publish: ["80:80", "8000-8001:8000-8001/tcp"]
containers:
  app:
    image: busybox
    command: sh -c 'echo "hello $WHO" > /tmp/index.html && exec httpd -f -p 80 -h /tmp'
    environment: { WHO: "from the pod", QUOTED: "a b'c" }
    labels: { com.example.role: frontend }
    user: "1000:1000"
    restart: unless-stopped
    mounts: [{ source: data/files, target: /data }, { source: ., target: /all, readonly: true }]
  helper:
    image: busybox:latest
    entrypoint: [sleep]
    command: ["1000"]
END
check_status "check: valid" 0 '' podctl check /root/web.yml
check_status "plan: says what it would do, exit 2" 2 'web' podctl plan /root/web.yml
check_equal "plan makes nothing" "" "$(ids web)"
check "apply makes the pod" podctl /root/web.yml
check_equal "root, app and helper run" "web web.app web.helper" \
	"$(inside docker ps --format '{{.Names}}' --filter label=podctl.pod=web | sort | tr '\n' ' ' | sed 's/ $//')"

note "field by field against the engine's inspect"
root=$(id_of web)
check_equal "hostname" web-frontend "$(field web '{{.Config.Hostname}}')"
check_equal "network of a member is the root's" "container:$root" "$(field web.app '{{.HostConfig.NetworkMode}}')"
check_equal "IPC of a member is the root's" "container:$root" "$(field web.app '{{.HostConfig.IpcMode}}')"
check_equal "PID of a member is the root's" "container:$root" "$(field web.app '{{.HostConfig.PidMode}}')"
check_equal "user" 1000:1000 "$(field web.app '{{.Config.User}}')"
check_equal "restart policy" unless-stopped "$(field web.app '{{.HostConfig.RestartPolicy.Name}}')"
check_equal "our label and the file's" "web app frontend" \
	"$(field web.app '{{index .Config.Labels "podctl.pod"}} {{index .Config.Labels "podctl.container"}} {{index .Config.Labels "com.example.role"}}')"
check_equal "the root's id in a member's label" "$root" "$(field web.app '{{index .Config.Labels "podctl.root-container-id"}}')"
check_equal "command as words" '["sleep"] ["1000"]' "$(field web.helper '{{json .Config.Entrypoint}} {{json .Config.Cmd}}')"
check_equal "port bindings" "80/tcp 80 8000/tcp 8000 8001/tcp 8001 " \
	"$(field web '{{range $p, $b := .HostConfig.PortBindings}}{{$p}} {{(index $b 0).HostPort}} {{end}}')"
check "no new privileges" grep -q no-new-privileges <<< "$(field web.app '{{.HostConfig.SecurityOpt}}')"
check "NET_RAW and MKNOD are dropped" sh -c 'echo "$1" | grep -q NET_RAW && echo "$1" | grep -q MKNOD' sh \
	"$(field web.app '{{.HostConfig.CapDrop}}')"
check_equal "a mount's source is made, owned by the containers' root" "$ROOT_UID:755" "$(inside stat -c %u:%a /srv/pods/web/data/files)"
check "the file is seen inside" inside sh -c 'echo hi > /srv/pods/web/data/files/f && [ "$(docker exec web.app cat /data/f)" = hi ]'
check "a readonly mount is" not inside docker exec -u 0 web.app touch /all/x
check "the pod answers" inside sh -c 'for i in $(seq 50); do
	wget -qO- http://192.0.2.10/index.html 2>/dev/null | grep -q "hello from the pod" && exit 0
	busybox wget -qO- http://192.0.2.10/index.html 2>/dev/null | grep -q "hello from the pod" && exit 0; sleep 0.1; done; exit 1'

note "converging"
before=$(ids web)
check_status "a second apply changes nothing and says so" 0 'nothing to change|unchanged' podctl /root/web.yml
check_equal "... not one container is new" "$before" "$(ids web)"
check_status "plan: clean, exit 0" 0 '' podctl plan /root/web.yml
app=$(id_of web.app) helper=$(id_of web.helper)
inside sed -i 's/"1000"\]/"1001"]/' /root/web.yml
check "apply with one container changed" podctl /root/web.yml
check_equal "the other one stays" "$app" "$(id_of web.app)"
check_equal "the root stays" "$root" "$(id_of web)"
check "the changed one is new" test "$helper" != "$(id_of web.helper)"
inside sh -c 'sed -i "/^  helper:/,\$d" /root/web.yml'
check "apply without the helper" podctl /root/web.yml
check "a stale container goes" not inside docker inspect web.helper
inside docker stop -t 0 web.app > /dev/null
check "apply with a container stopped" podctl /root/web.yml
check_equal "... starts it" true "$(field web.app '{{.State.Running}}')"
inside docker rm -f web > /dev/null
check "apply with the root gone" podctl /root/web.yml
check_equal "... makes the pod again" "container:$(id_of web)" "$(field web.app '{{.HostConfig.NetworkMode}}')"
inside sed -i 's/hostname: web-frontend/hostname: web-other/' /root/web.yml
check "apply with the root changed" podctl /root/web.yml
check_equal "... its hostname" web-other "$(field web '{{.Config.Hostname}}')"
check_equal "... members on the new root" "container:$(id_of web)" "$(field web.app '{{.HostConfig.NetworkMode}}')"

note "what is not ours is not touched"
inside docker run -d --name foreign.app busybox sleep 1000 > /dev/null
foreign=$(id_of foreign.app)
printf 'containers: { app: { image: busybox, command: [sleep, "9"] } }\n' | put_file /root/foreign.yml
check_status "a container by hand that bears our name: refused" 1 'foreign.app' podctl /root/foreign.yml
check_equal "... and untouched" "$foreign" "$(id_of foreign.app)"
check_equal "... still running" true "$(field foreign.app '{{.State.Running}}')"
check_status "down of a pod that never was" 0 '' podctl down nothing
inside docker run -d --name liar --label podctl.pod=web2 busybox sleep 1000 > /dev/null
check "down of another pod leaves it" podctl down web3
check "... running" inside docker inspect liar

note "refused before anything is touched"
refuse() { # NAME PATTERN, file on stdin
	put_file /root/bad.yml
	check_status "$1" 1 "$2" podctl /root/bad.yml
}
refuse "a port of another pod names it" 'bad.yml:1:.*443.*other' <<< 'publish: ["443:443"]
containers: { app: { image: busybox } }'
refuse "a port on no whitelist" 'bad.yml:1:.*9999' <<< 'publish: ["9999:9999"]
containers: { app: { image: busybox } }'
refuse "privileged: policy" 'policy' <<< 'containers: { app: { image: busybox, privileged: true } }'
refuse "devices: policy" 'policy' <<< 'containers: { app: { image: busybox, devices: [/dev/mem] } }'
refuse "a limit that the engine would refuse" 'limits.memory: must be at least 6M' <<< 'containers: { app: { image: busybox, limits: { memory: 1M } } }'
refuse "an unknown key, the nearest one named" 'image' <<< 'containers: { app: { imaeg: busybox } }'
refuse "a source outside the pod" 'source' <<< 'containers: { app: { image: busybox, mounts: [{ source: ../other, target: /x }] } }'
refuse "a target over /proc" 'target|/proc' <<< 'containers: { app: { image: busybox, mounts: [{ source: x, target: /proc/x }] } }'
refuse "an unquoted number says how to quote" '"1"|quot' <<< 'containers: { app: { image: busybox, environment: { A: 1 } } }'
refuse "all errors at once" 'bad.yml:3' <<< 'containers:
  app: { imaeg: busybox }
  b: { image: busybox, foo: 1 }'
inside mkdir -p /srv/pods/bad
inside ln -s / /srv/pods/bad/link
refuse "a link that a container planted is not followed" 'link' <<< 'containers: { app: { image: busybox, mounts: [{ source: link/etc, target: /x }] } }'
check_equal "nothing was made of all that" "" "$(ids bad)"
check_status "no file" 1 'No config file specified' podctl
check_status "a command that was mistyped" 1 "no such command: statsu .*; did you mean 'status'\\?" podctl statsu web
check_status "what others call it" 1 "no such command: rm .*; did you mean 'down'\\?" podctl rm web
check_status "neither a command nor a file" 1 "wanted is the pod's file" podctl nosuch
check_status "... a command that was mistyped, and nothing else" 1 "wanted is the pod's file.*did you mean 'status'" podctl statsu
check_status "... by a user" 1 "wanted is the pod's file.*did you mean 'status'" as bob "$BUILD/podctl" statsu
check_status "an option of another command" 1 'stop does not take --follow' podctl stop -f web
check_status "an apply without root" 1 'apply needs root: sudo podctl web.yml' as bob "$BUILD/podctl" web.yml
check_status "a question without root" 1 'Permission denied: run podctl by sudo' as bob "$BUILD/podctl" status
check_status "an unknown option" 1 'podctl: ' podctl --no-such /root/web.yml
check_status "an image that is not there" 1 'nosuchimage' sh -c '
	printf "containers: { app: { image: nosuchimage } }\n" > "$1"; shift; exec "$@"' sh \
	"$SANDBOX/noimage.yml" "$SANDBOX_CMD" exec "$SANDBOX" -- "$BUILD/podctl" "$SANDBOX/noimage.yml"

note "whose rights: under real sudo, as an unprivileged user"
printf 'bob ALL=(root) NOPASSWD:SETENV: %s/podctl\n' "$BUILD" | put_file /etc/sudoers.d/podctl
inside chmod 440 /etc/sudoers.d/podctl
inside sh -c 'echo "secret: s3cr3t-t0ken" > /root/secret && chmod 600 /root/secret && chmod 700 /root &&
	cp /root/web.yml /home/bob/web.yml && chown bob: /home/bob/web.yml && ln -s /root/secret /home/bob/link.yml &&
	mkfifo /home/bob/fifo.yml'
check_status "bob applies his file" 0 '' as bob sudo -n "$BUILD/podctl" /home/bob/web.yml
check_status "a link to root's file is refused" 1 'link.yml' as bob sudo -n "$BUILD/podctl" /home/bob/link.yml
out=$(as bob sudo -n "$BUILD/podctl" /home/bob/link.yml 2>&1)
check "... and tells nothing of it" not grep -q s3cr3t <<< "$out"
check_status "a FIFO does not hang" 1 'regular' timeout 5 "$SANDBOX_CMD" exec "$SANDBOX" --user bob -- sudo -n "$BUILD/podctl" /home/bob/fifo.yml
check_status "the caller's environment names no other engine" 0 '' \
	as bob sudo -n DOCKER_HOST=tcp://127.0.0.1:1 NETGUARD_CONFIG=/home/bob/evil.yml "$BUILD/podctl" check /home/bob/web.yml

note "what a hostile user tries: the configuration's rules, and root on the host"
put_config <<'END'
mount_root: /srv/pods
network_name: pods
port_whitelist: { 80: web }
policy: { images: ["docker.io/library/*"], require_user: true, labels_reserved: [traefik.] }
END
inside sh -c 'docker create --name plain busybox true && docker commit plain secret/private:1 &&
	docker commit -c "LABEL traefik.enable=true" plain docker.io/library/labelled:1 &&
	sed "s/^root:/app:/" /etc/passwd > /tmp/e2e-passwd && docker cp /tmp/e2e-passwd plain:/etc/passwd &&
	rm /tmp/e2e-passwd && docker commit plain docker.io/library/named:1 && docker rm plain' > /dev/null
private=$(field secret/private:1 '{{.Id}}')
refuse "an image of others by its name" 'policy forbids this image' <<< 'containers: { app: { image: "secret/private:1", user: "1000" } }'
refuse "... and by the beginning of its id" 'is the id of an image' <<< "containers: { app: { image: \"${private:0:19}\", user: '1000' } }"
refuse "a reserved label in other letters" 'policy forbids labels' <<< 'containers: { app: { image: busybox, user: "1000", labels: { Traefik.enable: "true" } } }'
refuse "... and brought by an image" 'labelled:1 brings the label traefik.enable' <<< 'containers: { app: { image: "labelled:1", user: "1000" } }'
refuse "root as -0" 'policy wants a user' <<< 'containers: { app: { image: busybox, user: "-0" } }'
refuse "root by a name that the image gives it" 'policy wants a user' <<< 'containers: { app: { image: "named:1", user: app } }'
check_equal "nothing was made of all that" "" "$(ids bad)"
put_config <<'END'
mount_root: /srv/pods
network_name: pods
port_whitelist: { 80: web }
END
inside chmod 0755 /srv/pods
refuse "mounts where users of the host could run what containers leave there" 'mount_root /srv/pods: can be reached by users' \
	<<< 'containers: { app: { image: busybox, mounts: [{ source: d, target: /d }] } }'
inside sh -c 'mount --bind /srv/pods /srv/pods && mount -o remount,bind,nosuid,nodev /srv/pods'
cat <<'END' | put_file /root/bad.yml
containers:
  app:
    image: busybox
    command: [sh, -c, "cp /bin/busybox /d/id && chmod 4755 /d/id && sleep 1000"]
    mounts: [{ source: d, target: /d }]
END
check "... but on a mount without set-user-id files" podctl /root/bad.yml
check "... where such a file" wait_for 5 inside test -u /srv/pods/bad/d/id
check_equal "... gives nobody root's rights" 1234 "$(as bob /srv/pods/bad/d/id -u)"
inside umount /srv/pods
check "down" podctl down bad
inside chmod 0700 /srv/pods
check_equal "... and behind root's own folder it is not to be had" "" "$(as bob cat /srv/pods/bad/d/id 2>/dev/null)"

note "rights that are taken away while podctl waits are gone"
cat <<'END' | put_file /root/web.yml
publish: ["80:80"]
containers: { app: { image: busybox, command: [sleep, "1000"] } }
END
inside sh -c 'exec 9> /run/podctl/locks/web && flock 9 && touch /run/locked && sleep 3' &
wait_for 5 inside test -e /run/locked
podctl /root/web.yml > "$SANDBOX/waiting" 2>&1 &
waiting=$!
check "an apply waits for another" wait_for 2 grep -q waiting "$SANDBOX/waiting"
put_config <<'END'
mount_root: /srv/pods
network_name: pods
port_whitelist: { 80: other }
END
wait "$waiting"
check_equal "... and is refused once the port is another pod's" 1 $?
check "... saying why" grep -q 'changed meanwhile' "$SANDBOX/waiting"
put_config <<'END'
mount_root: /srv/pods
network_name: pods
port_whitelist: { 80: web }
END
out=$(inside sh -c 'echo "s3cr3t_key: 1" > /etc/netguard.yml.new && chmod 600 /etc/netguard.yml.new &&
	cp -p /etc/netguard.yml /root/saved && mv /etc/netguard.yml.new /etc/netguard.yml'
	as bob sudo -n "$BUILD/podctl" check /home/bob/web.yml 2>&1)
check "an invalid configuration is not shown to its users" sh -c \
	'echo "$1" | grep -q "configuration is invalid" && ! echo "$1" | grep -q s3cr3t' sh "$out"
inside mv /root/saved /etc/netguard.yml
check_status "set-user-id: refused" 1 'set-user-id' sh -c 'install -m 4755 "$1/podctl" "$2/home/podctl"; shift 2
	exec "$@" /home/podctl check /home/bob/web.yml' sh "$BUILD" "$SANDBOX" "$SANDBOX_CMD" exec "$SANDBOX" --user bob --
inside sh -c 'timeout 5 busybox nc -l -p 2399 > /run/first & sleep 0.3
	DOCKER_HOST=tcp://127.0.0.1:2399 DOCKER_TLS_VERIFY=1 timeout 2 "$1" status > /dev/null 2>&1; wait' sh "$BUILD/podctl"
check "DOCKER_TLS_VERIFY: nothing is said in the clear" inside sh -c 'test -s /run/first && ! grep -qa HTTP /run/first'
inside rm -f /root/web.yml && put_file /root/web.yml <<< 'containers: { app: { image: busybox, command: [sleep, "1000"], mounts: [{ source: ., target: /x }] } }'
check_status "a file that may not grow: the pod is made all the same, and exit 1 says what was not said" 1 '' \
	inside sh -c 'ulimit -f 0; "$1" /root/web.yml > /run/full' sh "$BUILD/podctl"
check_status "... so there is nothing to change" 0 'nothing to change' podctl /root/web.yml
check_status "a full disk" 1 'standard output: No space left on device' inside sh -c '"$1" status > /dev/full' sh "$BUILD/podctl"

note "status and down"
check_status "status shows the pod" 0 'web\.app|app' podctl status web
check "status --json is JSON" sh -c '"$@" | jq -e . > /dev/null' sh "$SANDBOX_CMD" exec "$SANDBOX" -- "$BUILD/podctl" status --json web
check "down" podctl down web
check_equal "nothing of the pod is left" "" "$(ids web)"
check "... and no mount of ours" not inside grep -q /run/podctl/mounts/web /proc/self/mountinfo
check_status "down again: fine" 0 '' podctl down /root/web.yml
e2e_end
