# Builds Firebell and packs it with nothing but what it needs: the binary, TLS roots, a user of its own.
#
#   docker build -t firebell .
#   docker run -d --name firebell -p 127.0.0.1:7911:7911 -v firebell:/var/lib/firebell firebell
#   docker exec firebell firebell invite ana --admin

FROM rust:1.95-slim-bookworm AS build
# The embedded SQLite is C; the image of Rust brings a compiler and the headers.
WORKDIR /build
COPY . .
RUN cargo build --release --locked --bin firebell

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 7911 --user-group --no-create-home --home-dir /var/lib/firebell --shell /usr/sbin/nologin firebell \
    && install --directory --owner firebell --group firebell --mode 0750 /var/lib/firebell
COPY --from=build /build/target/release/firebell /usr/local/bin/firebell

# Inside a container the network is the container's own: what is published decides who reaches it.
ENV FIREBELL_LISTEN=0.0.0.0:7911 \
    FIREBELL_PUBLIC_URL=http://127.0.0.1:7911 \
    FIREBELL_DATABASE_URL=sqlite:///var/lib/firebell/firebell.db
WORKDIR /var/lib/firebell
USER firebell
VOLUME /var/lib/firebell
EXPOSE 7911
STOPSIGNAL SIGTERM

# Alive, not ready: restarting does not bring a database back. Debian's bash speaks TCP, so nothing else is installed.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 CMD ["bash", "-c", \
    "exec 3<>/dev/tcp/127.0.0.1/${FIREBELL_LISTEN##*:} && printf 'GET /health HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && grep -q '\"alive\"' <&3"]

ENTRYPOINT ["firebell"]
CMD ["serve"]
