import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { isIPv4 } from 'node:net'

export type Certificate = { readonly key: string; readonly cert: string }

/** A certificate authority that lives as long as the test. */
export type Authority = {
  /** PEM that clients must trust. */
  readonly ca: string
  /** A server certificate for these names (DNS names and IPv4 addresses). */
  readonly issue: (hosts: readonly string[]) => Certificate
}

const DAY_MS = 24 * 3600_000
const OID_ECDSA_SHA256 = '06082a8648ce3d040302'
const OID_COMMON_NAME = '0603550403'
const OID_BASIC_CONSTRAINTS = '0603551d13'
const OID_SUBJECT_ALT_NAME = '0603551d11'

/** Makes an authority with node:crypto alone, so that no private key has to lie in the repository and none expires. */
export function createAuthority(nowMs: number): Authority {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  // The name is the authority's identity to a client: two with one name and different keys would be told apart by neither.
  const name = `Switchboard test authority ${randomBytes(4).toString('hex')}`
  const ca = certificate({
    subject: name,
    issuer: name,
    key: privateKey,
    issuerKey: privateKey,
    nowMs,
    extensions: [extension(OID_BASIC_CONSTRAINTS, sequence(der(0x01, Buffer.from([0xff]))))],
  })
  return {
    ca,
    issue: (hosts) => {
      const leaf = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
      const cert = certificate({
        subject: hosts[0] ?? 'localhost',
        issuer: name,
        key: leaf,
        issuerKey: privateKey,
        nowMs,
        extensions: [extension(OID_SUBJECT_ALT_NAME, sequence(...hosts.map(hostName)))],
      })
      return { key: leaf.export({ type: 'pkcs8', format: 'pem' }).toString(), cert }
    },
  }
}

function certificate(options: {
  readonly subject: string
  readonly issuer: string
  readonly key: KeyObject
  readonly issuerKey: KeyObject
  readonly nowMs: number
  readonly extensions: readonly Buffer[]
}): string {
  const algorithm = sequence(Buffer.from(OID_ECDSA_SHA256, 'hex'))
  const serial = randomBytes(16)
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    algorithm,
    distinguishedName(options.issuer),
    sequence(utcTime(options.nowMs - DAY_MS), utcTime(options.nowMs + 3650 * DAY_MS)),
    distinguishedName(options.subject),
    createPublicKey(options.key).export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...options.extensions)),
  )
  const signature = sign('sha256', body, { key: options.issuerKey, dsaEncoding: 'der' })
  const whole = sequence(body, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])))
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

function distinguishedName(commonName: string): Buffer {
  return sequence(der(0x31, sequence(Buffer.from(OID_COMMON_NAME, 'hex'), der(0x0c, Buffer.from(commonName)))))
}

function hostName(host: string): Buffer {
  return isIPv4(host) ? der(0x87, Buffer.from(host.split('.').map(Number))) : der(0x82, Buffer.from(host, 'ascii'))
}

/** Both extensions used here are critical: a client that did not know them would have to refuse. */
function extension(oid: string, value: Buffer): Buffer {
  return sequence(Buffer.from(oid, 'hex'), der(0x01, Buffer.from([0xff])), der(0x04, value))
}

function utcTime(ms: number): Buffer {
  const text = new Date(ms).toISOString().replace(/[-:T]/g, '').slice(2, 14)
  return der(0x17, Buffer.from(`${text}Z`, 'ascii'))
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts))
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content])
  const bytes: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
  return Buffer.concat([Buffer.from([tag, 0x80 | bytes.length, ...bytes]), content])
}
