#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# netguard authz before a real engine: what a user of the socket may do, and attempts to get round
# it. Each attempt stands beside a request of the same kind that is allowed, so that none is refused
# for another reason; in the end every container there is must be one that was allowed.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/e2e/lib.sh

e2e_begin --dockerd-arg --live-restore
put_config <<'END'
mount_root: /srv/pods
guard: {required: false}
pods: {shop: {users: [bob]}}
port_whitelist: {8081: shop}
engine_policy:
  bind_roots: [/srv/share]
  capabilities: [NET_BIND_SERVICE]
  publish: [18000-18009]
  exempt: [admin.example.com]
  clients:
    ci.example.com: {capabilities: [SYS_PTRACE], endpoints: [ping, image-inspect, container-create]}
END
# ---- what root has on this host ----
inside docker pull -q busybox > /dev/null
# image NAME CHANGE: busybox with another configuration
image() { inside sh -c 'id=$(docker create busybox) && docker commit --change "$2" "$id" "$1" && docker rm "$id"' sh "$@" > /dev/null || fail "image $1"; }
image numbered 'USER 1000:1000'
image named 'USER nobody'
image ours 'LABEL podctl.pod=web'
image composed 'LABEL com.docker.compose.project=shop'
inside sh -c 'id=$(docker create busybox sh -c "rm /etc/passwd; mkfifo /etc/passwd") && docker start -a "$id" && docker commit "$id" fifo && docker rm "$id"' \
	> /dev/null || fail "image fifo"
inside mkdir -p /srv/pods /srv/share/bob/sub /srv/share/open/sub /etc/docker
inside ln -s /etc /srv/share/link
inside sh -c 'chown -R bob /srv/share/bob; chmod 777 /srv/share/open; chmod 666 /run/docker.sock
	mkfifo /srv/share/fifo; echo secret > /srv/share/file'
inside docker volume create -d local -o type=none -o o=bind -o device=/ hostroot > /dev/null
inside docker volume create plain > /dev/null
inside docker network create -d macvlan -o parent=eth0 --subnet 10.99.0.0/24 vlan > /dev/null || fail "a macvlan network"
inside docker create --name privbox --privileged busybox sleep 1000 > /dev/null
inside docker run -d --name rootbox -v rootdata:/data busybox sleep 1000 > /dev/null
inside docker run -d --name plainbox --user 1000 --security-opt no-new-privileges busybox sleep 1000 > /dev/null
inside docker run -d --name shop-1 --label com.docker.compose.project=shop -v shopdata:/data --user 1000 --security-opt no-new-privileges busybox sleep 1000 > /dev/null
put_file /root/web.yml <<'END'
containers:
  app: {image: busybox, update_image: false, command: sleep 1000, user: "1000:1000"}
END
check "a pod of podctl's" podctl /root/web.yml
HOSTNET=$(inside docker network inspect -f '{{.Id}}' host)
ROOTBOX=$(inside docker inspect -f '{{.Id}}' rootbox)
PREFIXED=$(inside docker create --name "${ROOTBOX:0:12}" --user 1000 --security-opt no-new-privileges busybox sleep 1000)
# certificates for the engine and two clients
certs() {
	mkdir -p /run/certs && cd /run/certs || return
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=ca -keyout ca.key -out ca.pem
	for name in 127.0.0.1 ci.example.com admin.example.com other.example.com; do
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" -keyout "$name.key" -out "$name.csr"
		openssl x509 -req -in "$name.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out "$name.pem" \
			-extfile <(echo subjectAltName=IP:127.0.0.1)
	done
}
inside bash -c "$(declare -f certs); certs" > "$SANDBOX/certs.log" 2>&1 || fail "certificates"

# ---- the engine asks from now on ----
authz_start() {
	inside sh -c 'echo $$ > /run/authz.pid; exec "$1" authz >> "$2" 2>&1' sh "$BUILD/netguard" "$SANDBOX/authz.log" &
	wait_for 10 inside test -S /run/docker/plugins/netguard.sock || fail "netguard authz starts"
}
authz_stop() {
	local pid
	pid=$(inside cat /run/authz.pid)
	kill "$pid" && wait_for 10 not kill -0 "$pid"
}
put_file /etc/docker/daemon.json <<< '{"authorization-plugins": ["netguard"]}'
"$SANDBOX_CMD" engine "$SANDBOX" stop
authz_start
printf '%s\n' -H tcp://127.0.0.1:2376 --tlsverify --tlscacert=/run/certs/ca.pem --tlscert=/run/certs/127.0.0.1.pem \
	--tlskey=/run/certs/127.0.0.1.key >> "$SANDBOX/conf/dockerd-args"
check "the engine starts with its plugin" "$SANDBOX_CMD" engine "$SANDBOX" start
inside chmod 666 /run/docker.sock
inside sh -c 'mkdir -m 700 /run/docker-admin; printf "{\"HttpHeaders\": {\"Netguard-Token\": \"%s\"}}" \
	"$(cat /run/netguard-authz/token)" > /run/docker-admin/config.json'
