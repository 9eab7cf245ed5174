#!/usr/bin/env bash
# hosts.sh COUNT RATE COMMAND…: runs a command as an MPI job over COUNT hosts, one process on each, that are all on this machine: network
# namespaces with names of their own, connected by a bridge whose links carry RATE in each direction (tc: 1gbit, 100mbit).
# For example: benchmarks/hosts.sh 3 1gbit node build/cli.js bench resnet18 --batch-size 8 --threads 1
# It needs root, ip, tc, unshare and Open MPI's mpirun, and exits with 77 where these or namespaces are not to be had.
set -euo pipefail
[[ $# -ge 3 ]] || { sed -n '2,4s/^# //p' "$0" >&2; exit 2; }
count=$1 rate=$2
shift 2

skip() { echo "hosts.sh: skipped: $1" >&2; exit 77; }
[[ $(id -u) == 0 ]] || skip "network namespaces are root's"
for command in ip tc unshare mpirun; do command -v "$command" >/dev/null || skip "no $command"; done
mpirun --version | grep -q "Open MPI" || skip "mpirun is not Open MPI's"

name=fovea$$
folder=$(mktemp -d)
finish() {
  for ((i = 1; i <= count; i++)); do ip netns del "$name-$i" 2>/dev/null || true; done
  ip link del "$name" 2>/dev/null || true
  rm -rf "$folder"
}
trap finish EXIT
ip link add "$name" type bridge 2>/dev/null || skip "the kernel makes no bridges here"
ip link set "$name" up
for ((i = 1; i <= count; i++)); do
  host=$name-$i
  ip netns add "$host" 2>/dev/null || skip "the kernel makes no network namespaces here"
  ip link add "v$$-$i" type veth peer name eth0 netns "$host" 2>/dev/null || skip "the kernel makes no veth links here"
  ip link set "v$$-$i" master "$name" up
  ip -n "$host" address add "10.77.0.$i/24" dev eth0
  ip -n "$host" link set lo up
  ip -n "$host" link set eth0 up
  # Both ends: what the host sends, and what it receives.
  for end in "-n $host qdisc add dev eth0" "qdisc add dev v$$-$i"; do
    # shellcheck disable=SC2086
    tc $end root tbf rate "$rate" burst 256kb latency 20ms 2>/dev/null || skip "tc has no tbf here"
  done
done

# What mpirun starts its daemons with instead of ssh: an address, then a command for a shell. Hosts have names of their own, as Open MPI
# takes those of one name for one machine, whose processes share memory.
cat >"$folder/reach" <<'REACH'
#!/usr/bin/env bash
address=$1
shift
exec "${0%/*}/enter" "$address" sh -c "$*"
REACH
cat >"$folder/enter" <<ENTER
#!/usr/bin/env bash
host=$name-\${1##*.}
shift
exec ip netns exec "\$host" unshare --uts sh -c 'hostname "\$0"; exec "\$@"' "\$host" "\$@"
ENTER
chmod +x "$folder/reach" "$folder/enter"
for ((i = 1; i <= count; i++)); do echo "10.77.0.$i slots=1"; done >"$folder/hosts"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
"$folder/enter" 10.77.0.1 mpirun --hostfile "$folder/hosts" -np "$count" --bind-to none \
  --mca plm_rsh_agent "$folder/reach" --mca btl tcp,self --mca btl_tcp_if_include 10.77.0.0/24 --mca oob_tcp_if_include 10.77.0.0/24 "$@"
