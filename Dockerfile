# One image for one service:  docker build --build-arg SERVICE=edge .
# `tools/images/services.sh` builds all four, from base images named by their digest. Why it is like this: docs/decisions/0019.
ARG NODE_IMAGE=node:24.21.0-bookworm-slim
ARG RUN_IMAGE=gcr.io/distroless/cc-debian12:nonroot

FROM ${NODE_IMAGE} AS build
ENV CI=true npm_config_update_notifier=false
WORKDIR /src
# The packages of the lockfile, once for all services.
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml .npmrc ./
RUN npm install --global --silent "$(node -p 'require("./package.json").packageManager')" && pnpm fetch --prod --silent
COPY . .
ARG SERVICE
RUN node tools/images/assemble.mjs page "$SERVICE" /out
RUN pnpm install --offline --frozen-lockfile --prod --ignore-scripts --filter-prod "@switchboard/$SERVICE..." \
  && node tools/images/assemble.mjs service "$SERVICE" /out

FROM ${RUN_IMAGE}
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=build /out/ /app/
WORKDIR /app
USER 65532:65532
EXPOSE 9100
ENTRYPOINT ["/usr/local/bin/node", "--disable-warning=ExperimentalWarning"]
CMD ["main.ts"]
