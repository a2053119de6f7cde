import { randomUUID } from 'node:crypto'
import type { Servers } from '@switchboard/testkit/servers'
import pino from 'pino'
import { type Bus, connectBus } from '../src/connect.ts'
import { ensureStreams } from '../src/streams.ts'

/** A connection with a namespace of its own, and its streams. */
export async function testBus({ natsUrl: url }: Servers): Promise<Bus> {
  const log = pino({ level: 'silent' })
  const namespace = `t${randomUUID().slice(0, 8)}`
  const bus = await connectBus({ url, namespace, service: 'test', replicas: 1, log })
  await ensureStreams(bus)
  return bus
}
