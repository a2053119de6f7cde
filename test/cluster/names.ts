import { fileURLToPath } from 'node:url'
import { environment } from '@switchboard/runtime/settings'

const FILE = fileURLToPath(new URL('./names-file.ts', import.meta.url))

/** From here on this process and those that it starts find these names at these addresses. */
export function nameHosts(addresses: Readonly<Record<string, string>>): Promise<unknown> {
  const own = environment()
  const pairs = Object.entries(addresses).map(([name, address]) => `${name}=${address}`)
  Object.assign(own, { CLUSTER_NAMES: pairs.join(), NODE_OPTIONS: `${own.NODE_OPTIONS ?? ''} --import=${FILE}` })
  return import(FILE)
}
