/**
 * channel    dead (JetStream)
 * comes      log entries that cannot be read, and pushes and deliveries to webhooks that were given up
 * goes       where operators look, with the reason
 * guarantee  stored before the record leaves its queue
 * order      none
 * acked      by the stream; libs/bus waits for it
 */
import { type Outcome, reject } from '@switchboard/bus/work'
import type { Delivery } from './deliver.ts'

type Dead = Extract<Delivery, { kind: 'dead' }>

const SENTENCES: Readonly<Record<Dead['why'], string>> = {
  refused: 'the provider refuses it for good',
  'too-old': 'it could not be sent within its time',
  unknown: 'it was sent twice, and no answer came',
  crowded: 'as many as may wait for the same webhook already',
  abandoned: 'its sender ended between claim and answer: it may have been shown',
}

/** Says that something is to be buried, and why, for a person. */
export function toDead(dead: Dead): Outcome {
  return reject(`${SENTENCES[dead.why]} (${dead.reason})`)
}
