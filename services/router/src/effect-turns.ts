import type { Effect } from '@switchboard/domain/user'
import type { SendEffects } from './to-commands.ts'
import { Turns } from './turns.ts'

/**
 * What one entity tells others, in its own order for each of them: the next is sent when the stream has the one before. Whoever
 * leaves and comes back would otherwise end as gone, if the word of the leaving had to be sent again.
 */
export class EffectTurns {
  readonly #send: SendEffects
  readonly #turns = new Turns()

  constructor(send: SendEffects) {
    this.#send = send
  }

  get isIdle(): boolean {
    return this.#turns.isIdle
  }

  /** Resolves when the stream has all of them, or `signal` ends the trying. */
  async send(effects: readonly Effect[], signal: AbortSignal): Promise<void> {
    await Promise.all(
      effects.map((effect) => this.#turns.take(`${effect.kind}:${effect.id}`, () => this.#send([effect], signal))),
    )
  }
}
