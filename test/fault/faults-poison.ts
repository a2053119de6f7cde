import { encodeJson } from '@switchboard/bus/core'
import { type FaultKind, fault, type Stage } from './faults-kind.ts'

/** Just under what NATS takes in one message. */
const OVERSIZE_BYTES = 1_048_000
const COPIES = 3

/** What no router can read, by what a plan calls it. */
const POISON: Readonly<Record<string, () => Uint8Array>> = {
  'no JSON': () => new TextEncoder().encode('{"method":'),
  'no command': () => encodeJson({ hello: 'world' }),
  'a megabyte of nothing': () => new Uint8Array(OVERSIZE_BYTES),
}

/** What looks like a command and was made by nobody of ours; a router may refuse it or bury it. */
const STRANGE: Readonly<Record<string, () => Uint8Array>> = {
  'a method of another version': () =>
    encodeJson({ method: 'room.fly', from: 'nobody', cid: 'poison', body: {}, version: 99 }),
  'a body that is not of its method': () =>
    encodeJson({ method: 'message.send', from: 'nobody', cid: 'poison-2', body: { text: { not: 'a text' } } }),
}

/** Records that cannot be handled, raw into partitions that are in use. */
async function publish({ nats, target, dice }: Stage): Promise<() => void> {
  const data = (POISON[target] ?? STRANGE[target])?.()
  if (!data) throw new Error(`there is no poison ${target}`)
  for (let copy = 0; copy < COPIES; copy += 1) await nats.publishCommand(`poison${dice.int(0, 1_000_000)}`, data)
  return () => {}
}

/** Faults of what travels. */
export const POISON_FAULTS: readonly FaultKind[] = [
  fault(
    { name: 'poison-commands', what: 'records that are no commands lie between the others', listed: 'F10' },
    {
      // It must be written to be a fault: not while NATS itself is one.
      claims: ['commands', 'nats'],
      seconds: [1, 3],
      weight: 2,
      targets: Object.keys(POISON),
      shows: ['dead-letter'],
      inject: publish,
    },
  ),
  fault(
    { name: 'strange-commands', what: 'commands of another version lie between the others', listed: 'F10' },
    { claims: ['commands', 'nats'], seconds: [1, 3], targets: Object.keys(STRANGE), inject: publish },
  ),
]
