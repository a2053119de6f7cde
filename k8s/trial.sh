#!/bin/bash
# From nothing to a page in the browser: a kind cluster, NATS and MongoDB of three nodes each, Prometheus and Grafana, and Switchboard,
# at http://chat.localhost:8080.  Needs docker, kind, kubectl and helm, the internet, and some 8 GB of memory.
#   k8s/trial.sh           all of it; what is there stays
#   k8s/trial.sh down      takes the cluster away, with everything in it
set -euo pipefail
cd "$(dirname "$0")/.."
cluster=switchboard
namespace=chat
say() { printf '\n==> %s\n' "$*"; }

for tool in docker kind kubectl helm; do
  command -v "$tool" >/dev/null || { echo "trial: $tool is missing" >&2; exit 1; }
done
if [ "${1:-}" = down ]; then
  kind delete cluster --name "$cluster"
  exit
fi
[ $# = 0 ] || { echo 'usage: k8s/trial.sh [down]' >&2; exit 2; }

say 'the cluster'
kind get clusters 2>/dev/null | grep -qx "$cluster" || kind create cluster --config k8s/kind.yaml --wait 180s
kubectl config use-context "kind-$cluster"

say 'charts'
helm repo add --force-update nats https://nats-io.github.io/k8s/helm/charts/
helm repo add --force-update mongodb https://mongodb.github.io/helm-charts
helm repo add --force-update prometheus-community https://prometheus-community.github.io/helm-charts
helm repo add --force-update metrics-server https://kubernetes-sigs.github.io/metrics-server/
helm repo add --force-update traefik https://traefik.github.io/charts
helm repo update

install() { # RELEASE CHART NAMESPACE ARGS...
  local release=$1 chart=$2 space=$3
  shift 3
  helm upgrade --install "$release" "$chart" --namespace "$space" --create-namespace --wait --timeout 10m "$@"
}

say 'what watches and what scales'
install metrics-server metrics-server/metrics-server kube-system --set 'args={--kubelet-insecure-tls}'
install monitoring prometheus-community/kube-prometheus-stack monitoring --values k8s/kube-prometheus-stack.yaml
install prometheus-adapter prometheus-community/prometheus-adapter monitoring --values k8s/prometheus-adapter.json
install traefik traefik/traefik traefik --values k8s/traefik.yaml

say 'NATS and MongoDB'
install nats nats/nats nats --values k8s/nats.yaml
kubectl create namespace "$namespace" --dry-run=client --output=yaml | kubectl apply -f -
install mongodb-operator mongodb/community-operator "$namespace"
kubectl -n "$namespace" get secret mongodb-password >/dev/null 2>&1 ||
  kubectl -n "$namespace" create secret generic mongodb-password --from-literal=password="$(openssl rand -hex 24)"
kubectl -n "$namespace" apply -f k8s/mongodb.yaml
kubectl -n "$namespace" wait --for=jsonpath='{.status.phase}'=Running mongodbcommunity/mongodb --timeout=10m

say 'Switchboard'
tools/images/services.sh local
kind load docker-image --name "$cluster" switchboard-{edge,router,storage,notifier}:local
install switchboard helm/switchboard "$namespace" --values k8s/switchboard.yaml --set image.tag=local
helm test switchboard --namespace "$namespace"

say 'http://chat.localhost:8080: make an account, open it in a second window, write something'
echo "Grafana: kubectl -n monitoring port-forward service/monitoring-grafana 3000:80"
