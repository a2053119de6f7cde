import { createInterface } from 'node:readline'
import type { BotLine, BotPlan } from './bot-plan.ts'
import { Bots } from './bots.ts'

/**
 * A client process. Its plan comes as one JSON line on its standard input, then a word a line: `start`, `work`, `pause`, `look`,
 * `finish <ms>`, `settle <ms>`, `present`, `room <json>`, `quit`. It prints JSON lines and ends when its input does.
 */
const WAIT_MS_MAX = 60_000

const print = (line: BotLine): void => void process.stdout.write(`${JSON.stringify(line)}\n`)

async function obey(bots: Bots, line: string): Promise<void> {
  const [word, ...rest] = line.split(' ')
  const argument = rest.join(' ')
  const msMax = Number(argument) || WAIT_MS_MAX
  if (word === 'start') bots.start()
  else if (word === 'work') bots.work()
  else if (word === 'pause') bots.pause()
  else if (word === 'look') print({ event: 'looked', ...bots.summary() })
  else if (word === 'room') bots.know(JSON.parse(argument))
  else if (word === 'finish') print({ event: 'finished', ...(await bots.finish(msMax)) })
  else if (word === 'settle') print({ event: 'settled', behind: await bots.settle(msMax) })
  else if (word === 'quit') quit(bots)
  else if (word === 'present') print({ event: 'present', users: bots.present() })
  else throw new Error(`a client process does not know the word ${JSON.stringify(line)}`)
}

/** Also when the one who started this is no more. */
function quit(bots: Bots | undefined): void {
  bots?.[Symbol.dispose]()
  process.exit(0)
}

function main(): void {
  let bots: Bots | undefined
  // Orders that come while it prepares wait; the end of the input does not.
  let preparing: Promise<void> | undefined
  const lines = createInterface({ input: process.stdin })
  lines.on('close', () => quit(bots))
  lines.on('line', (line) => {
    if (bots === undefined) {
      const made = new Bots(JSON.parse(line) as BotPlan, ({ room, kind }) => print({ event: 'room', room, kind }))
      bots = made
      preparing = made.prepare().then(() => print({ event: 'ready' }))
      return
    }
    const obeying = bots
    void preparing?.then(() => obey(obeying, line))
  })
}

main()
