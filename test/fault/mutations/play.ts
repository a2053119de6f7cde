import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkHistory } from '@switchboard/testkit/history/check'
import { readJournal } from '@switchboard/testkit/history/journal'
import type { Operation } from '@switchboard/testkit/history/records'
import type { CheckOptions, Verdict } from '@switchboard/testkit/history/verdict'
import { logIn } from '../bots/accounts.ts'
import { openSources, readApi, type Sources } from '../bots/final-sources.ts'
import { Journal } from '../bots/journal.ts'
import { Knowledge } from '../bots/knowledge.ts'
import type { Outcome } from '../bots/operations.ts'
import { PlainClient } from '../bots/plain-client.ts'
import type { RunningWorld } from '../world.ts'
import { until } from '../world-until.ts'

/** For everything that must happen in a scenario; what takes longer has failed. */
export const WAIT_MS = 40_000

let plays = 0

/** One performance of a scenario: people, rooms and a journal of its own, in a world that others have used before. */
export class Play implements AsyncDisposable {
  readonly world: RunningWorld
  readonly journal: Journal
  readonly #directory: string
  readonly #id: string
  readonly #clients = new Map<string, PlainClient>()
  readonly #rooms = new Set<string>()
  #cids = 0

  private constructor(world: RunningWorld, directory: string) {
    plays += 1
    this.#id = `${process.pid}-${plays}`
    this.world = world
    this.#directory = directory
    this.journal = new Journal(join(directory, 'play.jsonl'), 'play')
  }

  static async begin(world: RunningWorld): Promise<Play> {
    return new Play(world, await mkdtemp(join(tmpdir(), 'switchboard-play-')))
  }

  /** The full name of somebody of this play: others have their own alice. */
  user(name: string): string {
    return `${name}-${this.#id}`
  }

  /** Connects somebody, at one edge or at any. Resolves when they are connected. */
  async connect(name: string, edge?: number): Promise<PlainClient> {
    const url = edge === undefined ? this.world.url : (this.world.edgeUrls[edge] ?? '')
    const user = this.user(name)
    const client = new PlainClient(
      {
        client: user,
        knowledge: new Knowledge(user, () => {}),
        journal: this.journal,
        tally: { attempts: 0, ok: 0, refused: 0, unknown: 0 },
        token: await logIn(this.world.url, user),
        url,
        newCid: () => this.cid(),
      },
      false,
    )
    this.#clients.set(user, client)
    client.connect()
    await this.until(`${user} is connected`, () => client.isConnected)
    return client
  }

  cid(): string {
    this.#cids += 1
    return `${this.#id}-${this.#cids}`
  }

  /** Ends somebody for good. */
  end(client: PlainClient): void {
    client.end()
    this.#clients.delete(client.client)
  }

  /** A room of these people, in which all of them are subscribed. */
  async room(owner: PlainClient, ...others: PlainClient[]): Promise<string> {
    const members = others.map(({ client }) => client)
    const { room } = await this.untilOk(owner, { name: 'create', cid: this.cid(), kind: 'group', members })
    if (room === undefined) throw new Error('a room was created and has no name')
    this.#rooms.add(room)
    await this.until(`all are in ${room}`, () =>
      [owner, ...others].every(({ view }) => (view.positions.get(room) ?? 0) >= 1),
    )
    return room
  }

  /** A message that is yet to be sent. */
  message(room: string): Extract<Operation, { name: 'send' }> {
    const cid = this.cid()
    return { name: 'send', cid, room, text: `the text of ${cid}` }
  }

  /** Sends a new message until it is acknowledged. */
  async say(client: PlainClient, room: string): Promise<number> {
    const { seq } = await this.untilOk(client, this.message(room))
    if (seq === undefined) throw new Error('a message was acknowledged and has no seq')
    return seq
  }

  /** The same command again and again, as a client does it. */
  async untilOk(client: PlainClient, operation: Operation): Promise<Outcome> {
    let last: Outcome = { outcome: 'unknown' }
    await until(`an acknowledgement of ${JSON.stringify(operation)}`, WAIT_MS, async () => {
      last = await client.attempt(operation)
      if (last.outcome === 'refused') throw new Error(`${JSON.stringify(operation)} was refused: ${last.code}`)
      return last.outcome === 'ok'
    })
    return last
  }

  until(what: string, condition: () => boolean | Promise<boolean>, msMax = WAIT_MS): Promise<void> {
    return until(what, msMax, async () => condition())
  }

  /** Resolves when these people have been given everything of a room up to this seq. */
  saw(room: string, seq: number, ...clients: PlainClient[]): Promise<void> {
    return this.until(`event ${seq} of ${room} is seen`, () =>
      clients.every(({ view }) => (view.positions.get(room) ?? 0) >= seq),
    )
  }

  /** Resolves when MongoDB has all of a room. */
  stored(sources: Sources, room: string): Promise<void> {
    const isStored = async () => (await sources.storedHead(room)) >= (await sources.logHead(room))
    return this.until(`MongoDB has all of ${room}`, isStored)
  }

  /** What the checker says of it, when everybody who is connected has everything. `reader` must be a member of all rooms. */
  async verdict(reader: PlainClient, options: CheckOptions = {}): Promise<Verdict> {
    const token = await logIn(this.world.url, reader.client)
    await using sources = await openSources(this.world)
    for (const room of this.#rooms) {
      await this.stored(sources, room)
      const api = await readApi(this.world.url, token, room)
      if (!api) throw new Error(`${reader.client} may not read ${room}`)
      this.journal.write({ type: 'final-history', room, source: 'api', events: api })
      this.journal.write({ type: 'final-history', room, source: 'log', events: await sources.log(room) })
      this.journal.write({ type: 'final-history', room, source: 'store', events: await sources.stored(room) })
    }
    return this.check(options)
  }

  /** What the checker says of what was written down by now. */
  async check(options: CheckOptions = {}): Promise<Verdict> {
    this.journal.flush()
    const { records } = await readJournal(this.#directory)
    return checkHistory(records, options)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of [...this.#clients.values()]) this.end(client)
    this.journal[Symbol.dispose]()
    await rm(this.#directory, { recursive: true, force: true })
  }
}
