import type { Context } from './context.ts'
import type { Table } from './settings.ts'
import { type FromWorker, type ToWorker, workerOf } from './worker-words.ts'

/** Which worker of its parent this process is, from 1 on; null when nobody forked it as one. */
export const thisWorker = (): number | null => (process.send ? workerOf(process.argv) : null)

export interface ParentLink extends AsyncDisposable {
  /** Says that the service has started. */
  ready(): Promise<void>
}

/**
 * Answers the parent, and ends this process when the parent is gone: nobody would start it again, and whoever starts the service
 * anew needs its ports. Disposing says the last metrics.
 */
export function answerParent<T extends Table>({ meters, log }: Context<T>): ParentLink {
  const answers = {
    alive: () => say({ say: 'alive' }),
    metrics: async () => say({ say: 'metrics', text: await meters.text() }),
  }
  process.on('message', ({ ask }: ToWorker) => void answers[ask]())
  process.on('disconnect', () => {
    log.fatal('the parent of this worker is gone')
    process.exit(1)
  })
  return { ready: () => say({ say: 'ready' }), [Symbol.asyncDispose]: answers.metrics }
}

/** Resolves when it is on its way, or cannot be any more: then `disconnect` follows. */
const say = (word: FromWorker): Promise<void> =>
  new Promise((resolve) => {
    if (!process.connected) return resolve()
    process.send?.(word, undefined, undefined, () => resolve())
  })
