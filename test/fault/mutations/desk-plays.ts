import { AgentDesk } from '@switchboard/client/agent-desk'
import { CentrifugeTransport } from '@switchboard/client/centrifuge-transport'
import { systemClock } from '@switchboard/client/clock'
import { SwitchboardError } from '@switchboard/client/failure'
import { socketAddress } from '@switchboard/client/socket-address'
import { Switchboard } from '@switchboard/client/switchboard'
import type { Conversation, ConversationStatus } from '@switchboard/contracts/desks'
import type { Verdict } from '@switchboard/testkit/history/verdict'
import { askApi, logIn } from '../bots/accounts.ts'
import { DESK_KEY, makeDesk } from '../bots/desk-make.ts'
import { DeskPerson } from '../bots/desk-person.ts'
import { openSources } from '../bots/final-sources.ts'
import { Knowledge } from '../bots/knowledge.ts'
import type { Performing } from './performances.ts'
import type { Play } from './play.ts'

/** Longer than presence and the desk take to notice that an agent is gone. */
const GONE_MS = 16_000
const PRESENCE_MS = 12_000

interface Guest {
  readonly user: string
  readonly person: DeskPerson
  readonly board: Switchboard
}

/** A desk in a play: its agents, its visitors, and what the checker says of it. */
class DeskPlay implements Disposable {
  readonly play: Play
  readonly desk: string
  readonly #guests: Guest[] = []

  private constructor(play: Play) {
    this.play = play
    this.desk = play.user('desk')
  }

  static async begin(play: Play, settings: object): Promise<DeskPlay> {
    const begun = new DeskPlay(play)
    await makeDesk(play.world.url, begun.desk, { offer_seconds: 60, requeue_seconds: 0, ...settings })
    return begun
  }

  /** An agent who is online. */
  async agent(name: string, capacity: number): Promise<{ guest: Guest; desk: AgentDesk }> {
    const { url } = this.play.world
    const user = this.play.user(name)
    const token = await logIn(url, user)
    await askApi(url, {
      method: 'PUT',
      path: `/v1/desks/${this.desk}/agents/${user}`,
      key: DESK_KEY,
      body: { capacity },
    })
    const guest = await this.#connect(user, token)
    const nextCid = () => this.play.cid()
    const deps = { me: user, clock: systemClock, transport: guest.person.transport, nextCid }
    const desk = new AgentDesk(this.desk, deps)
    await desk.setStatus('online', capacity)
    return { guest, desk }
  }

  /** A visitor who enters. */
  async enter(): Promise<ConversationStatus> {
    const { url } = this.play.world
    const { body } = await askApi(url, { method: 'POST', path: '/v1/visitors', body: { desk: this.desk } })
    const { board } = await this.#connect(String(body.user), String(body.token))
    return board.call('desk.enter', { cid: this.play.cid(), desk: this.desk })
  }

  /** Every conversation, as an agent is told of them. */
  async conversations({ board }: Guest): Promise<readonly Conversation[]> {
    return (await board.call('desk.view', { desk: this.desk })).conversations
  }

  /** Ends somebody's connection, for good. */
  end(guest: Guest): void {
    guest.board.end()
    guest.person.end()
  }

  async verdict(): Promise<Verdict> {
    const { journal, world } = this.play
    await using sources = await openSources(world)
    const log = await sources.deskLog(this.desk)
    const isStored = async () => (await sources.deskStored(this.desk)).length >= log.length
    await this.play.until('MongoDB has the desk', isStored)
    journal.write({ type: 'final-desk', desk: this.desk, source: 'log', events: log })
    journal.write({ type: 'final-desk', desk: this.desk, source: 'store', events: await sources.deskStored(this.desk) })
    return this.play.check({ requeueMarginMs: PRESENCE_MS + 2_000 })
  }

  [Symbol.dispose](): void {
    for (const guest of this.#guests) this.end(guest)
  }

  async #connect(user: string, token: string): Promise<Guest> {
    const { journal, world } = this.play
    const tally = { attempts: 0, ok: 0, refused: 0, unknown: 0 }
    const connection = new CentrifugeTransport({ endpoint: socketAddress(world.url), token, websocket: WebSocket })
    const options = { journal, tally, token, url: world.url, newCid: () => this.play.cid() }
    const person = new DeskPerson({ ...options, client: user, knowledge: new Knowledge(user, () => {}) }, connection)
    const guest = { user, person, board: new Switchboard({ user, transport: person.transport }) }
    this.#guests.push(guest)
    await guest.board.start()
    await this.play.until(`${user} is connected`, () => person.view.isConnected)
    return guest
  }
}

/** A refusal is what should happen; anything else is no matter of this play. */
async function mayBeRefused(asked: Promise<unknown>): Promise<void> {
  try {
    await asked
  } catch (error) {
    if (!(error instanceof SwitchboardError) || error.retry) throw error
  }
}

/** An agent hands a conversation back that was put aside since they looked. */
export async function actLate({ play, breakNow }: Performing): Promise<readonly string[]> {
  using house = await DeskPlay.begin(play, { strategy: 'manual' })
  const { desk } = await house.agent('kim', 2)
  const entered = await house.enter()
  await breakNow()
  const picked = await desk.act('desk.pick', entered)
  await desk.act('desk.hold', picked)
  await mayBeRefused(desk.act('desk.transfer', picked, { to: { desk: house.desk } }))
  return Object.keys((await house.verdict()).found)
}

/** Two visitors come, and there is one agent, who takes one. */
export async function takeTwo({ play, breakNow }: Performing): Promise<readonly string[]> {
  using house = await DeskPlay.begin(play, {})
  await breakNow()
  await house.agent('kim', 1)
  await house.enter()
  await house.enter()
  return Object.keys((await house.verdict()).found)
}

/** An agent who has a conversation goes and does not come back. */
export async function goAway({ play, switches, breakNow }: Performing): Promise<readonly string[]> {
  using house = await DeskPlay.begin(play, { strategy: 'manual' })
  const { guest, desk } = await house.agent('kim', 1)
  const { guest: colleague } = await house.agent('lou', 0)
  const { conversation } = await desk.act('desk.pick', await house.enter())
  await breakNow()
  house.end(guest)
  const deadline = performance.now() + GONE_MS
  await play.until('it waits again, or should by now', async () => {
    const all = await house.conversations(colleague)
    const isWaiting = all.some((one) => one.conversation === conversation && one.state === 'queued')
    return isWaiting || performance.now() > deadline
  })
  const { found } = await house.verdict()
  await switches.off('no-requeue')
  return Object.keys(found)
}