ROOTS_EXEC=$(inside curl -s --unix-socket /run/docker.sock -H 'Content-Type: application/json' \
	-H "Netguard-Token: $(inside cat /run/netguard-authz/token)" -d '{"Cmd": ["id"], "User": "0", "Privileged": true, "AttachStdout": true}' http://e/containers/plainbox/exec | jq -r .Id)
admin() { inside docker --config /run/docker-admin "$@"; }
check "root's docker with the token may do anything" admin create --privileged --name privbox2 -v /:/host busybox
check "podctl goes on: apply" podctl /root/web.yml
check "podctl goes on: status" podctl status web
check "podctl goes on: exec" podctl exec app web -- id
check_status "the token is root's alone" 1 'Permission denied' as bob cat /run/netguard-authz/token

# ---- requests of bob's, in one shell inside ----
# ok NAME METHOD URI [CURL-ARG...]: done;  no NAME PATTERN METHOD URI [CURL-ARG...]: refused by us, saying so
# shellcheck disable=SC2016 # for the shell inside
REQUESTS='
out=$(mktemp)
trap "rm -f $out" EXIT
ask() { local method=$1 uri=$2; shift 2; curl -s -m 20 --path-as-is -o "$out" -w "%{http_code}" -X "$method" --unix-socket /run/docker.sock "$@" "http://e$uri"; }
say() { echo "$1	$2	$(head -c 300 "$out" | tr -c "[:print:]" " ")"; }
ok() { local name=$1 code; shift; code=$(ask "$@"); case $code in 1* | 2* | 3*) say pass "$name" ;; *) say fail "$name: wanted to be allowed, got $code" ;; esac; }
no() {
	local name=$1 pattern=$2 code
	shift 2
	code=$(ask "$@")
	case $code in
	403) if grep -q "denied by plugin netguard: .*$pattern" "$out"; then say pass "$name"; else say fail "$name: wanted /$pattern/"; fi ;;
	# what newer engines do not have any more
	404) if grep -q "page not found" "$out"; then say pass "$name (no such page)"; else say fail "$name: wanted to be refused, got $code"; fi ;;
	*) say fail "$name: wanted to be refused, got $code" ;;
	esac
}
# lost NAME ...: the engine itself knows no such thing, and does nothing
lost() { local name=$1 code; shift; code=$(ask "$@"); case $code in 301 | 404) say pass "$name" ;; *) say fail "$name: wanted no such page, got $code" ;; esac; }
J="Content-Type: application/json" E="Content-Length: 0" C=/v1.41/containers/create
NNP="\"SecurityOpt\":[\"no-new-privileges\"]" U="\"Image\":\"busybox\",\"User\":\"1000\",\"Cmd\":[\"sleep\",\"1000\"]"
new() { echo "$C?name=new$RANDOM$RANDOM"; }
# host WHAT: a body with this in its HostConfig; top WHAT: with this beside it
host() { echo "{$U,\"HostConfig\":{$NNP,$1}}"; }
top() { echo "{$1,\"HostConfig\":{$NNP}}"; }
# pair NAME PATTERN BAD-HOSTCONFIG GOOD-HOSTCONFIG
pair() {
	no "$1" "$2" POST "$(new)" -H "$J" -d "$(host "$3")"
	ok "... but $4" POST "$(new)" -H "$J" -d "$(host "$4")"
}
pair_top() {
	no "$1" "$2" POST "$(new)" -H "$J" -d "$(top "$3")"
	ok "... but $4" POST "$(new)" -H "$J" -d "$(top "$4")"
}
'
{
	printf '%s\n' "$REQUESTS"
	printf 'ROOTS_EXEC=%s HOSTNET=%s ROOTBOX=%s PREFIXED=%s\n' "$ROOTS_EXEC" "$HOSTNET" "$ROOTBOX" "$PREFIXED"
	cat <<'END'
# -- what a container may be
pair privileged "privileged containers" '"Privileged":true' '"Privileged":false'
pair "privileged in other case" "privileged containers" '"pRIVILEGED":true' '"pRIVILEGED":false'
pair "privileged as a number" "privileged containers" '"Privileged":1' '"Privileged":null'
pair "a capability" "SYS_ADMIN" '"CapAdd":["SYS_ADMIN"]' '"CapAdd":["NET_BIND_SERVICE"]'
pair "all capabilities" "capability ALL" '"CapAdd":["ALL"]' '"CapDrop":["ALL"]'
for opt in seccomp=unconfined apparmor=unconfined label=disable systempaths=unconfined; do
	no "$opt" "option ${opt%%=*}" POST "$(new)" -H "$J" -d "{$U,\"HostConfig\":{\"SecurityOpt\":[\"no-new-privileges\",\"$opt\"]}}"
done
pair "the host's network" "host's network" '"NetworkMode":"host"' '"NetworkMode":"none"'
pair "the host's network by its id" "whole name" "\"NetworkMode\":\"$HOSTNET\"" '"NetworkMode":"pods"'
pair "the host's network by the beginning of its id" "whole name" "\"NetworkMode\":\"${HOSTNET:0:12}\"" '"NetworkMode":"bridge"'
pair "a network past the guard" "only bridges" '"NetworkMode":"vlan"' '"NetworkMode":"default"'
pair "another's network" "not a name" '"NetworkMode":"container:web"' '"NetworkMode":""'
pair "the host's processes" "namespace" '"PidMode":"host"' '"PidMode":""'
pair "another's processes" "namespace" '"PidMode":"container:rootbox"' '"PidMode":null'
pair "the host's ipc" "namespace" '"IpcMode":"host"' '"IpcMode":"private"'
pair "the host's name" "namespace" '"UTSMode":"host"' '"UTSMode":""'
pair "the host's users" "user namespace" '"UsernsMode":"host"' '"UsernsMode":""'
pair "the host's cgroups" "namespace" '"CgroupnsMode":"host"' '"CgroupnsMode":"private"'
pair "a device" "devices" '"Devices":[{"PathOnHost":"/dev/null","PathInContainer":"/dev/x","CgroupPermissions":"rwm"}]' '"Devices":[]'
pair "a rule for devices" "devices" '"DeviceCgroupRules":["a *:* rwm"]' '"DeviceCgroupRules":null'
pair "a graphics card" "devices" '"DeviceRequests":[{"Driver":"nvidia","Count":-1}]' '"DeviceRequests":[]'
pair "kernel parameters" "kernel parameters" '"Sysctls":{"net.ipv4.ip_forward":"1"}' '"Sysctls":{}'
pair "nothing masked" "hidden of the kernel" '"MaskedPaths":[]' '"MaskedPaths":null'
pair "nothing read-only" "hidden of the kernel" '"ReadonlyPaths":[]' '"ReadonlyPaths":null'
pair "its own cgroup" "cgroup" '"CgroupParent":"/"' '"CgroupParent":""'
pair "another runtime" "runtime runc" '"Runtime":"runc"' '"Runtime":""'
pair "a score below 0" "OomScoreAdj" '"OomScoreAdj":-1' '"OomScoreAdj":1'
pair "a log that is sent" "log driver" '"LogConfig":{"Type":"syslog","Config":{"syslog-address":"unixgram:///dev/log"}}' '"LogConfig":{"Type":"json-file","Config":{"max-size":"1m"}}'
pair "a line of the log that takes all memory" "only values like" '"LogConfig":{"Type":"json-file","Config":{"tag":"{{pad .ID 70368744177664 0}}"}}' '"LogConfig":{"Type":"json-file","Config":{"tag":"{{.Name}}"}}'
pair "a line of another service's in the journal" "another service" '"LogConfig":{"Type":"journald","Config":{"labels":"OBJECT_SYSTEMD_UNIT"}}' '"LogConfig":{"Type":"journald","Config":{}}'
pair "... by a variable" "another service" '"LogConfig":{"Type":"journald","Config":{"env":"OBJECT_SYSTEMD_UNIT"}}' '"LogConfig":{"Type":"json-file","Config":{"env":"LEVEL"}}'
pair "... by the name of who wrote it" "another service" '"LogConfig":{"Type":"journald","Config":{"tag":"sshd"}}' '"LogConfig":{"Type":"json-file","Config":{"tag":"sshd"}}'
pair "... where the engine's own driver may be journald" "another service" '"LogConfig":{"Type":"","Config":{"tag":"sshd"}}' '"LogConfig":{"Type":"","Config":{}}'
pair "lines of the log that wait in the engine's memory" "only blocking" '"LogConfig":{"Type":"json-file","Config":{"mode":"non-blocking"}}' '"LogConfig":{"Type":"json-file","Config":{"mode":"blocking"}}'
pair "a million files for each line of the log" "at most 100" '"LogConfig":{"Type":"json-file","Config":{"max-size":"1","max-file":"1000000"}}' '"LogConfig":{"Type":"json-file","Config":{"max-size":"1m","max-file":"3"}}'
pair "another's mounts" "mounts of another" '"VolumesFrom":["rootbox"]' '"VolumesFrom":null'
pair "a port" "22/tcp" '"PortBindings":{"22/tcp":[{"HostPort":"22"}]}' '"PortBindings":{"80/tcp":[{"HostPort":"18000"}]}'
pair "a port of the engine's choice" "must be named" '"PublishAllPorts":true' '"PublishAllPorts":false'
pair "... by no list" "must be named" '"PortBindings":{"80/tcp":null}' '"PortBindings":null'
# -- mounts
pair "a mount in another's" "inside of the one at /a," '"Binds":["/srv/share:/a","/srv/share/bob:/a/swap/x"]' '"Binds":["/srv/share:/a","/srv/share/bob:/b/swap/x"]'
pair "a volume in a mount" "inside of the one at /a," '"Mounts":[{"Type":"bind","Source":"/srv/share","Target":"/a"},{"Type":"volume","Target":"/a/swap/x"}]' '"Mounts":[{"Type":"volume","Target":"/a"}]'
pair "where the engine mounts its own" "inside of the one at /etc," '"Binds":["/srv/share:/etc"]' '"Binds":["/srv/share/file:/etc/file"]'
pair "all of the host" "not below" '"Binds":["/:/host"]' '"Binds":["/srv/share:/host"]'
pair "the host's users" "not below" '"Binds":["/etc/passwd:/p"]' '"Binds":["/srv/share/file:/p:ro"]'
pair "past the root by .." "absolute path" '"Binds":["/srv/share/../../etc:/x"]' '"Binds":["/srv/share/bob:/x"]'
pair "a folder beside the root" "not below" '"Binds":["/srv/share2:/x"]' '"Binds":["/srv/share/open:/x"]'
pair "a link" "is a link" '"Binds":["/srv/share/link:/x"]' '"Binds":["/srv/share/bob:/x:ro"]'
pair "through a link" "is a link" '"Binds":["/srv/share/link/cron.d:/x"]' '"Binds":["plain:/x:nocopy"]'
pair "in a folder of one's own, where a link can come" "could be exchanged" '"Binds":["/srv/share/bob/sub:/x"]' '"Binds":["fresh1:/x"]'
pair "in a folder that all can write" "could be exchanged" '"Binds":["/srv/share/open/sub:/x"]' '"Binds":["fresh2:/x"]'
pair "what is no file" "neither a folder nor a file" '"Binds":["/srv/share/fifo:/x"]' '"Tmpfs":{"/x":"size=1m"}'
pair "what is not there" "make it first" '"Binds":["/srv/share/new:/x"]' '"Mounts":[{"Type":"tmpfs","Target":"/x"}]'
pair "a tmpfs that changes what is mounted there" "the tmpfs /sys/" '"Tmpfs":{"/sys/":"remount,rw"}' '"Tmpfs":{"/x":"rw,size=1m,mode=700"}'
pair "mounts that spread" "of modes" '"Binds":["/srv/share:/x:rshared"]' '"Binds":["/srv/share:/x:rprivate"]'
pair "another sort of mount" "not below" '"Mounts":[{"Type":"bind","Source":"/etc","Target":"/x"}]' '"Mounts":[{"Type":"bind","Source":"/srv/share","Target":"/x"}]'
pair "a mount in other case" "not below" '"mounts":[{"TYPE":"bind","source":"/etc","target":"/x"}]' '"mounts":[{"TYPE":"bind","source":"/srv/share","target":"/x"}]'
pair "a volume that is the host" "something else of the host" '"Binds":["hostroot:/x"]' '"Mounts":[{"Type":"volume","Source":"plain","Target":"/x","VolumeOptions":{"NoCopy":true}}]'
pair "a volume made to be the host" "mount the host" '"Mounts":[{"Type":"volume","Source":"mine","Target":"/x","VolumeOptions":{"DriverConfig":{"Name":"local","Options":{"type":"none","o":"bind","device":"/"}}}}]' '"Mounts":[{"Type":"volume","Source":"fresh3","Target":"/x","VolumeOptions":{"NoCopy":true}}]'
pair "a volume of a container of root's" "belongs to another container" '"Binds":["rootdata:/x"]' '"Binds":["plain:/x:nocopy"]'
pair "a volume of one of a pod of the configuration" "belongs to another container" '"Binds":["shopdata:/x"]' '"Binds":["plain:/x:nocopy"]'
pair "a volume that others have, to be filled by the engine" "mount it with nocopy" '"Binds":["plain:/x"]' '"Binds":["fresh5:/x"]'
no "such a volume by itself" "mount the host" POST /volumes/create -H "$J" -d '{"Name":"evil","DriverOpts":{"type":"none","o":"bind","device":"/"}}'
ok "... but a plain one" POST /volumes/create -H "$J" -d '{"Name":"fresh4"}'
# -- users
pair_top "root" "must be a number" '"Image":"busybox","User":"root"' '"Image":"busybox","User":"1"'
pair_top "0" "must be a number" '"Image":"busybox","User":"0:1000"' '"Image":"busybox","User":"1000:1000"'
pair_top "+0, a number to Go" "must be a number" '"Image":"busybox","User":"+0"' '"Image":"numbered","User":""'
pair_top "the image's root" "image's user is root" '"Image":"busybox"' '"Image":"numbered"'
pair_top "a name of the image's" "image's user is nobody" '"Image":"named"' '"Image":"named","User":"65534"'
no "set-user-id programs" "no-new-privileges" POST "$(new)" -H "$J" -d "{$U}"
no "... asked for" "no-new-privileges:false" POST "$(new)" -H "$J" -d "{$U,\"HostConfig\":{\"SecurityOpt\":[\"no-new-privileges:false\"]}}"
# -- who it is taken for
pair_top "a label of podctl's" "reserved" "$U,\"Labels\":{\"podctl.pod\":\"web\"}" "$U,\"Labels\":{\"a.b\":\"web\"}"
pair_top "such an image" "reserved" '"Image":"ours","User":"1"' '"Image":"numbered","User":"1"'
pair_top "a project that is a pod" "pod shop" "$U,\"Labels\":{\"com.docker.compose.project\":\"shop\"}" "$U,\"Labels\":{\"com.docker.compose.project\":\"mine\"}"
pair_top "such an image" "pod shop" '"Image":"composed","User":"1"' '"Image":"composed","User":"1","Labels":{"com.docker.compose.project":"mine"}'
pair_top "a project that is a pod of podctl's" "podctl.s" "$U,\"Labels\":{\"com.docker.compose.project\":\"web\"}" "$U,\"Labels\":{\"com.docker.compose.project\":\"web2\"}"
no "the name of a pod" "pod shop" POST "$C?name=shop" -H "$J" -d "$(top "$U")"
no "a name within one" "podctl.s" POST "$C?name=web.x" -H "$J" -d "$(top "$U")"
ok "... but another" POST "$C?name=shopper" -H "$J" -d "$(top "$U")"
pair_top "a name on the network that is a pod's" "podctl.s" "$U,\"NetworkingConfig\":{\"EndpointsConfig\":{\"pods\":{\"Aliases\":[\"web\"]}}}" \
	"$U,\"NetworkingConfig\":{\"EndpointsConfig\":{\"pods\":{\"Aliases\":[\"weba\"]}}}"
pair_top "... in other case" "podctl.s" "$U,\"NetworkingConfig\":{\"EndpointsConfig\":{\"pods\":{\"Aliases\":[\"WEB\"]}}}" \
	"$U,\"NetworkingConfig\":{\"EndpointsConfig\":{\"pods\":{\"Aliases\":[\"web_1\"]}}}"
pair_top "a name of the world there" "must be letters" "$U,\"NetworkingConfig\":{\"EndpointsConfig\":{\"pods\":{\"Aliases\":[\"deb.debian.org\"]}}}" \
	"$U,\"NetworkingConfig\":{\"EndpointsConfig\":{\"pods\":{\"Aliases\":[\"deb\"]}}}"
pair_top "a host name that is a pod's" "pod shop" "$U,\"Hostname\":\"Shop\"" "$U,\"Hostname\":\"shopper\""
pair_top "... of podctl's" "podctl.s" "$U,\"Hostname\":\"web-host1\"" "$U,\"Hostname\":\"host1\""
pair_top "... of the world" "must be letters" "$U,\"Hostname\":\"deb.debian.org\"" "$U,\"Hostname\":\"\""
no "a name of the world" "must be letters" POST "$C?name=deb.debian.org" -H "$J" -d "$(top "$U")"
no "a pod's name in other case" "pod shop" POST "$C?name=SHOP" -H "$J" -d "$(top "$U")"
no "... of podctl's" "podctl.s" POST "$C?name=Web" -H "$J" -d "$(top "$U")"
# -- how it is said
B=$(top "$U") P="{$U,\"HostConfig\":{$NNP,\"Privileged\":true}}"
no "a key twice" "key twice" POST "$(new)" -H "$J" -d "{$U,\"HostConfig\":{$NNP,\"Privileged\":false,\"Privileged\":true}}"
no "a key twice, in other case" "twice" POST "$(new)" -H "$J" -d "{$U,\"HostConfig\":{$NNP},\"hostconfig\":{\"Privileged\":true}}"
no "a key with the Kelvin sign" "not a field" POST "$(new)" -H "$J" -d "$(host "\"Networ$(printf '\342\204\252')Mode\":\"host\"")"
no "a key with a long s" "not a field" POST "$(new)" -H "$J" -d "{$U,\"Ho$(printf '\305\277')tConfig\":{\"Privileged\":true},\"HostConfig\":{$NNP}}"
no "the old place of HostConfig" "not a field" POST "$(new)" -H "$J" -d "{$U,\"Privileged\":true,$NNP}"
no "more behind the body" "no JSON object" POST "$(new)" -H "$J" -d "$B{\"HostConfig\":{\"Privileged\":true}}"
no "bytes that are no text" "no JSON object" POST "$(new)" -H "$J" -d "$(printf '{"a\xff":1}')"
no "a body as text" "not handed over" POST "$(new)" -H "Content-Type: text/plain" -d "$P"
no "a body of no type" "not handed over" POST "$(new)" -H "Content-Type:" -d "$P"
no "two types" "not handed over" POST "$(new)" -H "Content-Type: text/plain" -H "$J" -d "$P"
ok "... but with a charset" POST "$(new)" -H "Content-Type: application/json; charset=utf-8" -d "$B"
no "no body" "not handed over" POST "$(new)" -H "$J" -H "$E"
no "a body behind Content-Length: 0" "not handed over" POST "$(new)" -H "$J" -H "$E" -d "$P"
no "chunks" "not handed over\|privileged" POST "$(new)" -H "$J" -H "Transfer-Encoding: chunked" -d "$P"
big=$(mktemp)
{ printf '{%s,"Env":["A=' "$U"; head -c 1100000 /dev/zero | tr '\0' a; printf '"],"HostConfig":{"Privileged":true}}'; } > "$big"
# (from 26.1 on the engine hands it over, and it is decided by what it says)
no "a body over 1 MiB" "not handed over\|privileged containers" POST "$(new)" -H "$J" -H "Expect:" -d "@$big"
{ printf '{%s,"Env":["A=' "$U"; head -c 100000 /dev/zero | tr '\0' a; printf '"],"HostConfig":{%s}}' "$NNP"; } > "$big"
ok "... but one of 100 kB" POST "$(new)" -H "$J" -H "Expect:" -d "@$big"
rm -f "$big"
lost "an empty part in the path" POST "//containers/create" -H "$J" -d "$P"
lost "another" POST "/v1.41//containers/create" -H "$J" -d "$P"
lost ".. in the path" POST "/v1.41/images/../containers/create" -H "$J" -d "$P"
lost "a slash behind" POST "/v1.41/containers/create/" -H "$J" -d "$P"
lost "a slash behind a ping" GET /_ping/
lost "no method of it" PATCH /version
no "an encoded letter" "two ways" POST "/v1.41/%63ontainers/create" -H "$J" -d "$P"
no "an encoded slash" "two ways" POST "/v1.41/containers%2Fcreate" -H "$J" -d "$P"
no "the whole address" "plain one\|two ways" POST /x --request-target "http://e/v1.41/containers/create" -H "$J" -d "$P"
no "an old API" "before 1.24" POST "/v1.20/containers/create" -H "$J" -d "$P"
no "a start that brings a configuration" "before 1.24" POST "/v1.20/containers/plainbox/start" -H "$J" -d '{"Privileged":true}'
ok "... but no version" POST "/containers/create" -H "$J" -d "$B"
no "a parameter twice" "twice" POST "$C?name=one&name=web.y" -H "$J" -d "$B"
no "parameters in a body" "Content-Length: 0" POST "/images/create?fromImage=busybox&tag=latest" -H "Content-Type: application/x-www-form-urlencoded" -d "fromSrc=-"
no "the same with two types" "Content-Length: 0" POST "/images/create?fromImage=busybox&tag=latest" -H "Content-Type: application/x-www-form-urlencoded" -H "$J" -d "fromSrc=-"
no "the same in chunks" "Content-Length: 0" POST "/images/create?fromImage=busybox&tag=latest" -H "Content-Type: application/x-www-form-urlencoded" -H "Transfer-Encoding: chunked" -d "fromSrc=-"
no "the same in chunks that claim no length" "Content-Length: 0" POST "/images/create?fromImage=busybox&tag=latest" -H "Content-Type: application/x-www-form-urlencoded" -H "$E" -H "Transfer-Encoding: chunked" -d "fromSrc=-"
no "a path that could hide the body" "not handed over\|not one that" POST "$C?name=a/auth" -H "$J" -d "$P"
ok "... but a pull" POST "/images/create?fromImage=busybox&tag=latest" -H "$E"
no "a guessed token" "privileged" POST "$(new)" -H "$J" -H "Netguard-Token: 0000000000000000000000000000000000000000000000000000000000000000" -d "$P"
no "an empty token" "privileged" POST "$(new)" -H "$J" -H "Netguard-Token;" -d "$P"
# -- other ways in
for way in "POST /build" "POST /commit?container=plainbox" "POST /images/load" "POST /images/create?fromSrc=-&repo=x" \
	"POST /plugins/pull?remote=x" "POST /plugins/create?name=x" "POST /swarm/init" "POST /services/create" "POST /session" \
	"POST /grpc" "POST /build/prune" "POST /containers/prune" "POST /volumes/prune" "POST /containers/plainbox/copy" \
	"PUT /containers/plainbox/archive?path=/" "GET /containers/plainbox/archive?path=/etc" "GET /containers/plainbox/export" \
	"GET /containers/plainbox/attach/ws" "POST /containers/plainbox/update" "POST /containers/plainbox/rename?name=xx" \
	"GET /containers/plainbox/changes" "POST /networks/create" "POST /networks/bridge/connect" "DELETE /volumes/plain" "DELETE /images/busybox" \
	"POST /images/numbered/tag?repo=busybox" "GET /secrets" "GET /plugins"; do
	# shellcheck disable=SC2086
	no "$way" "" $way -H "$E"
