# A static binary alone in an image: no shell, no package manager, no root.
#
#   docker build -t firewolf .
#   docker run --read-only -v firewolf:/data -v /etc/firewolf:/etc/firewolf:ro -p 8443:8443 \
#     -e FIREWOLF_ADDR=0.0.0.0:8443 -e FIREWOLF_TLS_CERT=/etc/firewolf/cert.pem -e FIREWOLF_TLS_KEY=/etc/firewolf/key.pem \
#     -e FIREWOLF_TOKENS=/etc/firewolf/tokens firewolf
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# What `firewolf version` tells, since the image is built without version control.
ARG COMMIT=
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w -X main.linkedCommit=$COMMIT" -o /out/firewolf . && mkdir /out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /src/fhir/ucum/NOTICE /NOTICE-ucum
COPY --from=build /out/firewolf /firewolf
# A volume that is made over /data takes its owner from the image.
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
VOLUME /data
# Only the address is open to the outside: without TLS and a token file `serve` refuses to listen there.
ENV FIREWOLF_ADDR=0.0.0.0:8080 FIREWOLF_STORE=sqlite:/data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["/firewolf", "health"]
ENTRYPOINT ["/firewolf"]
CMD ["serve"]
