import { pause } from '@switchboard/runtime/deadline'
import type { FaultKind, Heal, Stage } from './faults-kind.ts'
import type { Claim, Plan, PlannedFault } from './plan.ts'
import { diceOf } from './plan-dice.ts'

export interface NemesisOptions {
  readonly plan: Plan
  readonly kinds: readonly FaultKind[]
  readonly stage: Omit<Stage, 'target' | 'dice'>
  /** Called just before a fault is put on, and when all that it took away is there again. */
  readonly told: (fault: PlannedFault, phase: 'begin' | 'healed') => void
  /** Ends the faults early; what is on is healed. */
  readonly signal?: AbortSignal
}

/**
 * Does what the plan says, at its times or later: a fault waits for those before it that have a claim in common, however long
 * their healing takes. Resolves when everything is healed. If one fault cannot be put on or healed, the rest is called off and
 * healed, and this rejects.
 */
export async function unleash(options: NemesisOptions): Promise<void> {
  const { plan, stage, signal } = options
  const abort = new AbortController()
  const stop = () => abort.abort()
  signal?.addEventListener('abort', stop, { once: true })
  if (signal?.aborted) stop()
  const startMs = performance.now()
  const turns = new Turns()
  const tasks = plan.faults.map((planned) => {
    const kind = options.kinds.find(({ name }) => name === planned.name)
    if (!kind) throw new Error(`there is no fault ${planned.name}`)
    return turns.take(kind.claims, async (turn) => {
      await pause(Math.max(0, startMs + planned.beginMs - performance.now()), abort.signal)
      await turn
      if (abort.signal.aborted) return
      try {
        await happen({ options, kind, planned, signal: abort.signal })
      } catch (error) {
        stop()
        throw new Error(`${planned.name} on ${planned.target}: ${describe(error)}`, { cause: error })
      }
    })
  })
  const results = await Promise.allSettled(tasks)
  signal?.removeEventListener('abort', stop)
  // Whatever went wrong above, nothing may stay broken.
  await stage.world.healAll()
  const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
  if (errors.length > 0) throw errors[0]
}

interface Happening {
  readonly options: NemesisOptions
  readonly kind: FaultKind
  readonly planned: PlannedFault
  readonly signal: AbortSignal
}

async function happen({ options, kind, planned, signal }: Happening): Promise<void> {
  const { plan, stage, told } = options
  const dice = diceOf(`${plan.seed}/${planned.id}`)
  await using healing = new AsyncDisposableStack()
  told(planned, 'begin')
  const heal: Heal = await kind.inject({ ...stage, target: planned.target, dice })
  healing.defer(async () => {
    await heal()
    told(planned, 'healed')
  })
  await pause(planned.durationMs, signal)
}

/** Who comes first has a claim first, in the order of asking. */
class Turns {
  readonly #last = new Map<Claim, Promise<unknown>>()

  take(claims: readonly Claim[], act: (turn: Promise<void>) => Promise<void>): Promise<void> {
    // What went wrong before is told by whoever did it.
    const before = claims.map((claim) => this.#last.get(claim)?.catch(() => {}))
    const acting = act(Promise.all(before).then(() => {}))
    for (const claim of claims) this.#last.set(claim, acting)
    return acting
  }
}

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error))
