import { CHANNELS, type Channel, type Party } from '@switchboard/contracts/channels'
import type { Check, Finding } from './check.ts'
import type { TextFile } from './tree.ts'

const SERVICES: readonly Party[] = ['edge', 'router', 'storage', 'notifier']
const FILE = /^services\/([^/]+)\/src\/(from|to)-([a-z0-9-]+)\.ts$/

const channels: Readonly<Record<string, Channel>> = CHANNELS

/** The files that the table asks for. */
function wanted(): Map<string, string> {
  const files = new Map<string, string>()
  const ask = (parties: readonly Party[], direction: 'from' | 'to', name: string) => {
    for (const party of parties) {
      if (SERVICES.includes(party)) files.set(`services/${party}/src/${direction}-${name}.ts`, name)
    }
  }
  for (const [name, { producers, consumers }] of Object.entries(channels)) {
    ask(producers, 'to', name)
    ask(consumers, 'from', name)
  }
  return files
}

export const channelFiles: Check = {
  rule: 'R1',
  name: 'channels and files agree',
  find: (files) => {
    const there = new Set(files.map(({ path }) => path))
    const missing = [...wanted()]
      .filter(([path]) => !there.has(path))
      .map(([path, name]) => ({ path, message: `is missing: the channel "${name}" names this service` }))
    const extra = files
      .filter(({ path }) => FILE.test(path) && !path.endsWith('.test.ts') && !wanted().has(path))
      .map(({ path }) => ({ path, message: 'is no way in or out that libs/contracts/src/channels.ts declares' }))
    return [...missing, ...extra]
  },
}

const FIELDS = ['channel', 'comes', 'goes', 'guarantee', 'order', 'acked'] as const

/** The six lines at the top of a from/to file, null where they are not exactly that. */
export function headerOf(text: string): Readonly<Record<(typeof FIELDS)[number], string>> | null {
  const [open, ...rest] = text.split('\n')
  if (open !== '/**' || rest[FIELDS.length] !== ' */') return null
  const pairs = FIELDS.map((field, i) => {
    const match = /^ \* ([a-z]+) {2,}(\S.*)$/.exec(rest[i] ?? '')
    return match?.[1] === field ? [field, match[2]] : null
  })
  return pairs.every((pair) => pair !== null) ? Object.fromEntries(pairs) : null
}

function checkHeader({ path, text }: TextFile): Finding[] {
  const name = FILE.exec(path)?.[3] ?? ''
  const header = headerOf(text)
  if (!header) return [{ path, line: 1, message: `must begin with the six lines ${FIELDS.join(', ')}` }]
  const named = header.channel.split(/[ (]/)[0]
  return named === name ? [] : [{ path, line: 2, message: `says it is the channel "${named}" and is called "${name}"` }]
}

export const channelHeaders: Check = {
  rule: 'R4',
  name: 'six-line headers',
  find: (files) => files.filter(({ path }) => FILE.test(path) && !path.endsWith('.test.ts')).flatMap(checkHeader),
}

/** `comes` and `goes` of what may be lost or must be kept are said once, in the table; the header may be nearer, never empty. */
export const headersElsewhere: Check = {
  rule: 'R4',
  name: 'headers nowhere else',
  find: (files) =>
    files
      .filter(({ path, text }) => path.endsWith('.ts') && !FILE.test(path) && headerOf(text) !== null)
      .map(({ path }) => ({ path, line: 1, message: 'has the header of a way in or out, and is none' })),
}
