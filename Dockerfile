# vaebook as an image. `cpu` is what is built unless --target asks for `cuda`, which is the
# same with the plugin for NVIDIA's GPUs and its libraries (only the driver is the host's).
#
#   docker build -t vaebook .
#   docker run --rm -p 127.0.0.1:8888:8888 vaebook
#
# The set-up's own script does each part, in a stage of its own. What changes rarely comes
# first: a change of a notebook makes the last layer anew, one of the toolkit compiles it
# again, and neither fetches anything. Nothing is fetched at run time. Owners and modes are
# right where a file is written, because changing them later stores the file twice.

# Here for its Go tool chain; nothing runs in it.
FROM golang:1.27.0-bookworm AS go

# What the end needs of Debian: a C compiler, because cells are linked with XLA's C library.
# The folders of gid 100 serve any user of that group: docker run --user $(id -u):100.
FROM debian:12.12-slim AS system
RUN apt-get update \
	&& DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
		ca-certificates gcc libc6-dev libstdc++6 make python3 tini \
	&& rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/apt /var/log/dpkg.log /usr/share/doc /usr/share/man \
	&& useradd --uid 1000 --gid 100 --create-home --shell /bin/bash vaebook \
	&& install -d -o 1000 -g 100 -m 2775 /home/vaebook /vaebook /vaebook/notebooks /opt/go /opt/go/bin /opt/go/cache \
	&& mkdir -p /usr/local/share/jupyter/kernels \
	&& ln -s /vaebook/.setup/venv/share/jupyter/kernels/gonb /usr/local/share/jupyter/kernels/gonb
ENV GOPATH=/opt/go GOCACHE=/opt/go/cache PATH=/opt/go/bin:/usr/local/go/bin:$PATH
WORKDIR /vaebook

# What builds. Go's tests, a fifth of its tree, are left out.
FROM system AS builder
RUN apt-get update \
	&& DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends git python3-venv
COPY --from=go /usr/local/go /usr/local/go
RUN cd /usr/local/go && rm -rf api doc misc test pkg/obj \
	&& find src \( -name testdata -o -name '*_test.go' \) -prune -exec rm -rf {} +
COPY go.mod go.sum ./
COPY notebooks/kernel/env.sh notebooks/kernel/require.sh notebooks/kernel/setup.sh \
	notebooks/kernel/requirements.lock notebooks/kernel/pjrt.lock notebooks/kernel/mnist.sha256 notebooks/kernel/
COPY notebooks/kernel/tools notebooks/kernel/tools

FROM builder AS python
RUN sh notebooks/kernel/setup.sh python

FROM builder AS tools
RUN sh notebooks/kernel/setup.sh tools

FROM tools AS kernel
COPY --from=python /vaebook/.setup/venv .setup/venv
RUN sh notebooks/kernel/setup.sh kernel pjrt data

# Go's modules as they lie unpacked, with the hashes that Go asks for; the archives go, and
# tests and their data.
FROM builder AS modules
RUN GOTOOLCHAIN=local go mod download \
	&& rm -rf /opt/go/pkg/mod/cache/download/sumdb /opt/go/pkg/mod/cache/vcs \
	&& find /opt/go/pkg/mod/cache -name '*.zip' -delete \
	&& find /opt/go/pkg/mod -path /opt/go/pkg/mod/cache -prune -o -type d -name testdata -prune -exec rm -rf {} +

FROM kernel AS plugin
COPY notebooks/kernel/cuda.lock notebooks/kernel/cuda.sh notebooks/kernel/
RUN sh notebooks/kernel/cuda.sh

FROM system AS runtime
COPY --from=builder /usr/local/go /usr/local/go
COPY --from=kernel /vaebook/.setup/venv .setup/venv
COPY --from=kernel /vaebook/.setup/bin .setup/bin
COPY --from=kernel /vaebook/.setup/pjrt .setup/pjrt
COPY --chown=1000:100 --from=kernel /vaebook/.setup/data .setup/data
COPY --chown=1000:100 --from=modules /opt/go/pkg/mod /opt/go/pkg/mod
COPY --chown=1000:100 go.mod go.sum LICENSE Makefile README.md ./
COPY --chown=1000:100 datasets datasets
COPY --chown=1000:100 vaekit vaekit
COPY --chown=1000:100 notebooks/kernel notebooks/kernel
USER 1000:100
RUN sh notebooks/kernel/warm.sh
COPY --chown=1000:100 notebooks notebooks
ENV VAEKIT_IMAGE=cpu USER=vaebook
EXPOSE 8888
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
	CMD ["python3", "/vaebook/notebooks/kernel/healthy.py"]
ENTRYPOINT ["tini", "--", "sh", "/vaebook/notebooks/kernel/container.sh"]

FROM runtime AS cuda
COPY --from=plugin /vaebook/.setup/pjrt/nvidia .setup/pjrt/nvidia
COPY --from=plugin /vaebook/.setup/pjrt/cuda .setup/pjrt/cuda
ENV VAEKIT_IMAGE=cuda NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility

FROM runtime AS cpu
