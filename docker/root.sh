#!/bin/sh
# root.sh FOLDER MODULES: makes a root file system with Node, tini, the libraries that Node and the native parts of MODULES are linked
# with, and the user `node`.
set -eu
root=$1
modules=$2
mkdir -p "$root/usr/local/bin" "$root/etc" "$root/tmp"
chmod 1777 "$root/tmp"
cp /usr/local/bin/node "$root/usr/local/bin/node"
cp /usr/bin/tini-static "$root/usr/local/bin/tini"
# What is native for another kind of machine is linked with nothing that is here.
find /usr/local/bin/node "$modules" \( -name node -type f -o -name '*.node' \) -exec ldd {} \; 2>/dev/null |
  grep -o '/[^ ]*' | grep '\.so' | sort -u | while read -r library; do
  [ -e "$library" ] || continue
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done
echo 'node:x:1000:1000::/app:/sbin/nologin' > "$root/etc/passwd"
echo 'node:x:1000:' > "$root/etc/group"
# Without it, names of a container network would be asked of DNS before /etc/hosts.
echo 'hosts: files dns' > "$root/etc/nsswitch.conf"
