/** Who produces or consumes: a service of ours, or a party outside. */
export type Party = 'client' | 'edge' | 'router' | 'storage' | 'notifier' | 'operator' | 'provider' | 'database'

export interface Channel {
  /** How it travels. */
  readonly kind: 'websocket' | 'http' | 'stream' | 'work queue' | 'core' | 'lease' | 'request' | 'outward'
  /** Subject pattern, without the namespace; `p` is the partition. */
  readonly subject?: string
  readonly carries: string
  readonly guarantee: string
  readonly order: string
  readonly producers: readonly Party[]
  readonly consumers: readonly Party[]
}

/**
 * Every way in and out of a service. A consumer `x` of a channel has the file `services/x/src/from-<channel>.ts`, a
 * producer `to-<channel>.ts`, and no other file of that shape exists: test/tidy holds both against this table.
 */
export const CHANNELS = {
  uplink: {
    kind: 'websocket',
    carries: 'commands of the Centrifuge protocol',
    guarantee: 'each is answered once, or the connection is lost',
    order: 'per connection',
    producers: ['client'],
    consumers: ['edge'],
  },
  downlink: {
    kind: 'websocket',
    carries: 'replies, publications and signals',
    guarantee: 'publications without holes, else the client is told to resume',
    order: 'per room',
    producers: ['edge'],
    consumers: ['client'],
  },
  api: {
    kind: 'http',
    carries: 'log-in, history, search, devices, sending by servers',
    guarantee: 'answered once',
    order: 'none',
    producers: ['client'],
    consumers: ['edge'],
  },
  commands: {
    kind: 'stream',
    subject: 'cmd.<p>.<kind>.<id>',
    carries: 'what is to be decided',
    guarantee: 'at most once from an edge (its reply is the proof), at least once between entities',
    order: 'per partition',
    producers: ['edge', 'router'],
    consumers: ['router'],
  },
  log: {
    kind: 'stream',
    subject: 'log.<p>.<kind>.<id>',
    carries: 'the events that happened: the ordered truth',
    guarantee: 'kept once acknowledged, exactly once by optimistic concurrency',
    order: 'per entity, dense',
    producers: ['router'],
    consumers: ['storage', 'notifier', 'edge'],
  },
  signals: {
    kind: 'core',
    subject: 'live.<kind>.<id>',
    carries: 'typing, presence, receipts',
    guarantee: 'may be lost',
    order: 'none',
    producers: ['edge', 'router'],
    consumers: ['edge'],
  },
  replies: {
    kind: 'core',
    subject: 'reply.<edge>',
    carries: 'answers to commands',
    guarantee: 'at most once; the edge times out',
    order: 'none',
    producers: ['router'],
    consumers: ['edge'],
  },
  presence: {
    kind: 'core',
    subject: 'presence.<edge>',
    carries: 'who has a socket at this edge, and whether the edge lives',
    guarantee: 'transitions may be lost, the edge repeats its whole state',
    order: 'per edge',
    producers: ['edge'],
    consumers: ['router', 'notifier'],
  },
  queries: {
    kind: 'request',
    subject: 'ask.<service>.<name>',
    carries: 'questions, and what changes no room: accounts, devices',
    guarantee: 'answered or timed out',
    order: 'none',
    producers: ['edge', 'router', 'notifier'],
    consumers: ['storage', 'router'],
  },
  marks: {
    kind: 'stream',
    subject: 'mark.<p>.<room>.<user>',
    carries: 'how far each member has read',
    guarantee: 'the last one is kept',
    order: 'per member of a room',
    producers: ['router'],
    consumers: ['storage', 'notifier'],
  },
  pushes: {
    kind: 'work queue',
    subject: 'push.<provider>',
    carries: 'one notification for one device, or one event for one webhook',
    guarantee: 'at least once, claimed before sending',
    order: 'none',
    producers: ['notifier'],
    consumers: ['notifier'],
  },
  dead: {
    kind: 'stream',
    subject: 'dead.<service>',
    carries: 'records that could not be handled, with the reason',
    guarantee: 'kept',
    order: 'none',
    producers: ['storage', 'notifier', 'router'],
    consumers: ['operator'],
  },
  mongo: {
    kind: 'outward',
    carries: 'events and projections',
    guarantee: 'majority',
    order: 'per room',
    producers: ['storage'],
    consumers: ['database'],
  },
  apns: {
    kind: 'outward',
    carries: 'notifications to Apple',
    guarantee: 'by outcome',
    order: 'none',
    producers: ['notifier'],
    consumers: ['provider'],
  },
  fcm: {
    kind: 'outward',
    carries: 'notifications to Google',
    guarantee: 'by outcome',
    order: 'none',
    producers: ['notifier'],
    consumers: ['provider'],
  },
  webhooks: {
    kind: 'outward',
    carries: 'events of desks to a customer’s own servers',
    guarantee: 'at least once, for a day',
    order: 'none',
    producers: ['notifier'],
    consumers: ['provider'],
  },
  webpush: {
    kind: 'outward',
    carries: 'notifications to browsers',
    guarantee: 'by outcome',
    order: 'none',
    producers: ['notifier'],
    consumers: ['provider'],
  },
} as const satisfies Record<string, Channel>

export type ChannelName = keyof typeof CHANNELS
