# The image of one step. Its context is the root of the workspace, because Cargo.lock is here:
#   docker build .                            the newest step that is deployed
#   docker build --build-arg STEP=work .      your own server, with its feature `postgres`
ARG STEP=step-12

# Packages take minutes to build and our own code seconds, so the packages get a layer of
# their own. It depends on the manifests alone: each crate is an empty program here, and
# Docker builds the layer again only when a manifest or Cargo.lock has changed. Plain
# instructions do it, without BuildKit's cache mounts: every builder knows them, and a layer
# can be kept in a registry, which a mount cannot.
FROM debian:trixie-slim AS manifests
WORKDIR /src
COPY . .
RUN find . -type f ! -name 'Cargo.*' -delete && find . -type d -empty -delete
RUN for crate in steps/* work course; do \
      mkdir "$crate/src" && echo 'fn main() {}' > "$crate/src/main.rs"; \
    done \
    && mkdir client/src && touch client/src/lib.rs

FROM rust:1.95-slim-trixie AS build
ARG STEP
ARG FEATURES="$STEP/postgres"
WORKDIR /src
COPY --from=manifests /src .
RUN cargo build --release --locked --bin "$STEP" --features "$FEATURES"
COPY . .
# A copied file keeps its time. It is older than the empty program, so cargo may think that
# this is it, built already. `touch` makes it new.
RUN find . \( -name main.rs -o -name lib.rs \) -exec touch {} + \
    && cargo build --release --locked --bin "$STEP" --features "$FEATURES" \
    && cp "target/release/$STEP" server

# The Debian of the build, with the same C library. It needs no package: the roots of TLS are
# in the program. Slim and not smaller: compose.yaml asks for the health with its bash.
FROM debian:trixie-slim
# Not root. A number, because Choreo wants one from 10000 to 20000.
RUN useradd --uid 10001 --user-group --no-create-home server
COPY --from=build /src/server /usr/local/bin/server
ENV DEBUG=false
EXPOSE 8000
USER 10001
# A list, not a line for a shell: the program itself gets the SIGTERM that asks it to stop.
ENTRYPOINT ["/usr/local/bin/server"]
CMD ["runserver"]
