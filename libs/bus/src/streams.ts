import { DiscardPolicy, JetStreamApiError, RetentionPolicy, StorageType, type StreamConfig } from '@nats-io/jetstream'
import { Kvm } from '@nats-io/kv'
import { nanos } from '@nats-io/nats-core'
import { MAX } from '@switchboard/contracts/limits'
import { STREAMS } from '@switchboard/contracts/partition'
import { STREAM_NUMBERS } from '@switchboard/contracts/subjects'
import type { Bus } from './connect.ts'
import { patiently, START_MS_MAX } from './patience.ts'

type Config = Partial<StreamConfig> & { name: string }

const STREAM_NAME_IN_USE = 10_058

const duplicateWindow = nanos(MAX.duplicateSeconds * 1_000)

/** Every stream of an installation, as data. */
export function streamConfigs({ names, replicas }: Pick<Bus, 'names' | 'replicas'>): Config[] {
  const durable = { storage: StorageType.File, num_replicas: replicas, allow_direct: true }
  const commands = STREAM_NUMBERS.map((s) => ({
    ...durable,
    name: names.commandsStream(s),
    subjects: names.commandsSubjects(s),
    // An edge publishes without asking for an acknowledgement: a full stream refuses, and the edge times out.
    discard: DiscardPolicy.New,
    max_age: nanos(MAX.commandsAgeMs),
    max_bytes: Math.floor(MAX.commandsBytes / STREAMS),
    duplicate_window: duplicateWindow,
  }))
  const logs = STREAM_NUMBERS.map((s) => ({
    ...durable,
    name: names.logStream(s),
    subjects: names.logSubjects(s),
    republish: names.logRepublish,
    max_age: nanos(MAX.logAgeMs),
    duplicate_window: duplicateWindow,
  }))
  return [
    ...commands,
    ...logs,
    {
      ...durable,
      name: names.marksStream,
      subjects: [names.marksAll],
      max_msgs_per_subject: 1,
      max_age: nanos(MAX.logAgeMs),
    },
    {
      ...durable,
      name: names.pushesStream,
      subjects: [names.pushAll],
      retention: RetentionPolicy.Workqueue,
      max_age: nanos(MAX.pushAgeMs),
      duplicate_window: nanos(MAX.commandsAgeMs),
    },
    { ...durable, name: names.deadStream, subjects: [names.deadAll], max_age: nanos(4 * MAX.logAgeMs) },
  ]
}

async function ensureStream(bus: Bus, config: Config): Promise<void> {
  try {
    await bus.jsm.streams.add(config)
  } catch (error) {
    // Another process of ours was first, or an older release made it: bring it to this shape.
    if (!(error instanceof JetStreamApiError) || error.code !== STREAM_NAME_IN_USE) throw error
    await bus.jsm.streams.update(config.name, config)
  }
}

/**
 * Creates or updates every stream and bucket; safe to call from every process at every start. @throws when JetStream refuses, or
 * has not been there for a minute.
 */
export const ensureStreams = (bus: Bus): Promise<void> =>
  patiently(() => makeStreams(bus), { msMax: START_MS_MAX, log: bus.log })

async function makeStreams(bus: Bus): Promise<void> {
  await Promise.all(streamConfigs(bus).map((config) => ensureStream(bus, config)))
  const kvm = new Kvm(bus.nc)
  const bucket = { replicas: bus.replicas, history: 1, storage: StorageType.File, markerTTL: 60_000 }
  await Promise.all([
    kvm.create(bus.names.leases, bucket),
    kvm.create(bus.names.claims, { ...bucket, ttl: MAX.pushAgeMs }),
    kvm.create(bus.names.floors, { ...bucket }),
  ])
}

/** What tells a stream from an earlier one of the same name: its creation, in base 36. @throws when the stream is not there. */
export const incarnationOf = async (bus: Bus, stream: string): Promise<string> =>
  incarnationIn(await bus.jsm.streams.info(stream))

/** The same of a stream that was just looked at. */
export const incarnationIn = ({ created }: { readonly created: string }): string => Date.parse(created).toString(36)
