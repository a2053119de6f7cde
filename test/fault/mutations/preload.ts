/**
 * Preloaded into a service under test (`node --import …/preload.ts?switches=<folder>`): all breaks and crash points are put
 * into the sources, each off until its switch in that folder is on.
 */
import { BREAKS } from './breaks.ts'
import { CRASH_POINTS } from './crash-points.ts'
import { switchesInside } from './inside.ts'
import { editSources } from './load-hook.ts'
import { PROBES } from './probes.ts'

const switches = new URL(import.meta.url).searchParams.get('switches')
if (!switches) throw new Error('the folder of the switches must be given: preload.ts?switches=<folder>')
globalThis.faultSwitches = switchesInside(switches)
editSources(new URL('../../../', import.meta.url), [...BREAKS, ...CRASH_POINTS, ...PROBES])
