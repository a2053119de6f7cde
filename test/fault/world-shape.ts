import type { Toxic } from '@switchboard/testkit/fault-toxic'
import type { ServiceName } from '../../tools/system/service.ts'

export type { Toxic } from '@switchboard/testkit/fault-toxic'

/** What a fault can do to one process: a service, a node of NATS, the database. */
export interface Victim {
  /** `edge-1`, `router-2`, `nats-3`, `mongo`. */
  readonly name: string
  readonly running: boolean
  /** SIGKILL. Resolves when it is gone. */
  kill(): Promise<void>
  /** A new process, same settings, ports and data; resolves when it is ready. */
  start(): Promise<void>
  /** SIGSTOP; every timer of its own stops, its sockets stay. */
  freeze(): void
  /** SIGCONT. */
  thaw(): void
}

export interface ServiceVictim extends Victim {
  readonly service: ServiceName
  /** SIGTERM, then a new process when it has ended: what a rolling restart does to one pod. */
  roll(): Promise<void>
  /** Moves its wall clock by this much from now on; its steady clock stays. 0 is the truth. */
  stepClock(offsetMs: number): Promise<void>
  /** All samples of /metrics, by `name{labels}`; empty while it does not answer. */
  metrics(): Promise<ReadonlyMap<string, number>>
}

export interface NatsVictim extends Victim {
  /** Deletes its JetStream store. Only while it is not running. */
  wipe(): Promise<void>
  /** SIGUSR2: moves its leaders away first, then ends. Resolves when it is gone. */
  lameDuck(): Promise<void>
}

/** A proxied TCP link, or a group of them that fails together. */
export interface Link {
  /** `edge-1 → nats`, `storage-2 → mongo`, `clients → edge-1`, `nats-1 ↔ nats-2`, `notifier-1 → apns`. */
  readonly name: string
  /** Puts a toxic on what is open and what will be opened, in the place of the one before. */
  spoil(toxic: Toxic): void
  heal(): void
  /** RST to both sides of every open connection. */
  reset(): void
  readonly open: number
}

/** The real system under test: 2 of each service, three NATS nodes, a MongoDB-wire server, push servers, a proxy on each link. */
export interface World extends AsyncDisposable {
  /** The one address of all edges: http://…; new connections go round, refused ones to the next. */
  readonly url: string
  /** Around the proxies and the common address, for clients that must be at a certain edge. */
  readonly edgeUrls: readonly string[]
  readonly services: readonly ServiceVictim[]
  readonly nats: readonly NatsVictim[]
  readonly mongo: Victim
  readonly links: readonly Link[]
  /** Of a direct connection to NATS and MongoDB around all proxies: for final reads, and for poison. */
  readonly natsUrls: readonly string[]
  readonly mongoUrl: string
  readonly namespace: string
  readonly database: string
  /** Which node leads a stream now (its full name), to aim at. */
  leaderOf(stream: string): Promise<NatsVictim | undefined>
  of(service: ServiceName): readonly ServiceVictim[]
  /** Heals every link, thaws and starts everything, sets all clocks right. Resolves when all are ready. */
  healAll(): Promise<void>
}
