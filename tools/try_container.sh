#!/usr/bin/env bash
# Builds the container image without a registry of images, runs it, and edits a face through its HTTP API.
#
#   tools/try_container.sh FOLDER [option of pip ...]
#
# For root on Debian, with the packages debootstrap, buildah, podman and crun or runc. FOLDER receives Debian's base (300 MB), which is
# made once and used again. Options of pip say where PyTorch comes from, such as: torch==2.13.0+cpu --find-links /wheels
# Further options, where this machine needs some: BUILD_OPTIONS of buildah build (--volume /wheels:/wheels:ro), PODMAN_OPTIONS of podman
# (--runtime runc --cgroup-manager cgroupfs), RUN_OPTIONS of podman run (--ulimit nofile=1024:1024).
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -ge 1 ] || { echo "Say where Debian's base goes: tools/try_container.sh FOLDER"; exit 2; }
folder=$1; shift
port=8017

if [ ! -x "$folder/usr/bin/python3" ]; then
  debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates bookworm "$folder"
  rm -rf "$folder"/var/cache/apt/archives/*.deb "$folder"/var/lib/apt/lists/*
fi
if ! buildah inspect --type image debian-python >/dev/null 2>&1; then
  base=$(buildah from scratch)
  buildah copy --quiet "$base" "$folder" /
  buildah commit --quiet --rm "$base" debian-python
fi

# shellcheck disable=SC2086
buildah build --isolation chroot --format docker --build-arg BASE=localhost/debian-python --build-arg PIP_ARGS="$*" ${BUILD_OPTIONS:-} \
  --tag styleclip .
buildah images

podman() { command podman ${PODMAN_OPTIONS:-} "$@"; }
# shellcheck disable=SC2086
container=$(podman run --detach --no-healthcheck --read-only --tmpfs /tmp --cap-drop all --security-opt no-new-privileges --network host \
  ${RUN_OPTIONS:-} localhost/styleclip serve --port $port)
trap 'podman rm --force --time 0 "$container" >/dev/null' EXIT
address=http://localhost:$port
for _ in $(seq 300); do curl --silent --fail "$address/readyz" && break; sleep 1; done
echo
answer=$(mktemp --suffix .png)
curl --silent --show-error --fail -F face_seed=7 -F text="a smiling face" -F method=directions -F strength=auto -H "Prefer: wait" \
  --output "$answer" "$address/v1/edits"
echo "An edit: $(file --brief "$answer")"
podman exec "$container" sh -c 'echo "Runs as $(id -u):$(id -g)"; touch /usr/x 2>&1; touch /cache/x && echo "/cache can be written"'
podman stop --time 60 "$container" >/dev/null
podman logs "$container"
echo "Ended with $(podman inspect --format '{{.State.ExitCode}}' "$container") after SIGTERM."
