import type { FaultKind } from './faults-kind.ts'
import type { Claim, Plan, PlannedFault } from './plan.ts'
import type { StateName } from './states.ts'

/** What hides the consequences of others: while nobody reaches NATS, nobody takes anything over. */
const HIDING: readonly Claim[] = ['nats', 'bus']

/** The states that the faults of this plan lead to. A fault in one crowd with one that hides it is not asked for them. */
export function requiredOf({ faults }: Pick<Plan, 'faults'>, kinds: readonly FaultKind[]): StateName[] {
  const kindOf = (name: string) => kinds.find((kind) => kind.name === name)
  const hides = ({ name }: PlannedFault) => kindOf(name)?.claims.some((claim) => HIDING.includes(claim)) ?? false
  const seen = faults.filter((fault) => !faults.some((o) => o !== fault && o.crowd === fault.crowd && hides(o)))
  return [...new Set(seen.flatMap(({ name }) => kindOf(name)?.shows ?? []))]
}
