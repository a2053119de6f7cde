import { fileURLToPath } from 'node:url'
import { environment } from '@switchboard/runtime/settings'
import { findProgram } from '../../tools/system/command.ts'
import { SetupError } from '../../tools/system/setup-error.ts'
import { Kube } from './kube.ts'

const CHART = fileURLToPath(new URL('../../helm/switchboard', import.meta.url))

/** What the run must be told of a cluster; the rest it asks the cluster for. */
export interface PlaceSettings {
  readonly helm: string
  /** Where the Ingress listens; empty: what an Ingress says of itself. */
  readonly address: string
  readonly ingressClass: string
  /** Registry and tag of our images. */
  readonly registry: string
  readonly tag: string
  /** A file of values for every installation, besides what the run sets; empty for none. */
  readonly values: string
}

export interface Place extends PlaceSettings {
  readonly kube: Kube
  /** The folder of the chart. */
  readonly chart: string
}

/** Undefined when a cluster answers, else why none does. */
export async function missingCluster(): Promise<string | undefined> {
  const kubectl = findProgram('kubectl')
  if (kubectl === undefined) return 'kubectl is not on PATH'
  if (!environment().KUBECONFIG) return 'KUBECONFIG names no cluster'
  const kube = new Kube({ kubectl, helm: 'helm' })
  return kube.kubectl(['version', '--request-timeout=10s'], { secondsMax: 15 }).then(
    () => undefined,
    (error: Error) => `no cluster answers: ${error.message.split('\n').at(-1)}`,
  )
}

export function placeOf(settings: PlaceSettings): Place {
  const kubectl = findProgram('kubectl')
  if (kubectl === undefined) throw new SetupError('kubectl is not on PATH')
  return { ...settings, kube: new Kube({ kubectl, helm: settings.helm }), chart: CHART }
}

interface IngressList {
  readonly status: { readonly loadBalancer?: { readonly ingress?: readonly { ip?: string; hostname?: string }[] } }
}
interface NodeList {
  readonly items: readonly { readonly status: { readonly addresses: readonly { type: string; address: string }[] } }[]
}

/** Where clients come in: as told, as the Ingress says, or at the first node. */
export async function addressOf({ kube, address }: Place, namespace: string, ingress: string): Promise<string> {
  if (address !== '') return address
  const { status } = await kube.json<IngressList>(['get', 'ingress', ingress, '-n', namespace])
  const [at] = status.loadBalancer?.ingress ?? []
  const said = at?.ip ?? at?.hostname
  if (said) return said
  const { items } = await kube.json<NodeList>(['get', 'nodes'])
  const internal = items[0]?.status.addresses.find(({ type }) => type === 'InternalIP')
  if (!internal) throw new SetupError('the cluster does not say where its Ingress listens: give --address')
  return internal.address
}
