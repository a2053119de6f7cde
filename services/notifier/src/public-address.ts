import type { LookupAddress, LookupOptions } from 'node:dns'
import { BlockList, isIP } from 'node:net'

const BLOCKED_V4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
]
// Only 2000::/3 is routed on the internet; of it, what maps or tunnels IPv4 is refused as well.
const BLOCKED_V6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
]

/** True for an address on the public internet: not private, local, link-local, multicast, reserved or a translation of one. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return !blocked.check(address, 'ipv4')
  if (family === 6) return routed.check(address, 'ipv6') && !blocked.check(address, 'ipv6')
  return false
}

const blocked = new BlockList()
for (const [network, bits] of BLOCKED_V4) blocked.addSubnet(network, bits, 'ipv4')
for (const [network, bits] of BLOCKED_V6) blocked.addSubnet(network, bits, 'ipv6')
const routed = new BlockList()
routed.addSubnet('2000::', 3, 'ipv6')

type LookupDone = (error: Error | null, address: string | LookupAddress[], family?: number) => void
type LookupAll = (
  hostname: string,
  options: LookupOptions & { all: true },
  done: (error: Error | null, addresses: LookupAddress[]) => void,
) => void

/** `dns.lookup` that refuses what is not on the public internet: a name that is allowed may still point anywhere. */
export const publicOnly =
  (lookup: LookupAll) =>
  (hostname: string, options: LookupOptions, done: LookupDone): void =>
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return done(error, [])
      const found = addresses.filter(({ address }) => isPublicAddress(address))
      const [first] = found
      if (first === undefined) {
        return done(Object.assign(new Error(`${hostname} has no public address`), { code: 'EPRIVATEADDRESS' }), [])
      }
      if (options.all === true) done(null, found)
      else done(null, first.address, first.family)
    })
