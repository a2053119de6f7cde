/**
 * Loaded before everything else (`--import`) by processes that come in through the Ingress: the names in CLUSTER_NAMES,
 * `chat.test=10.0.0.1,…`, are found at these addresses, as if the DNS had them. Every other name is asked for as always.
 */
import dns from 'node:dns'
import { environment } from '@switchboard/runtime/settings'

const addresses = new Map(
  (environment().CLUSTER_NAMES ?? '').split(',').map((pair) => pair.split('=') as [string, string]),
)
const ask = dns.lookup

type Answer = (error: Error | null, address: string | readonly object[], family?: number) => void

function lookup(name: string, ...rest: unknown[]): void {
  const address = addresses.get(name)
  if (address === undefined) {
    Reflect.apply(ask, dns, [name, ...rest])
    return
  }
  const answer = rest.at(-1) as Answer
  const { all = false } = (typeof rest[0] === 'object' ? rest[0] : {}) as { all?: boolean }
  if (all) process.nextTick(answer, null, [{ address, family: 4 }])
  else process.nextTick(answer, null, address, 4)
}

dns.lookup = lookup as typeof dns.lookup
