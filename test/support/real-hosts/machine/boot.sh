#!/bin/bash
# The first process of a host, in namespaces of its own: makes the machine out of its disk, then runs its services.
# Arguments: folder of the disk, folder of this script. $disk/order says who it is; all of it is written by host.ts.
set -euo pipefail
disk=$1 machine=$2
. "$disk/order"
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mount --make-rprivate /

# The network card. In our process namespace we are 1, wherever else.
nsenter --net="/proc/$SITE/ns/net" ip link set "$LINK" netns 1
ip link set lo up
ip link set "$LINK" name eth0
for address in $ADDRESSES; do ip address add "$address/24" dev eth0; done
ip link set eth0 up
hostname "$NAME"

# The root is this machine's, with every write on the host's own disk.
mkdir -p "$disk"/{upper,work,root,docker,local,home}
mount -t overlay overlay -o "lowerdir=/,upperdir=$disk/upper,workdir=$disk/work" "$disk/root"
cd "$disk/root"
mount -t proc proc proc
mount -t sysfs sysfs sys
mount --rbind /sys/fs/cgroup sys/fs/cgroup
mount --rbind /dev dev
mount -t devpts -o newinstance,gid=5,mode=620,ptmxmode=666 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mkdir -p var/lib/docker opt/parts
# Docker's storage cannot be on an overlay.
mount --bind "$disk/docker" var/lib/docker
mount --bind "$disk/local" usr/local
mount --bind "$disk/home" root
[ -z "$PARTS" ] || mount --bind "$PARTS" opt/parts
mkdir -p usr/local/bin
for program in $PROGRAMS; do
  touch "usr/local/bin/${program%%=*}"
  mount --bind "${program#*=}" "usr/local/bin/${program%%=*}"
done
# Otherwise all hosts of one kernel would share it, and none would ever be seen to restart.
cat /proc/sys/kernel/random/uuid > run/boot_id
mount --bind run/boot_id proc/sys/kernel/random/boot_id

install -D -t usr/lib/host "$machine/services.sh" "$machine/cloud-init-run.sh"
install -m 755 -t usr/bin "$machine/cloud-init" "$machine/systemctl"
mkdir -p run/machine
pivot_root . run/machine
umount --lazy /run/machine

. /usr/lib/host/services.sh
[ -e /var/lib/host-prepared ] || prepare
bash /usr/lib/host/cloud-init-run.sh init
[ -n "$(ls /etc/ssh/ssh_host_*_key 2>/dev/null)" ] || ssh-keygen -A > /dev/null
start_ssh
start_docker
bash /usr/lib/host/cloud-init-run.sh final &

# Collects whatever ends without a parent, for ever.
set +e
while true; do wait -n || sleep 0.5; done
