import { pause, within } from '@switchboard/runtime/deadline'
import { createSlots } from '@switchboard/runtime/slots'
import type { Final } from '@switchboard/testkit/history/records'
import { Centrifuge } from 'centrifuge'
import { askApi, logIn } from './accounts.ts'
import { openSources, type Place, readApi, type Sources } from './final-sources.ts'
import { type Journal, nowMs } from './journal.ts'

const WAIT_MS_MAX = 60_000
const LOOK_MS = 500
const AT_ONCE = 4
const HEADS_AT_ONCE = 32
/** Who was away for a moment may not be shown again before this. */
const STEADY_MS = 20_000
const MEMBER_PAGES_MAX = 20

type Row = Extract<Final, { type: 'final-list' }>['rooms'][number]

export interface FinalOptions extends Place {
  /** Those that the bots know of; others are found. */
  readonly rooms: readonly string[]
  readonly users: readonly string[]
  readonly desks?: readonly string[]
  /** Who is connected now, and who for so long without a break. Without it nobody asks who is online. */
  readonly present?: (msMin: number) => Promise<{ readonly now: readonly string[]; readonly steady: readonly string[] }>
  /** How long somebody must have been connected to count as online; 20 s when left out, as after a fault. */
  readonly steadyMs?: number
  /** For each of the things that are waited for. */
  readonly msMax?: number
}

export interface FinalReport {
  readonly rooms: number
  readonly events: number
  /** A sentence for each thing that did not come to rest in time. */
  readonly unsettled: readonly string[]
}

/** Somebody who was not there before: a fresh log-in and a fresh connection. */
interface Reader {
  readonly user: string
  readonly token: string
  rooms: readonly Row[]
}

interface Reading {
  readonly options: FinalOptions
  readonly journal: Journal
  readonly sources: Sources
  readonly readers: readonly Reader[]
  readonly msMax: number
  readonly unsettled: string[]
}

/** Reads everything from all sides when the faults are healed and the bots are done, and writes it into the journal. */
export async function finalReads(options: FinalOptions, journal: Journal): Promise<FinalReport> {
  const inTurn = createSlots(AT_ONCE)
  await using sources = await openSources(options)
  const logIns = options.users.map((user) =>
    inTurn(async () => ({ user, token: await logIn(options.url, user), rooms: [] })),
  )
  const readers: Reader[] = await Promise.all(logIns)
  const { msMax = WAIT_MS_MAX } = options
  const reading = { options, journal, sources, readers, msMax, unsettled: [] }
  const rooms = await allStored(reading)
  await Promise.all(readers.map((reader) => inTurn(() => readLists(reading, reader))))
  let events = 0
  const histories = createSlots(AT_ONCE)
  await Promise.all(
    rooms.map((room) =>
      histories(async () => {
        events += await readHistories(reading, room)
      }),
    ),
  )
  for (const desk of options.desks ?? []) await readDesk(reading, desk)
  const online = await whoIsOnline(reading)
  for (const room of rooms) await readMembers(reading, room, online)
  journal.flush()
  return { rooms: rooms.length, events, unsettled: reading.unsettled }
}

/** Resolves when MongoDB has of each room what the log has. @returns all rooms. */
async function allStored({ options, sources, msMax, unsettled }: Reading): Promise<string[]> {
  const inTurn = createSlots(HEADS_AT_ONCE)
  const deadline = performance.now() + msMax
  for (;;) {
    const rooms = [...new Set([...options.rooms, ...(await sources.storedRooms())])].sort()
    const heads = await Promise.all(
      rooms.map((room) =>
        inTurn(async () => ({ room, log: await sources.logHead(room), stored: await sources.storedHead(room) })),
      ),
    )
    const behind = heads.filter(({ log, stored }) => log !== stored)
    if (behind.length === 0) return rooms
    if (performance.now() > deadline) {
      for (const { room, log, stored } of behind)
        unsettled.push(`${room}: the log ends at ${log}, and MongoDB at ${stored}`)
      return rooms
    }
    await pause(LOOK_MS)
  }
}

/** The list of rooms from two devices, when both say the same and nothing moves any more. */
async function readLists({ options, journal, sources, msMax, unsettled }: Reading, reader: Reader): Promise<void> {
  const { user, token } = reader
  using device = await connect(options.url, token)
  const deadline = performance.now() + msMax
  for (let before = ''; ; ) {
    const { body } = await askApi(options.url, { path: '/v1/rooms', token })
    const first = rowsOf(body)
    const second = rowsOf(await device.rpc('room.list', {}))
    const now = JSON.stringify(first)
    const heads = await Promise.all(first.map(({ room }) => sources.logHead(room)))
    const isRight = first.every(({ head }, index) => head === heads[index])
    const isQuiet = isRight && now === before && now === JSON.stringify(second)
    if (isQuiet || performance.now() > deadline) {
      if (!isQuiet) unsettled.push(`the room list of ${user} did not come to rest`)
      reader.rooms = first
      journal.write({ type: 'final-list', user, client: `final-http-${user}`, rooms: first })
      journal.write({ type: 'final-list', user, client: `final-rpc-${user}`, rooms: second })
      return
    }
    before = now
    await pause(LOOK_MS)
  }
}

