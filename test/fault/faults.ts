import type { FaultKind } from './faults-kind.ts'
import { LASTING_FAULTS } from './faults-lasting.ts'
import { LINK_FAULTS } from './faults-links.ts'
import { NATS_FAULTS } from './faults-nats.ts'
import { POISON_FAULTS } from './faults-poison.ts'
import { PUSH_FAULTS } from './faults-push.ts'
import { SERVICE_FAULTS } from './faults-services.ts'
import type { Mode } from './plan.ts'

/** Everything that a run may do to the system: faults that come and go, and faults that stay. */
export const FAULTS: Readonly<Record<Mode, readonly FaultKind[]>> = {
  safety: [...SERVICE_FAULTS, ...NATS_FAULTS, ...LINK_FAULTS, ...PUSH_FAULTS, ...POISON_FAULTS],
  liveness: LASTING_FAULTS,
}

/** @throws Error that names a fault that there is not. */
export function chooseFaults(mode: Mode, only: readonly string[] = []): readonly FaultKind[] {
  const all = FAULTS[mode]
  const unknown = only.find((name) => !all.some((kind) => kind.name === name))
  if (unknown !== undefined) throw new Error(`there is no ${mode} fault ${JSON.stringify(unknown)}: try --list`)
  return only.length === 0 ? all : all.filter(({ name }) => only.includes(name))
}

export function kindOf(mode: Mode, name: string): FaultKind {
  const found = FAULTS[mode].find((kind) => kind.name === name)
  if (!found) throw new Error(`there is no ${mode} fault ${JSON.stringify(name)}`)
  return found
}
