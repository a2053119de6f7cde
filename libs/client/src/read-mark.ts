import { SwitchboardError } from './failure.ts'

export interface ReadAnswer {
  readonly read: number
  readonly unread: number
}

/** Sends how far one has read: the newest position only, one at a time, never backwards, again when the connection returns. */
export class ReadMark {
  readonly #send: (seq: number) => Promise<ReadAnswer>
  readonly #onAnswer: (answer: ReadAnswer) => void
  #wanted = 0
  #confirmed = 0
  #busy = false

  constructor(send: (seq: number) => Promise<ReadAnswer>, onAnswer: (answer: ReadAnswer) => void) {
    this.#send = send
    this.#onAnswer = onAnswer
  }

  /** What another device has read needs no telling. */
  confirmed(seq: number): void {
    this.#confirmed = Math.max(this.#confirmed, seq)
  }

  move(seq: number): void {
    this.#wanted = Math.max(this.#wanted, seq)
    void this.resume()
  }

  async resume(): Promise<void> {
    if (this.#busy) return
    this.#busy = true
    while (this.#wanted > this.#confirmed) {
      const seq = this.#wanted
      try {
        const answer = await this.#send(seq)
        this.confirmed(Math.max(seq, answer.read))
        this.#onAnswer(answer)
      } catch (error) {
        // Refused for good is not asked again; everything else waits for the next connection or the next reading.
        if (!(error instanceof SwitchboardError) || !error.retry) this.confirmed(seq)
        break
      }
    }
    this.#busy = false
  }
}
