import { SwitchboardError } from '@switchboard/client/failure'
import type { Transport } from '@switchboard/client/transport'
import { pause } from '@switchboard/runtime/deadline'
import type { ClientOptions } from './bot-client.ts'
import { ClientView } from './client-view.ts'
import { deskEventSeen } from './desk-operations.ts'
import type { HistoryPage } from './room-view.ts'
import { JournalingTransport } from './sdk-transport.ts'

const DESK = 'desk:'
const PAGE = 200
const HISTORY_RETRY_MS = 1_000

/** The connection of somebody at a desk, with all that passes written down: what they ask, what they are given. */
export class DeskPerson {
  readonly view: ClientView
  readonly transport: JournalingTransport
  readonly #ended = new AbortController()

  constructor(options: ClientOptions, connection: Transport) {
    const { journal, knowledge, client } = options
    const who = { client, user: knowledge.user }
    this.transport = new JournalingTransport(connection, options)
    this.view = new ClientView({ who, journal, knowledge, history: (room, after) => this.#history(room, after) })
    this.transport.on('connection', ({ state, code }) => {
      if (state === 'connected') this.view.connected()
      else if (state === 'connecting') this.view.gone(code, false)
      else this.view.gone(code === 0 ? null : code, code !== 0)
    })
    this.transport.on('subscribed', (subscribed) => this.view.subscribed(subscribed))
    this.transport.on('unsubscribed', ({ channel }) => this.view.unsubscribed(channel))
    this.transport.on('publication', ({ channel, offset, data }) => {
      if (channel.startsWith(DESK) && offset !== undefined)
        journal.write({ type: 'desk-seen', ...who, desk: channel.slice(DESK.length), event: deskEventSeen(data) })
      else this.view.publication(channel, offset, data)
    })
  }

  end(): void {
    this.#ended.abort()
    this.transport.end()
    this.view.close()
  }

  async #history(room: string, after: number): Promise<HistoryPage | null> {
    while (!this.#ended.signal.aborted) {
      try {
        return await this.transport.rpc('room.history', { room, after_seq: after, limit: PAGE })
      } catch (error) {
        if (!(error instanceof SwitchboardError)) throw error
        if (!error.retry) return null
      }
      await pause(HISTORY_RETRY_MS, this.#ended.signal)
    }
    return null
  }
}

/** Something that is asked for and may be refused or come to nothing: the journal knows it already. */
export async function quietly(work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof SwitchboardError)) throw error
  }
}