done
for way in "GET /_ping" "HEAD /_ping -I" "GET /version" "GET /info" "GET /containers/json" "GET /images/json" "GET /networks" \
	"GET /volumes" "GET /containers/plainbox/json" "GET /containers/plainbox/logs?stdout=1" "GET /containers/plainbox/top" \
	"GET /images/busybox/json" "GET /images/busybox/history" "GET /containers/plainbox/stats?stream=0" \
	"GET /networks/bridge" "GET /volumes/plain"; do
	# shellcheck disable=SC2086
	ok "$way" $way
done
# -- containers that are there
for box in privbox rootbox web web.app; do
	for way in "GET json" "GET logs?stdout=1" "GET top" "POST stop?t=0" "POST restart?t=0" "POST kill" "POST pause" "POST wait" "POST start" "POST attach?stream=1"; do
		no "$box: $way" "reserved\|is root\|privileged" "${way% *}" "/containers/$box/${way#* }" -H "$E"
	done
	no "$box: exec" "reserved\|is root\|privileged" POST "/containers/$box/exec" -H "$J" -d '{"Cmd":["id"],"User":"1000"}'
	no "$box: remove" "reserved\|is root\|privileged" DELETE "/containers/$box?force=1"
done
for way in "GET json" "GET logs?stdout=1" "GET top" "POST stop?t=0" "POST kill" "POST start" "POST attach?stream=1"; do
	no "one of a pod of the configuration: $way" "pod shop" "${way% *}" "/containers/shop-1/${way#* }" -H "$E"
