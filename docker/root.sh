#!/bin/sh
# root.sh FOLDER: makes a root file system with Node, what it is linked with, tini, and the user `node`.
set -eu
root=$1
mkdir -p "$root/usr/local/bin" "$root/etc" "$root/tmp"
chmod 1777 "$root/tmp"
cp /usr/local/bin/node "$root/usr/local/bin/node"
cp /usr/bin/tini-static "$root/usr/local/bin/tini"
ldd /usr/local/bin/node | grep -o '/[^ )]*' | sort -u | while read -r library; do
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done
echo 'node:x:1000:1000::/app:/sbin/nologin' > "$root/etc/passwd"
echo 'node:x:1000:' > "$root/etc/group"
# Without it, names of a container network would be asked of DNS before /etc/hosts.
echo 'hosts: files dns' > "$root/etc/nsswitch.conf"
