# What systemd does on a real host, as far as this project and Kamal ask for it.
PID_FOLDER=/run/host-services

prepare() {
  [ ! -d /opt/parts/usr ] || cp --recursive --symbolic-link --no-clobber /opt/parts/usr/{bin,sbin,lib,libexec} /usr
  # Copied, for sudo trusts no link, and hosts write here.
  [ ! -d /opt/parts/etc ] || cp --archive --no-clobber /opt/parts/etc /
  # One program for both families, which goes by the name under which it is called.
  ln -sf /usr/local/bin/iptables /usr/local/bin/ip6tables
  getent passwd sshd > /dev/null || useradd --system --home-dir /run/sshd --shell /usr/sbin/nologin sshd
  getent group docker > /dev/null || groupadd --system docker
  # No password, and not locked.
  usermod --password '*' root
  cat /proc/sys/kernel/random/uuid | tr -d - > /etc/machine-id
  mkdir -p /etc/ssh /etc/docker
  chmod 700 /root
  rm -f /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub
  printf '%s\n' 'PermitRootLogin prohibit-password' 'PasswordAuthentication no' 'KbdInteractiveAuthentication no' 'UsePAM no' \
    'PrintMotd no' 'AcceptEnv LANG LC_*' 'Subsystem sftp internal-sftp' 'PidFile /run/sshd.pid' > /etc/ssh/sshd_config
  touch /var/lib/host-prepared
}

start_ssh() {
  mkdir -p /run/sshd "$PID_FOLDER"
  setsid "$(command -v sshd)" -D -E /var/log/sshd.log < /dev/null > /dev/null 2>&1 &
  echo $! > "$PID_FOLDER/ssh"
}

start_docker() {
  mkdir -p "$PID_FOLDER"
  setsid dockerd < /dev/null >> /var/log/dockerd.log 2>&1 &
  echo $! > "$PID_FOLDER/docker"
}

main_pid() { cat "$PID_FOLDER/$1" 2> /dev/null; }

is_active() { local pid; pid=$(main_pid "$1") && kill -0 "$pid" 2> /dev/null; }

stop_service() {
  local pid
  pid=$(main_pid "$1") || return 0
  kill "$pid" 2> /dev/null || return 0
  for _ in $(seq 300); do kill -0 "$pid" 2> /dev/null || break; sleep 0.05; done
  kill -9 "$pid" 2> /dev/null || true
  rm -f "$PID_FOLDER/$1"
}
