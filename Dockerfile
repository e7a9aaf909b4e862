# Glomers as an image. This file is not built in the project's own checks: they have no
# container engine. It takes the archive that `cargo xtask dist` writes.
#
#   cargo xtask dist
#   docker build -t glomers .
#   docker run --rm glomers challenge
#
# A node in another language needs its runtime in the image; Python is here. Programs in
# virtual time are traced, which containers allow with two options:
#
#   docker run --rm --cap-add SYS_PTRACE --security-opt seccomp=unconfined \
#       -v "$PWD:/home/glomers/run" -w /home/glomers/run glomers test -w echo --bin ./node.py --time virtual
FROM debian:stable-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 \
    && rm -rf /var/lib/apt/lists/*
COPY target/dist/package/glomers /usr/local/bin/glomers
RUN useradd --create-home glomers
USER glomers
WORKDIR /home/glomers
ENTRYPOINT ["glomers"]