done
no "... remove" "pod shop" DELETE "/containers/shop-1?force=1"
# the engine finds a container by its name, or else by the beginning of its id: were his gone in between, root's
no "a container whose name is the beginning of the id of root's" "the id of another" POST "$C?name=${ROOTBOX:0:11}" -H "$J" -d "$B"
for way in "GET json" "POST restart?t=0" "POST kill" "POST attach?stream=1&stdin=1"; do
	no "one of that name, which could be anybody's, by it: $way" "the id of another begins so" "${way% *}" "/containers/${ROOTBOX:0:12}/${way#* }" -H "$E"
done
no "... exec" "the id of another begins so" POST "/containers/${ROOTBOX:0:12}/exec" -H "$J" -d '{"Cmd":["id"],"User":"1000"}'
ok "... by its own id" GET "/containers/$PREFIXED/json"
ok "one whose name is the beginning of nobody's" POST "$C?name=00000000000" -H "$J" -d "$B"
ok "... by that name" GET "/containers/00000000000/json"
ok "... and by the beginning of its id" GET "/containers/$(jq -r .Id "$out" | cut -c 1-12)/json"
# ps runs on the host, and the engine takes for the container's what has its number below the title PID
for args in -eHovsz=PID+-oargs+e -e+-o+lstart,uid,uid,pid -eZ -eo+args,pid; do
	no "ps $args" "pid is the first" GET "/containers/plainbox/top?ps_args=$args"