const rowsOf = (body: object): Row[] =>
  (body as { rooms: Row[] }).rooms
    .map(({ room, head, read, unread }) => ({ room, head, read, unread }))
    .sort((a, b) => (a.room < b.room ? -1 : 1))

async function readHistories(reading: Reading, room: string): Promise<number> {
  const { options, journal, sources } = reading
  const log = await sources.log(room)
  journal.write({ type: 'final-history', room, source: 'log', events: log })
  journal.write({ type: 'final-history', room, source: 'store', events: await sources.stored(room) })
  // Nobody can read a room that all have left.
  const member = memberOf(reading, room)
  const api = member ? await readApi(options.url, member.token, room) : null
  if (api) journal.write({ type: 'final-history', room, source: 'api', events: api })
  else if (member) reading.unsettled.push(`${member.user} has ${room} in the list, and may not read it`)
  return log.length
}

type DeskReading = Pick<Reading, 'journal' | 'msMax' | 'unsettled'> & {
  readonly sources: Pick<Sources, 'deskLog' | 'deskStored'>
}

/** A desk, when MongoDB has what the log has, dated by when the reading began: what came while it was read may be missing. */
export async function readDesk({ journal, sources, msMax, unsettled }: DeskReading, desk: string): Promise<void> {
  const deadline = performance.now() + msMax
  for (;;) {
    const atMs = nowMs()
    const [log, stored] = [await sources.deskLog(desk), await sources.deskStored(desk)]
    const isStored = log.at(-1)?.seq === stored.at(-1)?.seq
    if (isStored || performance.now() > deadline) {
      if (!isStored) unsettled.push(`the desk ${desk}: the log ends at ${log.at(-1)?.seq}, MongoDB at ${stored.length}`)
      journal.write({ type: 'final-desk', atMs, desk, source: 'log', events: log })
      journal.write({ type: 'final-desk', atMs, desk, source: 'store', events: stored })
      return
    }
    await pause(LOOK_MS)
  }
}

const memberOf = ({ readers }: Reading, room: string, among?: ReadonlySet<string>): Reader | undefined =>
  readers.find(({ user, rooms }) => (among?.has(user) ?? true) && rooms.some((row) => row.room === room))

/** Resolves when everybody who is connected has been for a while: then it is known what must be shown. */
async function whoIsOnline({ options, msMax, unsettled }: Reading): Promise<ReadonlySet<string> | null> {
  if (options.present === undefined) return null
  const deadline = performance.now() + msMax
  for (;;) {
    const { now, steady } = await options.present(options.steadyMs ?? STEADY_MS)
    if (steady.length === now.length) return new Set(steady)
    if (performance.now() > deadline) {
      unsettled.push(`${now.length - steady.length} people come and go`)
      return null
    }
    await pause(LOOK_MS)
  }
}

/** Who is in a room, and who of them is online, asked by one who is online anyway. */
async function readMembers(reading: Reading, room: string, online: ReadonlySet<string> | null): Promise<void> {
  const { options, journal, msMax } = reading
  const reader = memberOf(reading, room, online ?? undefined)
  if (!reader) return
  using device = await connect(options.url, reader.token)
  const members: string[] = []
  for (let pages = 0, more = true; more && pages < MEMBER_PAGES_MAX; pages++) {
    const after = members.at(-1)
    const page = await device.rpc<{ members: { user: string }[]; more: boolean }>('room.members', {
      room,
      ...(after === undefined ? {} : { after }),
    })
    members.push(...page.members.map(({ user }) => user))
    more = page.more
  }
  journal.write({ type: 'final-members', room, members })
  if (online === null) return
  const truth = members.filter((user) => online.has(user)).sort()
  const deadline = performance.now() + msMax
  for (;;) {
    const shown = (await device.rpc<{ online: string[] }>('room.online', { room })).online.sort()
    if (shown.join() === truth.join() || performance.now() > deadline) {
      journal.write({ type: 'final-online', room, online: shown, truth })
      return
    }
    await pause(LOOK_MS)
  }
}

interface Device extends Disposable {
  /** Asked until it is answered. @throws on a refusal, or when no answer comes for long. */
  rpc<T extends object>(method: string, data: object): Promise<T>
}

async function connect(url: string, token: string): Promise<Device> {
  const client = new Centrifuge(`${url.replace('http', 'ws')}/connection/websocket`, { token, websocket: WebSocket })
  client.connect()
  const rpc = async <T extends object>(method: string, data: object): Promise<T> => {
    for (;;) {
      try {
        return (await client.rpc(method, data)).data as T
      } catch (error) {
        const { code, temporary } = error as { code?: number; temporary?: boolean }
        if (code === undefined || (code >= 100 && temporary !== true))
          throw new Error(`${method} was refused: ${JSON.stringify(error)}`)
        await pause(LOOK_MS)
      }
    }
  }
  return {
    rpc: <T extends object>(method: string, data: object) => within(WAIT_MS_MAX, rpc<T>(method, data), method),
    [Symbol.dispose]: () => client.disconnect(),
  }
}
