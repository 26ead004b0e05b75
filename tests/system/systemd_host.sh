# shellcheck shell=bash
# systemd_host.sh FOLDER PREFIX: run in fresh namespaces of all kinds (systemd_host.py), becomes the systemd of a host that has nothing but
# what was installed. FOLDER/prefix is PREFIX there. What else it sees of this host is its programs.
set -euo pipefail
folder=$1 prefix=$2

mount --make-rprivate /
umount --lazy /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
mount --bind "$folder/prefix" "$prefix"

# Users and the linker's folders, to be changed there alone.
mkdir -p "$folder/etc" "$folder/dev"
mount -t tmpfs none "$folder/etc"
for file in passwd group shadow gshadow nsswitch.conf ld.so.conf ld.so.conf.d; do cp -a "/etc/$file" "$folder/etc/"; done
echo 0123456789abcdef0123456789abcdef >"$folder/etc/machine-id"
mount --bind "$folder/etc" /etc
ldconfig

mount -t tmpfs none "$folder/dev"
mkdir "$folder"/dev/{shm,pts,mqueue,hugepages}
for device in null zero full random urandom tty; do
    touch "$folder/dev/$device"
    mount --bind "/dev/$device" "$folder/dev/$device"
done
touch "$folder/console" "$folder/dev/console"
mount --bind "$folder/console" "$folder/dev/console"
mount -t devpts -o newinstance,ptmxmode=0666 none "$folder/dev/pts"
ln -s pts/ptmx "$folder/dev/ptmx"
ln -s /proc/self/fd "$folder/dev/fd"
mount -t tmpfs none "$folder/dev/shm"
mount -t mqueue none "$folder/dev/mqueue"
mount --rbind "$folder/dev" /dev

# No unit and no generator of this host: targets without content, and what was installed.
mount -t tmpfs none /run
mount -t tmpfs none /lib/systemd/system
mount -t tmpfs none /lib/systemd/system-generators
for target in basic sysinit multi-user shutdown nss-user-lookup; do
    printf '[Unit]\nDefaultDependencies=no\n' >"/lib/systemd/system/$target.target"
done
exec env -i container=test PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin SYSTEMD_LOG_TARGET=console \
    /lib/systemd/systemd --system --unit=multi-user.target