done
ok "... but -ef" GET "/containers/plainbox/top?ps_args=-ef"
ok "... and columns behind the number" GET "/containers/plainbox/top?ps_args=-o+pid,user,args"
X=/containers/plainbox/exec
no "exec as root" "must be a number" POST $X -H "$J" -d '{"Cmd":["id"],"User":"0"}'
no "exec as root by name" "must be a number" POST $X -H "$J" -d '{"Cmd":["id"],"user":"root"}'
no "exec privileged" "privileged process" POST $X -H "$J" -d '{"Cmd":["id"],"privileged":true}'
no "exec with a body that is not seen" "not handed over" POST $X -H "Content-Type: text/plain" -d '{"Cmd":["id"],"User":"0"}'
ok "... but as a user" POST $X -H "$J" -d '{"Cmd":["id"],"User":"1001","AttachStdout":true}'
id=$(jq -r .Id "$out")
ok "... which starts" POST "/exec/$id/start" -H "$J" -d '{"Detach":false,"Tty":false}'
grep -aq uid=1001 "$out" && echo "pass	... and is that user" || echo "fail	... is that user"
no "the start of an exec of root's" "is privileged" POST "/exec/$ROOTS_EXEC/start" -H "$J" -d '{"Detach":false,"Tty":false}'
ok "stop of a container that anybody could have made" POST "/containers/plainbox/stop?t=0" -H "$E"
ok "its start" POST "/containers/plainbox/start" -H "$E"
ok "one of his own, with a mount" POST "$C?name=mounted" -H "$J" -d "$(host '"Binds":["/srv/share/bob:/x"]')"
ok "... starts" POST "/containers/mounted/start" -H "$E"
END
} > "$SANDBOX/requests.sh"
while IFS=$'\t' read -r verdict name more; do
	case $verdict in
	pass) pass "$name" ;;
	*) fail "$name: $more" ;;
	esac
