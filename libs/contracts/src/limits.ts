/** One limit: its value, its unit and why it is where it is. Past it the answer is a coded refusal, never a silent loss (G8). */
export interface Limit {
  readonly value: number
  readonly unit: string
  readonly why: string
}

const limit = (value: number, unit: string, why: string): Limit => ({ value, unit, why })

/** Every bound on a queue, buffer, cache, batch, body and wait that more than one place must agree on. */
export const LIMITS = {
  textChars: limit(
    8_000,
    'characters',
    'a long message; 32 KB in the worst UTF-8, so that a log entry of many stays under one NATS message',
  ),
  titleChars: limit(200, 'characters', 'one line in a room list'),
  nameChars: limit(100, 'characters', 'one line beside a message'),
  passwordCharsMin: limit(8, 'characters', 'shorter ones are guessed'),
  passwordCharsMax: limit(200, 'characters', 'scrypt reads all of them'),
  tokenBytes: limit(4_096, 'bytes', 'a JWT with a few claims; longer ones only cost a parse'),
  mentions: limit(50, 'users', 'past it a mention means everybody'),
  files: limit(10, 'files', 'what one message bubble shows'),
  emojiChars: limit(32, 'characters', 'the longest emoji sequences have about a dozen'),
  roomMembers: limit(5_000, 'members', 'one answer of storage, a NATS message, carries them all to the router'),
  roomCreateMembers: limit(100, 'members', 'they travel in the first event of the room; more are added one by one'),
  connectFrameBytes: limit(262_144, 'bytes', 'carries the position of every room of a person'),
  frameBytes: limit(65_536, 'bytes', 'twice the largest message'),
  frameCommands: limit(2_048, 'commands', 'a client that sends more in one frame is broken'),
  serverRooms: limit(300, 'rooms', 'subscribed by the server in the connect reply; the rest only count'),
  connectionRooms: limit(512, 'rooms', 'server-side and client-side subscriptions of one connection'),
  requestsInFlight: limit(
    4_096,
    'commands',
    'of one connection without a reply, an outbox that empties; the next is refused',
  ),
  userConnections: limit(20, 'connections', 'of one user at one edge'),
  connections: limit(20_000, 'connections', 'of one edge process: about 10 KB each, and one core'),
  unauthenticated: limit(2_000, 'connections', 'that have not yet sent their connect command'),
  connectSeconds: limit(8, 'seconds', 'from the upgrade to the connect command'),
  outboxBytes: limit(1_048_576, 'bytes', 'unsent at one socket before it is cut; it resumes by seq'),
  outboxStallMs: limit(10_000, 'milliseconds', 'without progress on a socket that has bytes waiting'),
  signalOutboxBytes: limit(262_144, 'bytes', 'unsent at one socket before droppable signals are dropped'),
  commandsPerSecond: limit(500, 'commands/s', 'of one connection, refilled evenly'),
  commandsBurst: limit(5_000, 'commands', 'an outbox that empties after a long absence'),
  ringEntries: limit(512, 'events', 'of one room kept at an edge for those who resume'),
  ringBytes: limit(524_288, 'bytes', 'of one room kept at an edge for those who resume'),
  feedLingerMs: limit(30_000, 'milliseconds', 'a feed stays after its last socket left, for the reconnect'),
  feeds: limit(200_000, 'feeds', 'of one edge: one core subscription each'),
  recoverEvents: limit(1_000, 'events', 'recovered in one connect or subscribe reply; past it the room is reloaded'),
  recoverBytes: limit(786_432, 'bytes', 'recovered for one room in one reply'),
  auditMs: limit(10_000, 'milliseconds', 'between two checks of quiet feeds against the heads of the log'),
  historyEvents: limit(200, 'events', 'of one history page'),
  historyBytes: limit(524_288, 'bytes', 'of one history page; half a NATS message'),
  listPage: limit(1_000, 'entries', 'of a member list or a room list in one reply'),
  searchResults: limit(100, 'messages', 'of one search'),
  searchChars: limit(200, 'characters', 'of one search query'),
  devices: limit(25, 'devices', 'of one user; the oldest one gives way'),
  replySeconds: limit(5, 'seconds', 'that an edge waits for the router; then the client is told to try again'),
  querySeconds: limit(5, 'seconds', 'that a query may take'),
  publishSeconds: limit(15, 'seconds', 'that the router tries one log entry for, across a NATS election'),
  replayAgeMs: limit(
    10_000,
    'milliseconds',
    'a command found at a takeover that is older was answered with timeout already',
  ),
  laneQueue: limit(4_096, 'commands', 'waiting for one room; the next is refused with too_many_requests'),
  lanes: limit(20_000, 'rooms', 'held by one router in memory; the least recently used ones are dropped'),
  laneCids: limit(8_192, 'cids', 'of one room in memory; older ones are asked of storage'),
  entryEvents: limit(256, 'events', 'in one log entry'),
  entryBytes: limit(262_144, 'bytes', 'of one log entry; a quarter of a NATS message'),
  partitionQueue: limit(20_000, 'commands', 'read from a partition and not yet applied'),
  commandsAgeMs: limit(300_000, 'milliseconds', 'that a command may wait for a router'),
  commandsBytes: limit(268_435_456, 'bytes', 'of the commands streams together; then edges are refused'),
  logAgeMs: limit(604_800_000, 'milliseconds', 'that the log keeps an entry; MongoDB holds it long before'),
  bulkEvents: limit(500, 'events', 'in one bulk write to MongoDB'),
  bulkMs: limit(50, 'milliseconds', 'that an event waits for its bulk'),
  storageQueue: limit(20_000, 'events', 'read from the log and not yet written; then reading pauses'),
  pushDelayMs: limit(3_000, 'milliseconds', 'between a message and its push, in which it may be read'),
  pushPayloadBytes: limit(4_096, 'bytes', 'APNs, FCM and Web Push all take this much'),
  pushAgeMs: limit(86_400_000, 'milliseconds', 'after which a push that could not be sent is given up'),
  presenceLeaseMs: limit(10_000, 'milliseconds', 'a dead edge is noticed after this long'),
  presenceGraceMs: limit(12_000, 'milliseconds', 'between the last socket of a user and "offline"'),
  leaseMs: limit(3_000, 'milliseconds', 'a partition without its owner is taken over after this long'),
  drainSeconds: limit(60, 'seconds', 'over which a stopping edge spreads its reconnect advice'),
} as const satisfies Record<string, Limit>

/** Values alone, for code: `MAX.textChars`. */
export const MAX = Object.fromEntries(Object.entries(LIMITS).map(([name, { value }]) => [name, value])) as {
  readonly [Name in keyof typeof LIMITS]: number
}
