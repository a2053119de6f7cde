import { createSlots } from '@switchboard/runtime/slots'
import { askApi, logIn } from '../fault/bots/accounts.ts'
import { Crowd } from '../fault/bots/crowd.ts'
import type { CrowdReport } from '../fault/bots/crowd-main.ts'

const LOG_INS_AT_ONCE = 4
/** Half of what an edge takes of one person: one that returns may come before its end is noticed, and the oldest gives way to it. */
const CONNECTIONS_OF_ONE = 10
const PEOPLE_OF_ROOM = 5
const SAY_EVERY_MS = 1_000
const PROCESSES = 2
const BACK_MS_MAX = 120_000

export interface AudienceOptions {
  readonly url: string
  readonly seed: number
  readonly connections: number
  /** First part of the names: several audiences share a system. */
  readonly name: string
  readonly report: (line: string) => void
}

/** Many light connections, in rooms in which somebody says something every second: so that silence is heard. */
export class Audience implements AsyncDisposable {
  readonly #options: AudienceOptions
  readonly #crowd: Crowd
  readonly #token: string
  readonly #speaking: Promise<void>
  #said = 0
  #words = 0
  #isOver = false

  private constructor(options: AudienceOptions, parts: { crowd: Crowd; rooms: readonly string[]; token: string }) {
    this.#options = options
    this.#crowd = parts.crowd
    this.#token = parts.token
    this.#speaking = Promise.all(parts.rooms.map((room) => this.#speak(room))).then(() => {})
    // Heard of when it is awaited.
    this.#speaking.catch(() => {})
  }

  static async gather(options: AudienceOptions): Promise<Audience> {
    const { url, seed, name, connections, report } = options
    const users = Array.from({ length: Math.ceil(connections / CONNECTIONS_OF_ONE) }, (_, i) => `${name}-${i}`)
    const inTurn = createSlots(LOG_INS_AT_ONCE)
    const tokens = await Promise.all(users.map((user) => inTurn(() => logIn(url, user))))
    const token = await logIn(url, `${name}-speaker`)
    const rooms: string[] = []
    for (let i = 0; i * PEOPLE_OF_ROOM < users.length; i += 1) {
      const members = users.slice(i * PEOPLE_OF_ROOM, (i + 1) * PEOPLE_OF_ROOM)
      rooms.push(await makeRoom({ url, name: `${name}-${i}`, token, members }))
    }
    const crowd = await Crowd.gather({ seed, url, tokens, clients: connections, processes: PROCESSES, report })
    return new Audience(options, { crowd, rooms, token })
  }

  /** Messages that were acknowledged since the beginning. */
  get said(): number {
    return this.#said
  }

  /** What is measured comes now. */
  reset(): void {
    this.#crowd.reset()
  }

  /** Waits until all are connected. */
  async report(): Promise<AudienceReport> {
    return addUp(await this.#crowd.back(BACK_MS_MAX))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true
    await this.#speaking.catch(() => {})
    await this.#crowd[Symbol.asyncDispose]()
  }

  async #speak(room: string): Promise<void> {
    while (!this.#isOver) {
      const began = performance.now()
      const cid = `${this.#options.name}:${++this.#words}`
      const body = { cid, text: `word ${cid}` }
      const { status } = await askApi(this.#options.url, {
        method: 'POST',
        path: `/v1/rooms/${room}/messages`,
        token: this.#token,
        body,
      })
      if (status !== 200 && status !== 201) throw new Error(`a message to ${room} was answered with ${status}`)
      this.#said += 1
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, SAY_EVERY_MS - (performance.now() - began))))
    }
  }
}

export interface AudienceReport {
  readonly connections: number
  readonly connected: number
  readonly losses: number
  readonly holes: number
  readonly reloaded: number
  readonly sentAway: number
  readonly publications: number
  readonly awayMsMedian: number
  readonly awayMsLongest: number
  readonly silenceMsMedian: number
  readonly silenceMsLongest: number
}

function addUp(reports: readonly CrowdReport[]): AudienceReport {
  const sum = (of: (report: CrowdReport) => number) => reports.reduce((all, one) => all + of(one), 0)
  const most = (of: (report: CrowdReport) => number) => Math.round(Math.max(...reports.map(of)))
  return {
    connections: sum(({ clients }) => clients),
    connected: sum(({ connected }) => connected),
    losses: sum(({ losses }) => losses),
    holes: sum(({ holes }) => holes),
    reloaded: sum(({ reloaded }) => reloaded),
    sentAway: sum(({ sentAway }) => sentAway),
    publications: sum(({ publications }) => publications),
    awayMsMedian: most(({ awayMsMedian }) => awayMsMedian),
    awayMsLongest: most(({ awayMsLongest }) => awayMsLongest),
    silenceMsMedian: most(({ silenceMsMedian }) => silenceMsMedian),
    silenceMsLongest: most(({ silenceMsLongest }) => silenceMsLongest),
  }
}

interface NewRoom {
  readonly url: string
  readonly name: string
  readonly token: string
  readonly members: readonly string[]
}

async function makeRoom({ url, name, token, members }: NewRoom): Promise<string> {
  const { Centrifuge } = await import('centrifuge')
  const client = new Centrifuge(`${url.replace('http', 'ws')}/connection/websocket`, { token, websocket: WebSocket })
  client.connect()
  try {
    const { data } = await client.rpc('room.create', { cid: name, kind: 'group', members })
    return (data as { room: string }).room
  } finally {
    client.disconnect()
  }
}
