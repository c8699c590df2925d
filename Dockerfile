# skep in a container. This file was not built on the machines where it was written (they run no containers): expect to
# correct it on first use, and say what was wrong.

# Compiles with the development dependencies, which the image does not keep.
FROM node:20-bookworm-slim AS build
WORKDIR /skep
COPY package.json package-lock.json .npmrc ./
COPY packages ./packages
RUN npm ci --include=dev --no-audit --no-fund
COPY . .
RUN npx tsc -p . && rm -rf dist/test dist/bench dist/.tsbuildinfo

FROM node:20-bookworm-slim AS dependencies
WORKDIR /skep
COPY package.json package-lock.json .npmrc ./
COPY packages ./packages
RUN npm ci --omit=dev --no-audit --no-fund

# nats-server is left out: in containers the bus is a service of its own with its own life, storage and limits, as in
# deploy/compose.yaml, and a node is told where it is. git is in, because the audit reads repositories through it.
FROM node:20-bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends git \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /skep
ENV NODE_ENV=production
COPY --from=dependencies /skep/node_modules ./node_modules
COPY --from=build /skep/dist ./dist
COPY --from=build /skep/config ./config
COPY package.json LICENSE ./
# A mounted repository belongs to whoever owns it outside, which git refuses to read unless told that it may.
RUN git config --system --add safe.directory '*'
USER node
ENTRYPOINT ["node", "dist/cli/main.js"]
CMD ["node", "start"]
