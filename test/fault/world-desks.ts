import { DESK_KEY } from './bots/desk-make.ts'
import type { WorldOptions } from './world.ts'

/** A world in which somebody can make desks. */
export const withDesks = (world: WorldOptions = {}): WorldOptions => ({
  ...world,
  serviceEnv: { ...world.serviceEnv, edge: { ...world.serviceEnv?.edge, API_KEYS: DESK_KEY } },
})
