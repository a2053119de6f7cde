import { isRefusal, type Refusal } from '@switchboard/contracts/errors'

export interface AskTogetherOptions<Item, Answer> {
  /** Answers in the order asked, for as many as there was place for, at least one; or a refusal of all. */
  readonly ask: (items: readonly Item[]) => Promise<readonly (Answer | Refusal)[] | Refusal>
  /** How heavy one is. */
  readonly weigh: (item: Item) => number
  /** Of one question; one that is heavier goes alone. */
  readonly weightMax: number
  /** Questions without an answer. */
  readonly atOnceMax: number
  /** The least time between two questions, unless more waits than goes into one. */
  readonly everyMs: number
  readonly pause: (ms: number) => Promise<void>
}

interface Waiting<Item, Answer> {
  readonly item: Item
  readonly answered: PromiseWithResolvers<Answer | Refusal>
}

/**
 * Gathers questions into few: the first goes out at once, what comes until the next may is asked together. Whoever asks is answered
 * of what was so when they asked, or later.
 */
export function askTogether<Item, Answer>(
  options: AskTogetherOptions<Item, Answer>,
): (item: Item) => Promise<Answer | Refusal> {
  const asker = new Asker(options)
  return (item) => asker.add(item)
}

class Asker<Item, Answer> {
  readonly #options: AskTogetherOptions<Item, Answer>
  #waiting: Waiting<Item, Answer>[] = []
  #asking = 0
  /** What there was place for when an answer was cut: a question that asks for more is work for nothing. Grows again. */
  #itemsMax = Number.POSITIVE_INFINITY

  constructor(options: AskTogetherOptions<Item, Answer>) {
    this.#options = options
  }

  add(item: Item): Promise<Answer | Refusal> {
    const answered = Promise.withResolvers<Answer | Refusal>()
    this.#waiting.push({ item, answered })
    if (this.#asking < this.#options.atOnceMax) void this.#run()
    return answered.promise
  }

  async #run(): Promise<void> {
    const { everyMs, pause } = this.#options
    this.#asking += 1
    while (this.#waiting.length > 0) {
      const taken = this.#take()
      const isFull = this.#waiting.length > 0
      const left = await this.#ask(taken)
      this.#waiting.unshift(...left)
      if (everyMs > 0 && !isFull && left.length === 0) await pause(everyMs)
    }
    this.#asking -= 1
  }

  #take(): Waiting<Item, Answer>[] {
    const { weigh, weightMax } = this.#options
    let weight = 0
    const past = this.#waiting.findIndex(({ item }, i) => {
      weight += weigh(item)
      return i > 0 && (weight > weightMax || i >= this.#itemsMax)
    })
    return this.#waiting.splice(0, past < 0 ? this.#waiting.length : past)
  }

  /** @returns those that there was no place for in the answer. */
  async #ask(taken: readonly Waiting<Item, Answer>[]): Promise<readonly Waiting<Item, Answer>[]> {
    try {
      const answers = await this.#options.ask(taken.map(({ item }) => item))
      if (isRefusal(answers)) return this.#refused(taken, answers)
      if (answers.length === 0) throw new Error('an answer that holds nothing cannot be asked for again')
      this.#itemsMax = answers.length < taken.length ? answers.length : this.#itemsMax * 2
      for (const [i, answer] of answers.entries()) taken[i]?.answered.resolve(answer)
      return taken.slice(answers.length)
    } catch (error) {
      for (const { answered } of taken) answered.reject(error)
      return []
    }
  }

  /** Too large is what the question asks for together: fewer may do. */
  #refused(taken: readonly Waiting<Item, Answer>[], refusal: Refusal): readonly Waiting<Item, Answer>[] {
    if (refusal.code === 'too_large' && taken.length > 1) {
      this.#itemsMax = Math.floor(taken.length / 2)
      return taken
    }
    for (const { answered } of taken) answered.resolve(refusal)
    return []
  }
}
