#!/bin/bash
# Carries out the user data of a server at its first boot, as scripts into which user-data.ts made it.
# Argument: init, before sshd; or final, after the services were started. Keeps /run/cloud-init for `cloud-init status`.
stage=$1
seed=/var/lib/cloud/seed
state=/run/cloud-init
mkdir -p "$state" /var/lib/cloud/instance

complain() { printf '%s\n' "$1" >> "$state/$2"; }

case $stage in
  init)
    touch "$state/running"
    [ ! -s "$seed/problems" ] || cp "$seed/problems" "$state/recoverable"
    [ -e /var/lib/cloud/instance/init-done ] || bash "$seed/init.sh" > /var/log/cloud-init.log 2>&1 ||
      complain "('init', ProcessExecutionError('see /var/log/cloud-init.log'))" errors
    rm -f "$seed/init.sh"
    # Where the real one keeps it, private keys and all, until somebody takes it away.
    [ ! -e "$seed/user-data.txt" ] || install -m 600 "$seed/user-data.txt" /var/lib/cloud/instance/user-data.txt
    rm -f "$seed/user-data.txt"
    touch /var/lib/cloud/instance/init-done
    ;;
  final)
    sleep "$(cat "$seed/delay" 2> /dev/null || echo 0)"
    [ -e /var/lib/cloud/instance/final-done ] || sh "$seed/final.sh" > /var/log/cloud-init-output.log 2>&1 ||
      complain "('scripts_user', RuntimeError('Runparts: 1 failures (runcmd) in 1 attempted commands'))" errors
    touch /var/lib/cloud/instance/final-done /var/lib/cloud/instance/boot-finished
    rm -f "$state/running"
    ;;
esac
