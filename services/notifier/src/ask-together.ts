import { isRefusal, type Refusal } from '@switchboard/contracts/errors'

export interface AskTogetherOptions<Item, Answer> {
  /** Answers in the order asked, for as many as there was place for, at least one; or a refusal of all. */
  readonly ask: (items: readonly Item[]) => Promise<readonly (Answer | Refusal)[] | Refusal>
  /** How heavy one is. */
  readonly weigh: (item: Item) => number
  /** Of one question; one that is heavier goes alone. */
  readonly weightMax: number
  /** The least time between two questions, unless more waits than goes into one. */
  readonly everyMs: number
  readonly pause: (ms: number) => Promise<void>
}

interface Waiting<Item, Answer> {
  readonly item: Item
  readonly answered: PromiseWithResolvers<Answer | Refusal>
}

/**
 * Gathers questions into one: the first goes out at once, what comes until the next may is asked together. One question at a time.
 * Whoever asks is answered of what was so when they asked, or later.
 */
export function askTogether<Item, Answer>(
  options: AskTogetherOptions<Item, Answer>,
): (item: Item) => Promise<Answer | Refusal> {
  const waiting: Waiting<Item, Answer>[] = []
  let isAsking = false
  const run = async () => {
    isAsking = true
    while (waiting.length > 0) {
      const taken = take(waiting, options)
      const isFull = waiting.length > 0
      const left = await askFor(taken, options)
      waiting.unshift(...left)
      if (!isFull && left.length === 0) await options.pause(options.everyMs)
    }
    isAsking = false
  }
  return (item) => {
    const answered = Promise.withResolvers<Answer | Refusal>()
    waiting.push({ item, answered })
    if (!isAsking) void run()
    return answered.promise
  }
}

function take<Item, Answer>(
  waiting: Waiting<Item, Answer>[],
  { weigh, weightMax }: AskTogetherOptions<Item, Answer>,
): Waiting<Item, Answer>[] {
  let weight = 0
  const past = waiting.findIndex(({ item }, i) => {
    weight += weigh(item)
    return i > 0 && weight > weightMax
  })
  return waiting.splice(0, past < 0 ? waiting.length : past)
}

/** @returns those that there was no place for in the answer. */
async function askFor<Item, Answer>(
  taken: readonly Waiting<Item, Answer>[],
  { ask }: AskTogetherOptions<Item, Answer>,
): Promise<Waiting<Item, Answer>[]> {
  try {
    const answers = await ask(taken.map(({ item }) => item))
    const of = (i: number) => (isRefusal(answers) ? answers : answers[i])
    return taken.filter(({ answered }, i) => {
      const answer = of(i)
      if (answer === undefined && i === 0) throw new Error('an answer that holds nothing cannot be asked for again')
      if (answer !== undefined) answered.resolve(answer)
      return answer === undefined
    })
  } catch (error) {
    for (const { answered } of taken) answered.reject(error)
    return []
  }
}