done < <(as bob bash "$SANDBOX/requests.sh" 2>&1)
[ "$TEST_N" -gt 200 ] || fail "the requests were made (only $TEST_N)"

# ---- what is there now was allowed ----
admin ps -aq | xargs "$SANDBOX_CMD" exec "$SANDBOX" -- docker --config /run/docker-admin inspect > "$SANDBOX/all.json"
check_equal "containers were made" true "$(jq '[.[] | select(.Name | startswith("/new"))] | length > 50' "$SANDBOX/all.json")"
check_equal "none of bob's has anything of the host" "" "$(jq -r '.[] | select(.Name | test("^/(rootbox|plainbox|privbox|web|shop-1)") | not) |
	select(.HostConfig.Privileged or (.HostConfig.PidMode != "") or (.HostConfig.IpcMode == "host") or (.HostConfig.UTSMode != "") or
	(.HostConfig.NetworkMode | test("host|container|vlan")) or (.HostConfig.UsernsMode != "") or ((.HostConfig.Devices // []) | length > 0) or
	((.HostConfig.SecurityOpt // []) != ["no-new-privileges"]) or ((.HostConfig.CapAdd // []) - ["NET_BIND_SERVICE", "CAP_NET_BIND_SERVICE"] | length > 0) or
	((.Config.User | test("^[1-9]")) | not) or ((.HostConfig.Binds // []) | map(select(startswith("/srv/share") or (startswith("/") | not) | not)) | length > 0) or
	((.Mounts // []) | map(select(.Source == "/" or (.Source | startswith("/etc")))) | length > 0)) | .Name' "$SANDBOX/all.json")"
check_equal "podctl's pod runs on" running "$(admin inspect -f '{{.State.Status}}' web.app)"
check_equal "root's container runs on" running "$(admin inspect -f '{{.State.Status}}' rootbox)"
check_equal "the mounted one cannot write as root" "1000 0" "$(admin exec mounted sh -c 'touch /x/made 2>/dev/null; id -u; ls /x/made 2>/dev/null | wc -l' | paste -sd' ')"
check_status "the log says who asked what, and why not" 0 'denied: a user of the socket: POST /v1.41/containers/create.*privileged' cat "$SANDBOX/authz.log"
check_status "docker says why" 125 'denied by plugin netguard: .*privileged containers are not allowed' as bob docker run --privileged busybox
check_status "docker run, as it is used" 0 'uid=1000' as bob docker run --rm --user 1000:1000 --security-opt no-new-privileges busybox id
check_status "docker exec" 0 'uid=1000' as bob docker exec plainbox id

# ---- clients with certificates ----
tls() { # NAME METHOD URI [BODY]: the HTTP status
	local name=$1
	inside curl -s -m 20 -o /dev/null -w '%{http_code}' --cacert /run/certs/ca.pem --cert "/run/certs/$name.pem" --key "/run/certs/$name.key" \
		-X "$2" "https://127.0.0.1:2376$3" ${4+-H "Content-Type: application/json" -d "$4"}
}
LAX='{"Image":"busybox","User":"1","HostConfig":{"SecurityOpt":["no-new-privileges"],"CapAdd":["SYS_PTRACE"]}}' PRIV='{"Image":"busybox","HostConfig":{"Privileged":true}}'
check_equal "a client with its rules: what others may not" 201 "$(tls ci.example.com POST /containers/create "$LAX")"
check_equal "... privileges are not" 403 "$(tls ci.example.com POST /containers/create "$PRIV")"
check_equal "... nor an endpoint that it has not" 403 "$(tls ci.example.com GET /info)"
check_equal "an exempt client: privileges" 201 "$(tls admin.example.com POST /containers/create "$PRIV")"
check_equal "any other: the rules for everybody" 403 "$(tls other.example.com POST /containers/create "$LAX")"
check_equal "... which let it ask" 200 "$(tls other.example.com GET /info)"

# ---- many at once, and what is no request of the engine's ----
many() {
	for _ in $(seq 40); do
		curl -s -o /dev/null -w '%{http_code}\n' --unix-socket /run/docker.sock http://e/containers/plainbox/json &
	done
	wait
}
check_equal "40 at once, each with a look-up of its own" "40 200" "$(inside bash -c "$(declare -f many); many" | sort | uniq -c | xargs)"
check_status "the plugin's socket is root's alone" 7 '' as bob curl -s --unix-socket /run/docker/plugins/netguard.sock http://x/
inside bash -c 'head -c 100000 /dev/urandom | timeout 2 nc -U /run/docker/plugins/netguard.sock' > /dev/null 2>&1
check "it lives on after bytes that mean nothing" inside docker version

# ---- requests that would keep it busy, and so the engine, for everybody ----
# Told in the plugin's own time on the processor, which does not depend on who else uses this machine.
used() { awk '{print $14 + $15}' "/proc/$(inside cat /run/authz.pid)/stat"; }
create() { # JQ-EXPRESSION: a create request changed by it; "STATUS SECONDS-OF-PROCESSOR"
	local before code
	jq -cn "{Image: \"busybox\", User: \"1\", HostConfig: {SecurityOpt: [\"no-new-privileges\"]}} | $1" > "$SANDBOX/body"
	before=$(used)
	code=$(as bob curl -s -m 60 -o /dev/null -w '%{http_code}' --unix-socket /run/docker.sock -H 'Content-Type: application/json' -H Expect: \
		-d "@$SANDBOX/body" http://e/containers/create)
	echo "$code $((($(used) - before) / $(getconf CLK_TCK)))"
}
# shellcheck disable=SC2016 # for the shell inside
inside sh -c 'for i in $(seq 20); do docker "$@" create --user 1 --security-opt no-new-privileges -v many:/x busybox; done
	config=$(jq -cn "{hostname: \"cache\", x: [range(500)]}")
	for i in $(seq 60); do docker "$@" create --label "podctl.pod=cache$i" --label podctl.container= --label "podctl.config=$config" busybox; done' \
	sh --config /run/docker-admin > /dev/null || fail "containers to look at"
check_equal "a volume that many containers have" "201 0" "$(create '.HostConfig.Binds = ["many:/x:nocopy"]')"
check_equal "... a hundred thousand times" "403 0" "$(create '.HostConfig.Binds = [range(100000) | "many:/x:nocopy"]')"
# (the engine does not take one place twice)
check_equal "... four thousand times: looked at once" "400 0" "$(create '.HostConfig.Binds = [range(4000) | "many:/x:nocopy"]')"
aliases() { create ".HostConfig.NetworkMode = \"pods\" | .NetworkingConfig.EndpointsConfig.pods.Aliases = [range($1) | \"a\"]"; }
check_equal "names on a network" "201 0" "$(aliases 2)"
check_equal "... four thousand, where there are many pods" "201 0" "$(aliases 4000)"
check_equal "... and more than anybody has" "403 0" "$(aliases 5000)"

# the engine waits for what is in the image, and the look at the container for the engine
id=$(as bob docker create --user 1 --security-opt no-new-privileges fifo sleep 1)
fifo=$(admin inspect -f '{{.GraphDriver.Data.MergedDir}}' "$id")/etc/passwd
as bob docker start "$id" > /dev/null 2>&1 &
starter=$!
silent() { ! inside timeout 2 docker --config /run/docker-admin inspect "$id"; }
check "a container that can't be looked at for now" wait_for 20 silent
{ printf '{"Cmd":["id"],"Env":["A='; head -c 1000000 /dev/zero | tr '\0' a; printf '"]}'; } > "$SANDBOX/body"
# (of so many connections at once the kernel may refuse some)
check "two hundred large requests that wait for it are refused" test 150 -lt "$(as bob curl -s -Z --parallel-immediate --parallel-max 200 -m 60 -w '%{http_code}\n' \
	-o /dev/null --unix-socket /run/docker.sock -H 'Content-Type: application/json' -H Expect: -d "@$SANDBOX/body" "http://e/containers/$id/exec#[1-200]" | grep -c 403)"
check "... and do not take its memory, which ends at 512M" test \
	"$(awk '/^VmHWM:/ {print $2}' "/proc/$(inside cat /run/authz.pid)/status")" -lt 300000
check_status "others are answered meanwhile" 0 'uid=1000' as bob docker exec plainbox id
written() {
	inside timeout 1 sh -c ': > "$1"' sh "$fifo"
	not kill -0 "$starter"
}
check "the engine has what it waited for" wait_for 20 written

# ---- volumes into which the engine copies, as root and by paths, what the image has ----
# tree: /x/a with so many files that there is time, then /x/z/evil; link: where x/z leads into the host
# shellcheck disable=SC2016 # for the shell inside
inside sh -c 'mkdir -p /srv/victim /root/tree/x/a /root/tree/x/z && chmod 777 /root/tree/x && cd /root/tree/x/a && seq 20000 | xargs touch && echo evil > ../z/evil &&
	tar -C /root/tree -c . | docker "$@" import - tree && mkdir -p /root/link/x && ln -s /srv/victim /root/link/x/z && tar -C /root/link -c . | docker "$@" import - link' \
	sh --config /run/docker-admin > /dev/null || fail "images with trees"
plainly() { as bob docker create --user 65534 --security-opt no-new-privileges "$@"; }
# of more ids that begin so the engine tells none: when all but one are gone, it finds that one
shared() { admin ps -aq --no-trunc --filter label=podctl.container= | cut -c 1-2 | sort | uniq -d | head -n 1; }
until [ -n "$(shared)" ]; do admin create --label podctl.pod=cache --label podctl.container= busybox > /dev/null || break; done
check_equal "the engine tells none of more" "" "$(admin ps -aq --filter "id=$(shared)")"
check_status "a name that is the beginning of more of others' ids" 1 'the id of another begins so' plainly --name "$(shared)" busybox true
# who has the volume already puts a link into it while the engine copies
plainly --name racer -v raced:/home busybox sh -c 'cd /home; until [ -e a ]; do :; done; ln -s /srv/victim z; sleep 1000' > /dev/null
as bob docker start racer > /dev/null || fail "a container that waits for its volume to be filled"
check_status "a volume of another container is not filled" 1 'mount it with nocopy' plainly -v raced:/x tree true
check "... and can be mounted as it is" plainly -v raced:/x:nocopy tree true
# two at once: one's link, and the other's files
plainly -v twice:/x tree true > /dev/null 2>&1 &
filler=$!
wait_for 20 inside test -e /var/lib/docker/volumes/twice/_data/a || fail "the engine copies"
check_status "a volume that is just being filled: not filled by another" 1 'is just being created' plainly -v twice:/x link true
check_status "... and not mounted" 1 'is just being created' plainly -v twice:/home:nocopy busybox true
check_status "nor one without a name, by the one that the engine gave it" 1 "its container's alone" plainly -v "$(printf '%064d' 0):/x:nocopy" busybox true
wait "$filler" || fail "the first one is created"
check "... and then it can be mounted" plainly -v twice:/home:nocopy busybox true
check_equal "nothing was written into the host" "" "$(inside ls /srv/victim)"
# an engine that was killed meanwhile tells no answer, and has nothing under way when it is back (but the container, as
# far as it came)
plainly -v cut:/x tree true > /dev/null 2>&1 &
filler=$!
wait_for 20 inside test -e /var/lib/docker/volumes/cut/_data/a || fail "the engine copies again"
check "it is killed" "$SANDBOX_CMD" engine "$SANDBOX" kill
# (what it listened at by TCP may be in use for a moment)
check "... and started" wait_for 30 "$SANDBOX_CMD" engine "$SANDBOX" start
inside chmod 666 /run/docker.sock
check "... before the create was done" not wait "$filler"
check "a volume that was being filled when the engine was killed" plainly -v cut:/home:nocopy busybox true
check "a volume again that had a container" plainly --name again -v againvol:/home busybox true
check "... that is gone" as bob docker rm again
check "... is filled once more" plainly --name again -v againvol:/home busybox true
check_status "... and not for a second one, though the first does not run" 1 'mount it with nocopy' plainly -v againvol:/home busybox true

# ---- a configuration that changes ----
inside sed -i 's/^  capabilities: .*/  capabilities: [SYS_CHROOT]/' /etc/netguard.yml
cap() { as bob docker create --user 1 --security-opt no-new-privileges --cap-add SYS_CHROOT busybox; }
check "a changed configuration holds at once" wait_for 10 cap
inside sed -i 's/^engine_policy:/&\n  allow_root: true\n  allow_new_privileges: true/' /etc/netguard.yml
asroot() { as bob docker run --rm "$@" busybox id; }
check "root, where it is allowed" wait_for 10 asroot
check_status "... and no mounts that users could reach set-user-id programs in" 125 'nosuid and nodev' asroot -v /srv/share:/x
inside chmod 700 /srv
check_status "... but in a folder that only root can enter" 0 'uid=0' asroot -v /srv/share:/x
check_status "... not what a container's root could have put there" 125 'not one of the folders' asroot -v /srv/share/bob:/x
check_status "... and no privileges" 125 'privileged containers' asroot --privileged

# ---- without the plugin ----
check "the plugin ends on SIGTERM" authz_stop
check_status "without it nothing is answered" 28 '' inside curl -s -m 2 --unix-socket /run/docker.sock http://e/info
authz_start
check "it comes back, and so do answers" wait_for 20 inside curl -sf -m 5 -o /dev/null --unix-socket /run/docker.sock http://e/info
check "the token is the same" admin ps
authz_stop
put_file /etc/docker/daemon.json <<< '{}'
kill -HUP "$(inside cat /run/docker.pid)"
check "the way out: an engine that asks nobody, after a reload" wait_for 10 inside curl -sf -m 2 -o /dev/null --unix-socket /run/docker.sock http://e/info
e2e_end
